import { SpectroscopeError } from "../../kernels/errors";
import { type Graph, graphFromEdges } from "../../kernels/graph/csr";

export const SYMMETRIZE_RULES = ["mutual", "union"] as const;
export type SymmetrizeRule = (typeof SYMMETRIZE_RULES)[number];

/**
 * Neighbor lists to an undirected graph with weights 1. `mutual` keeps an edge when both ends list each other (isolates
 * noise), `union` when one does.
 * @param neighbors `[n, k]` ids, any order within a row
 */
export function symmetrize(neighbors: Uint32Array, n: number, rule: SymmetrizeRule): Graph {
  const k = neighbors.length / n;
  if (!Number.isInteger(k) || k < 1)
    throw new SpectroscopeError(`${neighbors.length} neighbor ids are not a whole number for each of ${n} points`, {
      hint: "give an [n, k] array",
    });
  const ends: number[] = [];
  const marks = new Uint32Array(n);
  const lists = (v: number, u: number) => {
    for (let i = v * k; i < (v + 1) * k; i++) if (neighbors[i] === u) return true;
    return false;
  };
  for (let v = 0; v < n; v++) {
    for (let i = v * k; i < (v + 1) * k; i++) {
      const u = neighbors[i];
      if (u >= n || u === v || marks[u] === v + 1)
        throw new SpectroscopeError(`neighbor ${u} of point ${v} is the point itself, a repeat or out of range`, {
          hint: `each row needs ${k} distinct other ids below ${n}`,
        });
      marks[u] = v + 1;
      const both = lists(u, v);
      if (rule === "mutual" ? both && v < u : !both || v < u) ends.push(v, u);
    }
  }
  return graphFromEdges(n, ends);
}
