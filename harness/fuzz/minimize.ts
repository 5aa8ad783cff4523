/** Smaller inputs with the same fault. */

import type { Limits } from "./contract";
import { type Case, runCase } from "./contract";
import type { Input, Target } from "./target";

/** Attempts that one find is worth, and seconds. */
const ATTEMPTS = 400;
const SECONDS = 5;

/** An input with the same fault that is as small as a few hundred attempts make it: pieces are cut out of its files, halves first. */
export async function minimized(target: Target, given: Case, signature: string, limits: Limits): Promise<Input> {
  // A sound input that is read wrongly is no longer the same case once it is cut.
  if (given.sound) return given.input;
  const end = performance.now() + 1000 * SECONDS;
  let attempts = 0;
  let best = given.input;
  const holds = async (input: Input) => {
    attempts++;
    return (await runCase(target, { input, sound: false }, limits)).fault?.signature === signature;
  };
  for (const name of Object.keys(given.input)) {
    for (let size = Math.ceil(best[name].length / 2); size >= 1; size = size > 1 ? Math.ceil(size / 2) : 0) {
      for (let at = 0; at < best[name].length; ) {
        if (attempts >= ATTEMPTS || performance.now() > end) return best;
        const bytes = best[name];
        const cut = new Uint8Array(Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + size)]));
        const smaller = { ...best, [name]: cut };
        if (await holds(smaller)) best = smaller;
        else at += size;
      }
    }
  }
  return best;
}
