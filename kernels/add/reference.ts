import type { Arrays, Dims, Params } from "../kernel";

/** y = a + b, and + c when use_c is 1; c is shared by all groups when Gc is 1. */
export function sum(
  { a, b, c }: Arrays,
  { G, R, D, Gc }: Dims,
  { use_c }: Params,
  shared: ReadonlySet<string>,
): Arrays {
  const size = R * D;
  const y = new Float64Array(G * size);
  for (let g = 0; g < G; g++) {
    for (let i = 0; i < size; i++) {
      y[g * size + i] = a[(shared.has("a") ? 0 : g * size) + i] + b[(shared.has("b") ? 0 : g * size) + i];
      if (use_c) y[g * size + i] += c[(Gc === 1 ? 0 : g * size) + i];
    }
  }
  return { y };
}
