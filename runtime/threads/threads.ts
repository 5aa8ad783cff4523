import { SpectroscopeError } from "../../kernels/errors";
import { threadPlatform } from "./platform";

/** More threads than this on one memory are a mistake, not a machine. */
const MOST = 256;

/** Whether workers can share a memory here: in Node always, in a browser on a cross-origin isolated page. */
export function canShare(): boolean {
  return typeof SharedArrayBuffer !== "undefined" && threadPlatform().shares();
}

/** Throws SpectroscopeError `usage` unless `count` can be a number of threads. */
export function checkThreads(count: number, what: string): number {
  if (!Number.isInteger(count) || count < 1 || count > MOST)
    throw new SpectroscopeError(`${what}: ${count} threads`, {
      code: "usage",
      hint: `give an integer in 1 .. ${MOST}`,
    });
  return count;
}

/**
 * Threads that kernels on the host use when nobody says otherwise: the cores that this process may use (in Node,
 * `SPECTROSCOPE_THREADS` says otherwise), and 1 where workers cannot share a memory. Results do not depend on it.
 */
export function defaultThreads(): number {
  return canShare() ? Math.min(MOST, Math.max(1, threadPlatform().cores())) : 1;
}

/** Workers that whole jobs are given to when nobody says otherwise: they share nothing, so that any page can have them. */
export function defaultWorkers(): number {
  return threadPlatform().starts() ? Math.min(MOST, Math.max(1, threadPlatform().cores())) : 1;
}
