import { SpectroscopeError } from "../errors";
import { exponentOf, largestMagnitude, timesPowerOfTwo } from "../power-of-two";

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

/** From 2^this on sums of fewer than 2^32 weights, and sums of those, may overflow. */
const LARGE = 960;

/** Weights whose sums are finite: of those near the largest double, all times the power of two that brings the largest to 1 to 2. */
function summable(weights: Float64Array): Float64Array {
  const largest = largestMagnitude(weights);
  if (!(largest >= 2 ** LARGE && largest < Infinity)) return weights;
  const exponent = -exponentOf(largest);
  return weights.map((weight) => (weight > 0 ? Math.max(timesPowerOfTwo(weight, exponent), 2 ** -1022) : weight));
}

/**
 * Checks a CSR graph and adds degrees: offsets ascend, rows strictly ascend, ids in range, no self-loops, weights finite
 * and positive, every edge stored in both rows with one weight. Weights that are too large to be summed are scaled down by
 * a power of two. O(edges). Throws SpectroscopeError.
 */
export function checkCsr(csr: Csr): Graph {
  const { n, offsets, neighbors } = csr;
  const weights = summable(csr.weights);
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
 * Builds a graph from edges in any order and direction, in time and memory that are linear in both. Self-loops are dropped;
 * of parallel edges the largest weight stays.
 * @param n number of nodes
 * @param ends `[2 E]`: end points, pair by pair
 * @param weights `[E]`, or nothing for weight 1
 */
export function graphFromEdges(n: number, ends: ArrayLike<number>, weights?: ArrayLike<number>): Graph {
  const count = ends.length >> 1;
  const starts = new Uint32Array(n + 1);
  for (let e = 0; e < count; e++) {
    const a = ends[2 * e];
    const b = ends[2 * e + 1];
    if (!(a >= 0 && a < n && b >= 0 && b < n))
      throw bad(`edge ${e} joins ${a} and ${b}, but there are ${n} nodes`, "ids run from 0 to n - 1");
    if (a === b) continue;
    starts[a + 1]++;
    starts[b + 1]++;
  }
  for (let v = 0; v < n; v++) starts[v + 1] += starts[v];
  const given = new Uint32Array(starts[n]);
  const givenWeights = weights && new Float64Array(starts[n]);
  let fill = starts.slice();
  for (let e = 0; e < count; e++) {
    const a = ends[2 * e];
    const b = ends[2 * e + 1];
    if (a === b) continue;
    if (givenWeights) {
      givenWeights[fill[a]] = (weights as ArrayLike<number>)[e];
      givenWeights[fill[b]] = (weights as ArrayLike<number>)[e];
    }
    given[fill[a]++] = b;
    given[fill[b]++] = a;
  }
  // The rows are their own transpose, and transposing them in row order leaves every row ascending.
  const ids = new Uint32Array(given.length);
  const sorted = givenWeights && new Float64Array(given.length);
  fill = starts.slice();
  for (let v = 0; v < n; v++) {
    for (let i = starts[v]; i < starts[v + 1]; i++) {
      const at = fill[given[i]]++;
      ids[at] = v;
      if (sorted) sorted[at] = (givenWeights as Float64Array)[i];
    }
  }
  const offsets = new Uint32Array(n + 1);
  let m = 0;
  for (let v = 0; v < n; v++) {
    for (let i = starts[v]; i < starts[v + 1]; i++) {
      if (m > offsets[v] && ids[m - 1] === ids[i]) {
        // A NaN stays, to be refused with its edge.
        if (sorted && !(sorted[i] <= sorted[m - 1]) && !Number.isNaN(sorted[m - 1])) sorted[m - 1] = sorted[i];
        continue;
      }
      ids[m] = ids[i];
      if (sorted) sorted[m] = sorted[i];
      m++;
    }
    offsets[v + 1] = m;
  }
  const whole = m === ids.length;
  const kept = sorted ? (whole ? sorted : sorted.slice(0, m)) : new Float64Array(m).fill(1);
  return checkCsr({ n, offsets, neighbors: whole ? ids : ids.slice(0, m), weights: kept });
}

/**
 * The subgraph on `nodes` (ascending ids): node `i` of the result is `nodes[i]`; edges that leave the set are dropped.
 * @param index `[n]` of -1, which is left as it was: for many small sets of one large graph
 */
export function inducedSubgraph(graph: Graph, nodes: Uint32Array, index = new Int32Array(graph.n).fill(-1)): Graph {
  for (let i = 0; i < nodes.length; i++) index[nodes[i]] = i;
  const offsets = new Uint32Array(nodes.length + 1);
  for (let i = 0; i < nodes.length; i++) {
    let inside = 0;
    for (let e = graph.offsets[nodes[i]]; e < graph.offsets[nodes[i] + 1]; e++)
      if (index[graph.neighbors[e]] >= 0) inside++;
    offsets[i + 1] = offsets[i] + inside;
  }
  const neighbors = new Uint32Array(offsets[nodes.length]);
  const weights = graph.unit ? graph.weights.subarray(0, neighbors.length) : new Float64Array(neighbors.length);
  const degree = new Float64Array(nodes.length);
  let volume = 0;
  let unit = true;
  for (let i = 0, m = 0; i < nodes.length; i++) {
    for (let e = graph.offsets[nodes[i]]; e < graph.offsets[nodes[i] + 1]; e++) {
      const u = index[graph.neighbors[e]];
      if (u < 0) continue;
      const w = graph.weights[e];
      neighbors[m] = u;
      if (!graph.unit) weights[m] = w;
      if (w !== 1) unit = false;
      degree[i] += w;
      m++;
    }
    volume += degree[i];
  }
  for (let i = 0; i < nodes.length; i++) index[nodes[i]] = -1;
  // What a checked graph has of these nodes needs no check.
  return { n: nodes.length, offsets, neighbors, weights, degree, volume, unit };
}
