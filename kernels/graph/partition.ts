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
  readonly volume: Float64Array;
  readonly size: Uint32Array;
  /** `[clusters]`: weight inside, each edge from both ends. */
  readonly inside: Float64Array;
  /** `[clusters + 1]`: where each cluster's ties begin in `others` and `weights`. */
  readonly starts: Uint32Array;
  /** Clusters tied to each, in the order in which its members meet them, and the weights between; each tie stands in both rows. */
  readonly others: Uint32Array;
  readonly weights: Float64Array;
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
  const starts = new Uint32Array(count + 1);
  between.forEach((row, c) => {
    starts[c + 1] = starts[c] + row.size;
  });
  const others = Uint32Array.from(between.flatMap((row) => [...row.keys()]));
  return {
    volume,
    size,
    inside,
    starts,
    others,
    weights: Float64Array.from(between.flatMap((row) => [...row.values()])),
  };
}

export interface PiecesOptions {
  /** As in `relabel`; one number for all clusters, or `[count]`, one each. */
  gamma: number | Float64Array;
  rounds: number;
}

/**
 * Pieces of the clusters of `labels` (`[n]`, -1 for none, below `count`): local moving from single nodes (Blondel, Guillaume,
 * Lambiotte, Lefebvre, "Fast unfolding of communities in large networks", 2008) that never leaves a cluster. Every node begins
 * as a piece of its own. In order of ids each moves to the piece of its cluster with the largest gain, tie - gamma degree
 * volume / total volume, that is above 0 and above that of its own piece; among equals to the one that the smaller node began.
 * From the second round on only nodes with a neighbor in their cluster that moved are looked at.
 * @returns `[n]`: pieces, numbered from 0 in the order of their first nodes; -1 where the label is
 */
export function pieces(graph: Graph, labels: Int32Array, options: PiecesOptions): Int32Array {
  const { n, offsets, neighbors, weights, degree } = graph;
  const { gamma, rounds } = options;
  const found = Int32Array.from(labels, (label, v) => (label < 0 ? -1 : v));
  const volumes = degree.slice();
  const ties = new Float64Array(n);
  let now = new Uint8Array(n).fill(1);
  for (let round = 0; round < rounds; round++) {
    const next = new Uint8Array(n);
    let moved = false;
    for (let v = 0; v < n; v++) {
      if (labels[v] < 0 || now[v] === 0) continue;
      const own = found[v];
      const met: number[] = [];
      for (let e = offsets[v]; e < offsets[v + 1]; e++) {
        if (labels[neighbors[e]] !== labels[v]) continue;
        const piece = found[neighbors[e]];
        if (ties[piece] === 0) met.push(piece);
        ties[piece] += weights[e];
      }
      const pull = ((typeof gamma === "number" ? gamma : gamma[labels[v]]) * degree[v]) / graph.volume;
      let best = own;
      let gain = Math.max(ties[own] - pull * (volumes[own] - degree[v]), 0);
      for (const piece of met) {
        const other = ties[piece] - pull * volumes[piece];
        ties[piece] = 0;
        if (piece === own) continue;
        if (other > gain || (other === gain && best !== own && piece < best)) {
          gain = other;
          best = piece;
        }
      }
      if (best === own) continue;
      found[v] = best;
      volumes[own] -= degree[v];
      volumes[best] += degree[v];
      moved = true;
      for (let e = offsets[v]; e < offsets[v + 1]; e++) if (labels[neighbors[e]] === labels[v]) next[neighbors[e]] = 1;
    }
    if (!moved) break;
    now = next;
  }
  return numbered(found);
}

/** Numbers from 0 in the order of their first nodes, in place; below 0 stays. Numbers are ids of nodes. */
export function numbered(pieces: Int32Array): Int32Array {
  const names = new Int32Array(pieces.length).fill(-1);
  let count = 0;
  for (let v = 0; v < pieces.length; v++) {
    const piece = pieces[v];
    if (piece < 0) continue;
    if (names[piece] < 0) names[piece] = count++;
    pieces[v] = names[piece];
  }
  return pieces;
}
