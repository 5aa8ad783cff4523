import type { Arrays, Dims, Params } from "../kernel";

/** out[g] = scale * sum over r of x[g, r]. */
export function sumRows({ x }: Arrays, { G, R }: Dims, { scale }: Params): Arrays {
  const out = new Float64Array(G);
  for (let g = 0; g < G; g++) {
    let total = 0;
    for (let r = 0; r < R; r++) total += x[g * R + r];
    out[g] = Math.fround(scale) * total;
  }
  return { out };
}
