import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

let collect: (() => void) | undefined;

/** Frees what JavaScript no longer reaches, so that what is left is held. */
export function collectGarbage(): void {
  if (!collect) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as () => void;
  }
  collect();
}

/** Memory of the process that lies in RAM, MiB. */
export function residentMiB(): number {
  return process.memoryUsage.rss() / 2 ** 20;
}
