import { SpectroscopeError } from "../errors";

/** An undirected weighted graph as compressed sparse rows: row `v` owns `neighbors[offsets[v] .. offsets[v+1])`. */
export interface Csr {
  /** Number of nodes. */
  n: number;
  /** `[n + 1]`, ascending from 0. */
  offsets: Uint32Array;
  /** `[offsets[n]]`, strictly ascending within a row; each edge is stored in both rows. */
  neighbors: Uint32Array;
  /** `[offsets[n]]`, finite and positive; the two copies of an edge are equal. */
  weights: Float64Array;
}

/** A checked graph with its degrees. */
export interface Graph extends Csr {
  /** `[n]`: the row sums of `weights`, added in row order. */
  degree: Float64Array;
  /** Sum of `degree` in index order, twice the total edge weight. */
  volume: number;
  /** True when every weight is exactly 1. */
  unit: boolean;
}

const bad = (what: string, hint: string) => new SpectroscopeError(`graph: ${what}`, { hint });
const SORT_HINT = "build the graph with graphFromEdges, which sorts, merges and mirrors the edges";

/**
 * Checks a CSR graph and adds degrees: offsets ascend, rows strictly ascend, ids in range, no self-loops, weights finite
 * and positive, every edge stored in both rows with one weight. O(edges). Throws SpectroscopeError.
 */
export function checkCsr(csr: Csr): Graph {
  const { n, offsets, neighbors, weights } = csr;
  if (!Number.isInteger(n) || n < 0) throw bad(`n = ${n} is not a node count`, "give a non-negative integer");
  if (offsets.length !== n + 1 || offsets[0] !== 0)
    throw bad(
      `offsets has length ${offsets.length} and starts at ${offsets[0]}; expected ${n + 1} and 0`,
      "offsets needs n + 1 entries",
    );
  for (let v = 0; v < n; v++) {
    if (offsets[v + 1] < offsets[v])
      throw bad(`offsets fall from ${offsets[v]} to ${offsets[v + 1]} at node ${v}`, "offsets must ascend");
  }
  const m = offsets[n];
  if (neighbors.length !== m || weights.length !== m)
    throw bad(
      `neighbors has ${neighbors.length} and weights ${weights.length} entries; offsets end at ${m}`,
      "make the three agree",
    );
  const degree = new Float64Array(n);
  let volume = 0;
  let unit = true;
  for (let v = 0; v < n; v++) {
    let sum = 0;
    let last = -1;
    for (let e = offsets[v]; e < offsets[v + 1]; e++) {
      const u = neighbors[e];
      if (u >= n) throw bad(`node ${v} has neighbor ${u}, but there are ${n} nodes`, "ids run from 0 to n - 1");
      if (u === v) throw bad(`node ${v} has a self-loop`, "drop self-loops before building the graph");
      if (u <= last) throw bad(`row ${v} is not strictly ascending: ${u} after ${last}`, SORT_HINT);
      const w = weights[e];
      if (!(w > 0 && w < Infinity)) throw bad(`edge ${v}-${u} has weight ${w}`, "weights must be finite and positive");
      if (w !== 1) unit = false;
      last = u;
      sum += w;
    }
    if (sum === Infinity) throw bad(`the degree of node ${v} overflows`, "scale the weights down");
    degree[v] = sum;
    volume += sum;
  }
  // One cursor a row meets the mirrored edges in order, because both sides ascend.
  const cursor = offsets.slice(0, n);
  for (let v = 0; v < n; v++) {
    for (let e = offsets[v]; e < offsets[v + 1]; e++) {
      const u = neighbors[e];
      const back = cursor[u]++;
      if (back >= offsets[u + 1] || neighbors[back] !== v)
        throw bad(`edge ${v}-${u} is not symmetric: it is missing from one of the two rows`, SORT_HINT);
      if (weights[back] !== weights[e])
        throw bad(`edge ${v}-${u} has weights ${weights[e]} and ${weights[back]}`, "give both directions one weight");
    }
  }
  return { n, offsets, neighbors, weights, degree, volume, unit };
}

/**
 * Builds a graph from edges in any order and direction. Self-loops are dropped; of parallel edges the largest weight stays.
 * @param n number of nodes
 * @param ends `[2 E]`: end points, pair by pair
 * @param weights `[E]`, or nothing for weight 1
 */
export function graphFromEdges(n: number, ends: ArrayLike<number>, weights?: ArrayLike<number>): Graph {
  const count = ends.length >> 1;
  const fill = new Uint32Array(n + 1);
  for (let e = 0; e < count; e++) {
    const a = ends[2 * e];
    const b = ends[2 * e + 1];
    if (!(a >= 0 && a < n && b >= 0 && b < n))
      throw bad(`edge ${e} joins ${a} and ${b}, but there are ${n} nodes`, "ids run from 0 to n - 1");
    if (a === b) continue;
    fill[a + 1]++;
    fill[b + 1]++;
  }
  for (let v = 0; v < n; v++) fill[v + 1] += fill[v];
  const start = fill.slice();
  const ids = new Uint32Array(start[n]);
  const ws = new Float64Array(start[n]);
  for (let e = 0; e < count; e++) {
    const a = ends[2 * e];
    const b = ends[2 * e + 1];
    if (a === b) continue;
    const w = weights ? weights[e] : 1;
    ids[fill[a]] = b;
    ws[fill[a]++] = w;
    ids[fill[b]] = a;
    ws[fill[b]++] = w;
  }
  const offsets = new Uint32Array(n + 1);
  const neighbors = new Uint32Array(ids.length);
  const out = new Float64Array(ids.length);
  let m = 0;
  for (let v = 0; v < n; v++) {
    const row = Array.from({ length: start[v + 1] - start[v] }, (_, i) => start[v] + i);
    row.sort((i, j) => ids[i] - ids[j] || ws[j] - ws[i]);
    for (const i of row) {
      if (m > offsets[v] && neighbors[m - 1] === ids[i]) continue;
      neighbors[m] = ids[i];
      out[m++] = ws[i];
    }
    offsets[v + 1] = m;
  }
  return checkCsr({ n, offsets, neighbors: neighbors.slice(0, m), weights: out.slice(0, m) });
}

/** The subgraph on `nodes` (ascending ids): node `i` of the result is `nodes[i]`; edges that leave the set are dropped. */
export function inducedSubgraph(graph: Graph, nodes: Uint32Array): Graph {
  const index = new Int32Array(graph.n).fill(-1);
  for (let i = 0; i < nodes.length; i++) index[nodes[i]] = i;
  const offsets = new Uint32Array(nodes.length + 1);
  const neighbors: number[] = [];
  const weights: number[] = [];
  for (let i = 0; i < nodes.length; i++) {
    for (let e = graph.offsets[nodes[i]]; e < graph.offsets[nodes[i] + 1]; e++) {
      const u = index[graph.neighbors[e]];
      if (u < 0) continue;
      neighbors.push(u);
      weights.push(graph.weights[e]);
    }
    offsets[i + 1] = neighbors.length;
  }
  return checkCsr({
    n: nodes.length,
    offsets,
    neighbors: Uint32Array.from(neighbors),
    weights: Float64Array.from(weights),
  });
}
