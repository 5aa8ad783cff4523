import type { Arrays, Dims, Params } from "../kernel";

type Shared = ReadonlySet<string>;

/** y[g, r, :] = table[g, ids[g, r], :]. */
export function forward({ table, ids }: Arrays, { G, R, V, D }: Dims, _: Params, shared: Shared): Arrays {
  const y = new Float64Array(G * R * D);
  for (let g = 0; g < G; g++) {
    for (let r = 0; r < R; r++) {
      const v = Math.min(ids[(shared.has("ids") ? 0 : g * R) + r], V - 1);
      for (let d = 0; d < D; d++) {
        y[(g * R + r) * D + d] = table[((shared.has("table") ? 0 : g * V) + v) * D + d];
      }
    }
  }
  return { y };
}

/** dtable[g, v, :] = sum over r with ids[g, r] = v of dy[g, r, :]. */
export function backward({ ids, dy }: Arrays, { G, R, V, D }: Dims, _: Params, shared: Shared): Arrays {
  const dtable = new Float64Array(G * V * D);
  for (let g = 0; g < G; g++) {
    for (let r = 0; r < R; r++) {
      const v = Math.min(ids[(shared.has("ids") ? 0 : g * R) + r], V - 1);
      for (let d = 0; d < D; d++) dtable[(g * V + v) * D + d] += dy[(g * R + r) * D + d];
    }
  }
  return { dtable };
}
