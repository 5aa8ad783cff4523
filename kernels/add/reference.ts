import type { Arrays, Dims, Params } from "../kernel";

/** y = a + b. */
export function sum({ a, b }: Arrays, { G, R, D }: Dims, _: Params, shared: ReadonlySet<string>): Arrays {
  const size = R * D;
  const y = new Float64Array(G * size);
  for (let g = 0; g < G; g++) {
    for (let i = 0; i < size; i++) {
      y[g * size + i] = a[(shared.has("a") ? 0 : g * size) + i] + b[(shared.has("b") ? 0 : g * size) + i];
    }
  }
  return { y };
}
