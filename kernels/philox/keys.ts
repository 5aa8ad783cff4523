import type { Dims, Random } from "../kernel";

/** Full-range random keys, `[G, 2]`, for test cases. */
export function randomKeys(dims: Dims, random: Random): Uint32Array {
  return Uint32Array.from({ length: 2 * dims.G }, () => random.integer(2 ** 32));
}
