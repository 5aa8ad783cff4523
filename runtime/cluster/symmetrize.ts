import { SpectroscopeError } from "../../kernels/errors";
import { checkCsr, type Graph } from "../../kernels/graph/csr";
import type { NeighborLists } from "./neighbors/ties";

export const SYMMETRIZE_RULES = ["mutual", "union"] as const;
export type SymmetrizeRule = (typeof SYMMETRIZE_RULES)[number];

/**
 * Neighbor lists to an undirected graph with weights 1. `mutual` keeps an edge when both ends list each other (isolates
 * noise), `union` when one does. In time and memory of the lists.
 * @param neighbors `[n, k]` ids, any order within a row, or lists of any lengths
 */
export function symmetrize(neighbors: Uint32Array | NeighborLists, n: number, rule: SymmetrizeRule): Graph {
  const lists = neighbors instanceof Uint32Array ? evenLists(neighbors, n) : neighbors;
  const { offsets: begins, ids: given } = lists;
  const marks = new Uint32Array(n);
  const starts = new Uint32Array(n + 1);
  for (let v = 0; v < n; v++) {
    for (let i = begins[v]; i < begins[v + 1]; i++) {
      const u = given[i];
      if (u >= n || u === v || marks[u] === v + 1)
        throw new SpectroscopeError(`neighbor ${u} of point ${v} is the point itself, a repeat or out of range`, {
          hint: `each row needs distinct other ids below ${n}`,
        });
      marks[u] = v + 1;
      starts[u + 1]++;
    }
  }
  for (let v = 0; v < n; v++) starts[v + 1] += starts[v];
  // Who lists each point, ascending; and from that, whom each point lists, ascending.
  const listers = new Uint32Array(given.length);
  const fill = starts.slice();
  for (let v = 0; v < n; v++) for (let i = begins[v]; i < begins[v + 1]; i++) listers[fill[given[i]]++] = v;
  const listed = new Uint32Array(given.length);
  const held = begins.slice();
  for (let u = 0; u < n; u++) for (let i = starts[u]; i < starts[u + 1]; i++) listed[held[listers[i]]++] = u;
  const both = rule === "mutual";
  const offsets = new Uint32Array(n + 1);
  const ids = new Uint32Array(both ? given.length : 2 * given.length);
  let m = 0;
  for (let v = 0; v < n; v++) {
    let i = begins[v];
    let j = starts[v];
    while (i < begins[v + 1] || j < starts[v + 1]) {
      const u = i < begins[v + 1] ? listed[i] : n;
      const w = j < starts[v + 1] ? listers[j] : n;
      if (u === w || !both) ids[m++] = Math.min(u, w);
      if (u <= w) i++;
      if (w <= u) j++;
    }
    offsets[v + 1] = m;
  }
  return checkCsr({ n, offsets, neighbors: ids.slice(0, m), weights: new Float64Array(m).fill(1) });
}

/** Lists of one length. Throws SpectroscopeError where they are none. */
function evenLists(ids: Uint32Array, n: number): NeighborLists {
  const k = ids.length / n;
  if (!Number.isInteger(k) || k < 1)
    throw new SpectroscopeError(`${ids.length} neighbor ids are not a whole number for each of ${n} points`, {
      hint: "give an [n, k] array",
    });
  return { offsets: Uint32Array.from({ length: n + 1 }, (_, v) => v * k), ids };
}
