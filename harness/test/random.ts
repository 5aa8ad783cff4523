import type { Random } from "../../kernels/kernel";
import { makeRandom } from "../../runtime/cluster/random";

/** A small seeded generator for test inputs; no noise or minibatch of the product comes from it. */
export function seededRandom(seed: number): Random {
  const { uniform, normal } = makeRandom(seed);
  return { uniform, normal, integer: (n) => Math.floor(uniform() * n) };
}
