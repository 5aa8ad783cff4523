import { SpectroscopeError } from "../../kernels/errors";
import { checkCsr, type Graph } from "../../kernels/graph/csr";

export const SYMMETRIZE_RULES = ["mutual", "union"] as const;
export type SymmetrizeRule = (typeof SYMMETRIZE_RULES)[number];

/**
 * Neighbor lists to an undirected graph with weights 1. `mutual` keeps an edge when both ends list each other (isolates
 * noise), `union` when one does. In time and memory of the lists.
 * @param neighbors `[n, k]` ids, any order within a row
 */
export function symmetrize(neighbors: Uint32Array, n: number, rule: SymmetrizeRule): Graph {
  const k = neighbors.length / n;
  if (!Number.isInteger(k) || k < 1)
    throw new SpectroscopeError(`${neighbors.length} neighbor ids are not a whole number for each of ${n} points`, {
      hint: "give an [n, k] array",
    });
  const marks = new Uint32Array(n);
  const starts = new Uint32Array(n + 1);
  for (let v = 0; v < n; v++) {
    for (let i = v * k; i < (v + 1) * k; i++) {
      const u = neighbors[i];
      if (u >= n || u === v || marks[u] === v + 1)
        throw new SpectroscopeError(`neighbor ${u} of point ${v} is the point itself, a repeat or out of range`, {
          hint: `each row needs ${k} distinct other ids below ${n}`,
        });
      marks[u] = v + 1;
      starts[u + 1]++;
    }
  }
  for (let v = 0; v < n; v++) starts[v + 1] += starts[v];
  // Who lists each point, ascending; and from that, whom each point lists, ascending.
  const listers = new Uint32Array(n * k);
  const fill = starts.slice();
  for (let v = 0; v < n; v++) for (let i = v * k; i < (v + 1) * k; i++) listers[fill[neighbors[i]]++] = v;
  const listed = new Uint32Array(n * k);
  const held = new Uint32Array(n);
  for (let u = 0; u < n; u++)
    for (let i = starts[u]; i < starts[u + 1]; i++) listed[listers[i] * k + held[listers[i]]++] = u;
  const both = rule === "mutual";
  const offsets = new Uint32Array(n + 1);
  const ids = new Uint32Array(both ? n * k : 2 * n * k);
  let m = 0;
  for (let v = 0; v < n; v++) {
    let i = v * k;
    let j = starts[v];
    while (i < (v + 1) * k || j < starts[v + 1]) {
      const u = i < (v + 1) * k ? listed[i] : n;
      const w = j < starts[v + 1] ? listers[j] : n;
      if (u === w || !both) ids[m++] = Math.min(u, w);
      if (u <= w) i++;
      if (w <= u) j++;
    }
    offsets[v + 1] = m;
  }
  return checkCsr({ n, offsets, neighbors: ids.slice(0, m), weights: new Float64Array(m).fill(1) });
}
