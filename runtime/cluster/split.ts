/** Splits of the refinement: along sets that the search found, and into pieces that a cluster falls into by itself. */
import type { Graph } from "../../kernels/graph/csr";
import type { GraphKernel } from "../../kernels/graph/graph";
import type { ClusterTies } from "../../kernels/graph/partition";
import type { BlockModel } from "./block-model";
import { contract } from "./merge";

/** A candidate splits the cluster that holds this share of it, and leaves this share of it behind: less is for nodes to move. */
const MOSTLY = 0.7;
const REST = 0.1;
/**
 * Share of the entropy of a split that the split must pay for. To tell one candidate among the others costs less than all of it;
 * nothing costs too little: kNN graphs of one cloud are then cut up. Pieces were not seen by any walk and pay more: at one half
 * graphs of some ten nodes a cluster are cut too finely.
 */
const SPLIT_COST = 0.5;
const PIECES_COST = 0.75;
/** Passes of the local moving that makes pieces. */
const PIECES_ROUNDS = 10;

export interface Split {
  /** New labels, which follow the old. */
  readonly splits: number;
  /** Clusters that were split. */
  readonly parted: Set<number>;
}

/**
 * Splits a cluster along a candidate when that is likelier by more than half of what it takes to tell who is in which part: the
 * candidate is the best of many, and a cloud of points can always be cut somewhere. Of several the one with most to gain. New labels follow the old; returns how many, and which clusters were split.
 */
export function splitAlong(
  graph: Graph,
  labels: Int32Array,
  { volume, size, inside }: ClusterTies,
  model: BlockModel,
  candidates: readonly { members: Uint32Array }[],
  minSize: number,
): Split {
  const { offsets, neighbors, weights, degree, unit } = graph;
  const count = volume.length;
  const marks = new Uint32Array(graph.n);
  const shared = new Uint32Array(count);
  const best = new Map<number, { gain: number; candidate: number }>();
  for (let i = 0; i < candidates.length; i++) {
    const { members } = candidates[i];
    const met: number[] = [];
    for (const v of members) {
      const label = labels[v];
      if (label >= 0 && shared[label]++ === 0) met.push(label);
    }
    let home = -1;
    for (const label of met) if (home < 0 || shared[label] > shared[home]) home = label;
    const both = home < 0 ? 0 : shared[home];
    for (const label of met) shared[label] = 0;
    if (both < MOSTLY * members.length || both < minSize) continue;
    if (size[home] - both < Math.max(minSize, REST * size[home])) continue;
    let part = 0;
    for (const v of members) {
      if (labels[v] !== home) continue;
      marks[v] = i + 1;
      part += degree[v];
    }
    let tie = 0;
    let own = 0;
    for (const v of members) {
      if (labels[v] !== home) continue;
      for (let e = offsets[v]; e < offsets[v + 1]; e++) {
        const u = neighbors[e];
        if (labels[u] !== home) continue;
        if (marks[u] === i + 1) own += unit ? 1 : weights[e];
        else tie += unit ? 1 : weights[e];
      }
    }
    const rest = size[home] - both;
    const choices = size[home] * Math.log(size[home]) - both * Math.log(both) - rest * Math.log(rest);
    const gain = -model.union(own, inside[home] - own - 2 * tie, tie, part, volume[home] - part) - SPLIT_COST * choices;
    if (gain > (best.get(home)?.gain ?? 0)) best.set(home, { gain, candidate: i });
  }
  let next = count;
  for (const [home, { candidate }] of [...best].sort((a, b) => a[0] - b[0])) {
    for (const v of candidates[candidate].members) if (labels[v] === home) labels[v] = next;
    next++;
  }
  return { splits: next - count, parted: new Set(best.keys()) };
}

/**
 * Splits clusters into the pieces that local moving from single nodes makes of them, where these are likelier: first pieces join
 * by likelihood, and those below `minSize` what they are most strongly tied to. It finds what no walk has seen: small groups that
 * every walk ran over.
 * @param first number of labels
 * @param open `[n]`: clusters with a node of 1 are looked at, but for those of `parted`, which gets those that are split
 * @returns number of new labels
 */
export async function splitIntoPieces(
  kernel: GraphKernel,
  labels: Int32Array,
  model: BlockModel,
  first: number,
  open: Uint8Array,
  parted: Set<number>,
  minSize: number,
): Promise<number> {
  const asked = new Uint8Array(first);
  for (let v = 0; v < labels.length; v++) if (labels[v] >= 0 && open[v] === 1) asked[labels[v]] = 1;
  for (const label of parted) asked[label] = 0;
  const inner = labels.map((label) => (label >= 0 && asked[label] === 1 ? label : -1));
  const piece = await kernel.pieces(inner, first, { gamma: model.gamma, rounds: PIECES_ROUNDS });
  const count = 1 + piece.reduce((a, b) => Math.max(a, b), -1);
  const home = new Int32Array(count);
  for (let v = 0; v < piece.length; v++) if (piece[v] >= 0) home[piece[v]] = inner[v];
  const ties = await kernel.clusterTies(piece, count);
  for (let p = 0; p < count; p++)
    for (const q of ties.between[p].keys()) if (home[q] !== home[p]) ties.between[p].delete(q);
  const parent = contract(ties, Array.from(home.keys()), (a, b, tie) => {
    if (ties.size[a] < minSize || ties.size[b] < minSize) return true;
    return model.union(ties.inside[a], ties.inside[b], tie, ties.volume[a], ties.volume[b]) > 0;
  });
  const parts = new Map<number, number[]>();
  for (let p = 0; p < count; p++) {
    if (parent[p] !== p) continue;
    const known = parts.get(home[p]);
    if (known) known.push(p);
    else parts.set(home[p], [p]);
  }
  const names = new Int32Array(count).fill(-1);
  let next = first;
  for (const [label, list] of parts) {
    if (list.length < 2 || list.some((p) => ties.size[p] < minSize) || !paysOff(list, ties, model)) continue;
    parted.add(label);
    list.forEach((p, i) => {
      names[p] = i === 0 ? label : next++;
    });
  }
  for (let v = 0; v < piece.length; v++)
    if (piece[v] >= 0 && names[parent[piece[v]]] >= 0) labels[v] = names[parent[piece[v]]];
  return next - first;
}

/** Whether parts are likelier than their union by more than they cost. */
function paysOff(parts: readonly number[], { volume, size, inside, between }: ClusterTies, model: BlockModel): boolean {
  let nodes = size[parts[0]];
  let vol = volume[parts[0]];
  let within = inside[parts[0]];
  let choices = -nodes * Math.log(nodes);
  let gain = 0;
  for (let i = 1; i < parts.length; i++) {
    const p = parts[i];
    let tie = 0;
    for (let j = 0; j < i; j++) tie += between[p].get(parts[j]) ?? 0;
    gain -= model.union(within, inside[p], tie, vol, volume[p]);
    nodes += size[p];
    vol += volume[p];
    within += inside[p] + 2 * tie;
    choices -= size[p] * Math.log(size[p]);
  }
  return gain > PIECES_COST * (choices + nodes * Math.log(nodes));
}
