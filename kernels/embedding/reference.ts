import type { Arrays, Dims, Params } from "../kernel";

type Shared = ReadonlySet<string>;

/** y[g, r, :] = table[g, ids[g, r] - first, :], or 0 for ids of no row of the table, (+ add[g, r, :]). */
export function forward(inputs: Arrays, { G, R, V, D }: Dims, params: Params, shared: Shared): Arrays {
  const { table, ids, add } = inputs;
  const { first, use_add } = params;
  const y = new Float64Array(G * R * D);
  for (let g = 0; g < G; g++) {
    for (let r = 0; r < R; r++) {
      const v = ids[(shared.has("ids") ? 0 : g * R) + r] - first;
      const known = v >= 0 && v < V;
      for (let d = 0; d < D; d++) {
        const i = (g * R + r) * D + d;
        y[i] = (use_add ? add[i] : 0) + (known ? table[((shared.has("table") ? 0 : g * V) + v) * D + d] : 0);
      }
    }
  }
  return { y };
}

/** dtable[g, v, :] = sum over r with ids[g, r] = first + v of dy[g, r, :]. */
export function backward({ ids, dy }: Arrays, { G, R, V, D }: Dims, { first }: Params, shared: Shared): Arrays {
  const dtable = new Float64Array(G * V * D);
  for (let g = 0; g < G; g++) {
    for (let r = 0; r < R; r++) {
      const v = ids[(shared.has("ids") ? 0 : g * R) + r] - first;
      if (v < 0 || v >= V) continue;
      for (let d = 0; d < D; d++) dtable[(g * V + v) * D + d] += dy[(g * R + r) * D + d];
    }
  }
  return { dtable };
}
