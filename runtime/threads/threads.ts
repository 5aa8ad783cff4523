import { SpectroscopeError } from "../../kernels/errors";

/** More threads than this on one memory are a mistake, not a machine. */
const MOST = 256;

export const inNode = typeof process !== "undefined" && typeof process.versions?.node === "string";
// Imported when there is one, so that this file also loads in a browser.
const os = inNode ? await import("node:os") : undefined;

/** Whether workers can share a memory here: in Node always, in a browser on a cross-origin isolated page. */
export function canShare(): boolean {
  if (typeof SharedArrayBuffer === "undefined") return false;
  return inNode || (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === true;
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
 * Threads that kernels on the host use when nobody says otherwise: `SPECTROSCOPE_THREADS`, else the cores that this process
 * may use, and 1 where workers cannot share a memory. Results do not depend on it.
 */
export function defaultThreads(): number {
  const wanted = inNode ? process.env.SPECTROSCOPE_THREADS : undefined;
  if (wanted !== undefined && wanted !== "") {
    const count = /^\d+$/.test(wanted.trim()) ? Number(wanted) : Number.NaN;
    if (Number.isNaN(count))
      throw new SpectroscopeError(`SPECTROSCOPE_THREADS = "${wanted}" is no number of threads`, {
        code: "usage",
        hint: `give an integer in 1 .. ${MOST}`,
      });
    return checkThreads(count, "SPECTROSCOPE_THREADS");
  }
  if (!canShare()) return 1;
  const cores = os ? os.availableParallelism() : globalThis.navigator.hardwareConcurrency;
  return Math.min(MOST, Math.max(1, cores));
}
