/** Splits of the refinement: along sets that the search found, and into pieces that a cluster falls into by itself. */
import type { Graph } from "../../kernels/graph/csr";
import type { GraphKernel } from "../../kernels/graph/graph";
import type { ClusterTies } from "../../kernels/graph/partition";
import type { BlockModel } from "./block-model";
import { PieceJoiner } from "./pieces";

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
  const count = volume.length;
  const within = new Within(graph);
  const shared = new SharedLabels(count);
  const best = new Map<number, { gain: number; candidate: number }>();
  for (let i = 0; i < candidates.length; i++) {
    const { members } = candidates[i];
    const both = shared.most(members, labels);
    const home = shared.label;
    if (both < MOSTLY * members.length || both < minSize) continue;
    if (size[home] - both < Math.max(minSize, REST * size[home])) continue;
    const { part, own, tie } = within.measure(members, labels, home);
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

/** Measures what a set has of one cluster: volume, weight inside from both ends, weight to the rest of the cluster. */
class Within {
  private readonly marks: Uint32Array;
  private run = 0;

  constructor(private readonly graph: Graph) {
    this.marks = new Uint32Array(graph.n);
  }

  measure(members: Uint32Array, labels: Int32Array, home: number): { part: number; own: number; tie: number } {
    const { offsets, neighbors, weights, degree, unit } = this.graph;
    const { marks } = this;
    const run = ++this.run;
    let part = 0;
    for (let j = 0; j < members.length; j++) {
      const v = members[j];
      if (labels[v] !== home) continue;
      marks[v] = run;
      part += degree[v];
    }
    let tie = 0;
    let own = 0;
    for (let j = 0; j < members.length; j++) {
      const v = members[j];
      if (labels[v] !== home) continue;
      const stop = offsets[v + 1];
      for (let e = offsets[v]; e < stop; e++) {
        const u = neighbors[e];
        if (labels[u] !== home) continue;
        if (marks[u] === run) own += unit ? 1 : weights[e];
        else tie += unit ? 1 : weights[e];
      }
    }
    return { part, own, tie };
  }
}

/** Counts what a set has of each label, in memory that it keeps. */
class SharedLabels {
  /** Of the last set: the label of most of its nodes, of several the one met first; -1 for none. */
  label = -1;
  private readonly shared: Uint32Array;
  private readonly met: Uint32Array;

  constructor(count: number) {
    this.shared = new Uint32Array(count);
    this.met = new Uint32Array(count);
  }

  /** How many of `members` have the label of most. */
  most(members: Uint32Array, labels: Int32Array): number {
    const { shared, met } = this;
    let count = 0;
    for (let i = 0; i < members.length; i++) {
      const label = labels[members[i]];
      if (label >= 0 && shared[label]++ === 0) met[count++] = label;
    }
    this.label = -1;
    let both = 0;
    for (let i = 0; i < count; i++) {
      const label = met[i];
      if (shared[label] > both) {
        both = shared[label];
        this.label = label;
      }
      shared[label] = 0;
    }
    return both;
  }
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
  for (let v = 0; v < labels.length; v++) if (open[v] === 1 && labels[v] >= 0) asked[labels[v]] = 1;
  for (const label of parted) asked[label] = 0;
  const inner = labels.slice();
  for (let v = 0; v < inner.length; v++) if (inner[v] >= 0 && asked[inner[v]] === 0) inner[v] = -1;
  const { starts, nodes } = membersOf(inner, first);
  const piece = await kernel.pieces(inner, first, { gamma: model.gamma, rounds: PIECES_ROUNDS });
  const joiner = new PieceJoiner(kernel.graph, piece, model, minSize);
  let next = first;
  for (let label = 0; label < first; label++) {
    if (starts[label + 1] - starts[label] < 2 * minSize) continue;
    const own = nodes.subarray(starts[label], starts[label + 1]);
    const found = joiner.parts(own, PIECES_COST);
    if (!found) continue;
    parted.add(label);
    for (let i = 0; i < own.length; i++) if (found.of[i] > 0) labels[own[i]] = next + found.of[i] - 1;
    next += found.count - 1;
  }
  return next - first;
}

/** Nodes by label, ascending, and where each label's begin. */
function membersOf(labels: Int32Array, count: number): { starts: Uint32Array; nodes: Uint32Array } {
  const starts = new Uint32Array(count + 1);
  for (let v = 0; v < labels.length; v++) if (labels[v] >= 0) starts[labels[v] + 1]++;
  for (let c = 0; c < count; c++) starts[c + 1] += starts[c];
  const fill = starts.slice();
  const nodes = new Uint32Array(starts[count]);
  for (let v = 0; v < labels.length; v++) if (labels[v] >= 0) nodes[fill[labels[v]]++] = v;
  return { starts, nodes };
}
