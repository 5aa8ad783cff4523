/**
 * The definition of the kernels that look at a whole partition: ties between clusters, and moves of nodes between them. The
 * WebAssembly in `assembly/relabel.ts` performs the same operations in the same order and must agree bit for bit.
 */
import type { Graph } from "./csr";

export interface RelabelOptions {
  /** Share of its degree that a node must have in a cluster to be there. */
  share: number;
  /** Weight of what chance would give: a node's gain in a cluster is its tie - gamma degree volume / total volume. */
  gamma: number;
  /** Whether nodes without a cluster may join one. */
  joins: boolean;
  rounds: number;
}

/**
 * Moves each node to the cluster of largest gain, in order of ids, at once; the smaller label among equals, its own before
 * them. A node whose tie to its cluster is below `share` leaves it. From the second round on only nodes with a neighbor
 * that moved are looked at. Changes `labels` (`[n]`, -1 for none, below `count`) and returns the number of moves.
 */
export function relabel(graph: Graph, labels: Int32Array, count: number, options: RelabelOptions): number {
  const { n, offsets, neighbors, weights, degree } = graph;
  const { share, gamma, joins } = options;
  const volumes = new Float64Array(count);
  const ties = new Float64Array(count);
  for (let v = 0; v < n; v++) if (labels[v] >= 0) volumes[labels[v]] += degree[v];
  let now = new Uint8Array(n).fill(1);
  let moves = 0;
  for (let round = 0; round < options.rounds; round++) {
    const before = moves;
    const next = new Uint8Array(n);
    for (let v = 0; v < n; v++) {
      const own = labels[v];
      if (now[v] === 0 || degree[v] === 0 || (own < 0 && !joins)) continue;
      const met: number[] = [];
      for (let e = offsets[v]; e < offsets[v + 1]; e++) {
        const label = labels[neighbors[e]];
        if (label < 0) continue;
        if (ties[label] === 0) met.push(label);
        ties[label] += weights[e];
      }
      const least = share * degree[v];
      const pull = (gamma * degree[v]) / graph.volume;
      let best = -1;
      let gain = -Infinity;
      if (own >= 0 && ties[own] >= least) {
        best = own;
        gain = ties[own] - pull * (volumes[own] - degree[v]);
      }
      for (const label of met) {
        const tie = ties[label];
        ties[label] = 0;
        if (label === own || tie < least) continue;
        const other = tie - pull * volumes[label];
        if (other > gain || (other === gain && best !== own && label < best)) {
          gain = other;
          best = label;
        }
      }
      if (best === own) continue;
      labels[v] = best;
      if (own >= 0) volumes[own] -= degree[v];
      if (best >= 0) volumes[best] += degree[v];
      moves++;
      for (let e = offsets[v]; e < offsets[v + 1]; e++) next[neighbors[e]] = 1;
    }
    if (moves === before) break;
    now = next;
  }
  return moves;
}

/** What a partition looks like from its clusters. */
export interface ClusterTies {
  /** `[clusters]`: sum of the members' degrees, in order of ids. */
  volume: Float64Array;
  size: Uint32Array;
  /** Twice the weight inside. */
  inside: Float64Array;
  /** Weight to each other cluster, added in order of the members' ids and rows; clusters in the order in which they are met. */
  between: Map<number, number>[];
}

/** Ties of the clusters `0 .. count - 1` of `labels` (`[n]`, -1 for none). */
export function clusterTies(graph: Graph, labels: Int32Array, count: number): ClusterTies {
  const { n, offsets, neighbors, weights, degree } = graph;
  const volume = new Float64Array(count);
  const size = new Uint32Array(count);
  const inside = new Float64Array(count);
  const between = Array.from({ length: count }, () => new Map<number, number>());
  for (let v = 0; v < n; v++) {
    const own = labels[v];
    if (own < 0) continue;
    volume[own] += degree[v];
    size[own]++;
    for (let e = offsets[v]; e < offsets[v + 1]; e++) {
      const other = labels[neighbors[e]];
      if (other === own) inside[own] += weights[e];
      else if (other >= 0) between[own].set(other, (between[own].get(other) ?? 0) + weights[e]);
    }
  }
  return { volume, size, inside, between };
}
