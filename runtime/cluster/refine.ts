/**
 * From chosen sets to a partition. Conductance alone cannot say whether two sets are one cluster: a union of clusters has a
 * lower conductance than each, and a part of one may have a low one too. Refinement asks the likelihood of a block model
 * (`block-model.ts`). With it clusters split along candidates that the search found and into pieces, and merge, until nothing
 * changes; between, nodes move by the ties they have beyond chance, at the resolution gamma that fits clusters of one typical
 * rate (Newman, "Equivalence between modularity optimization and maximum likelihood methods for community detection", 2016). The
 * rates are estimated anew from the partition in each round.
 */
import type { Graph } from "../../kernels/graph/csr";
import type { GraphKernel } from "../../kernels/graph/graph";
import type { ClusterTies } from "../../kernels/graph/partition";
import { BlockModel } from "./block-model";
import { markAll } from "./candidates";
import { contract, joinWeak, type ShouldMerge } from "./merge";
import { splitAlong, splitIntoPieces } from "./split";

export interface RefineOptions {
  /** Clusters below this size are given up. */
  minSize: number;
  /** Clusters of a larger volume are given up. */
  maxVolume: number;
  /** See `relabel`. */
  share: number;
  /** With it `share` is at most this much of the share that members have on average: where all clusters leak, a node may. */
  ofMean?: number;
  joins: boolean;
  /**
   * Whether clusters may split into pieces that no walk has seen. Where a body lies around, walks see the clusters, and pieces of
   * those with heavy tails are of their core and their fringe.
   */
  pieces: boolean;
  /**
   * With it clusters merge at the end as long as that raises modularity, nodes move by it, and clusters for which it does not hold
   * join others: whether a cluster of that conductance, volume and size stands out.
   */
  stands?: (conductance: number, volume: number, size: number) => boolean;
}

export interface Refined {
  /** Labels run from 0 to count - 1. */
  count: number;
  /** Of the last partition. */
  gamma: number;
  merges: number;
  splits: number;
}

const ROUNDS = 10;
export const RELABEL_ROUNDS = 8;
/** Share of a cluster's nodes that candidates must hold. */
const CORE = 0.5;

/** Refines `labels` (`[n]`, -1 for none) in place; `kernel` holds the graph. Deterministic. */
export async function refine(
  kernel: GraphKernel,
  labels: Int32Array,
  candidates: readonly { members: Uint32Array }[],
  { minSize, maxVolume, share, ofMean, joins, pieces, stands }: RefineOptions,
): Promise<Refined> {
  const { graph } = kernel;
  const held = new Uint8Array(graph.n);
  const firsts = new Uint32Array(candidates.length);
  for (let i = 0; i < candidates.length; i++) {
    markAll(held, candidates[i].members);
    firsts[i] = candidates[i].members[0];
  }
  /** Nodes of clusters that the last round split or merged: only there a cluster may newly split. */
  const changed = new Uint8Array(graph.n).fill(1);
  let least = share;
  const settle = async (count: number, gamma: number) => {
    await kernel.relabel(labels, count, { share: least, gamma, joins, rounds: RELABEL_ROUNDS });
    return keep(graph, labels, count, held, minSize, maxVolume);
  };
  const result = { count: 1 + labels.reduce((a, b) => Math.max(a, b), -1), gamma: 1, merges: 0, splits: 0 };
  result.count = await settle(result.count, 1);
  for (let round = 0; round < ROUNDS && result.count > 0; round++) {
    const ties = await kernel.clusterTies(labels, result.count);
    const model = new BlockModel(ties, graph);
    result.gamma = model.gamma;
    if (ofMean !== undefined) least = Math.min(share, ofMean * innerShare(ties));
    const where = candidates.filter((_, i) => changed[firsts[i]] === 1);
    const { splits, parted } = splitAlong(graph, labels, ties, model, where, minSize);
    const count = result.count + splits;
    const more = pieces ? await splitIntoPieces(kernel, labels, model, count, changed, parted, minSize) : 0;
    changed.fill(0);
    const merges = mergeAlike(labels, ties, model, parted, changed);
    result.splits += splits + more;
    result.merges += merges;
    result.count = await settle(count + more, result.gamma);
    if (splits + more + merges === 0) break;
  }
  if (stands) {
    const merged = async (parent: Int32Array) => {
      for (let v = 0; v < labels.length; v++) if (labels[v] >= 0) labels[v] = parent[labels[v]];
      result.merges += parent.reduce((sum, root, c) => sum + (root === c ? 0 : 1), 0);
      const before = result.count;
      result.count = await settle(result.count, 1);
      return result.count < before;
    };
    result.gamma = 1;
    for (let round = 0; round < ROUNDS && result.count > 0; round++) {
      const ties = await kernel.clusterTies(labels, result.count);
      const more: ShouldMerge = (a, b, tie, { volume }) => tie * graph.volume > volume[a] * volume[b];
      if (!(await merged(contract(ties, Array.from(ties.volume.keys()), more)))) break;
    }
    for (let round = 0; round < ROUNDS && result.count > 0; round++)
      if (!(await merged(joinWeak(await kernel.clusterTies(labels, result.count), graph.volume, stands)))) break;
  }
  return result;
}

/** Share of the clusters' weight that stays inside. */
function innerShare({ inside, volume }: ClusterTies): number {
  let within = 0;
  let all = 0;
  for (let c = 0; c < volume.length; c++) {
    within += inside[c];
    all += volume[c];
  }
  return within / all;
}

/**
 * Gives labels without gaps, and takes those of clusters away that are too small or too large, or that mostly hold nodes of no
 * candidate: a set in a body without structure grows over all of it. Returns the number of clusters.
 */
function keep(
  graph: Graph,
  labels: Int32Array,
  count: number,
  held: Uint8Array,
  minSize: number,
  maxVolume: number,
): number {
  const { degree } = graph;
  const sizes = new Uint32Array(count);
  const cores = new Uint32Array(count);
  const volumes = new Float64Array(count);
  for (let v = 0; v < labels.length; v++) {
    const label = labels[v];
    if (label < 0) continue;
    sizes[label]++;
    cores[label] += held[v];
    volumes[label] += degree[v];
  }
  let next = 0;
  const renamed = new Int32Array(count);
  for (let c = 0; c < count; c++) {
    const stays = sizes[c] >= minSize && cores[c] >= CORE * sizes[c] && volumes[c] <= maxVolume;
    renamed[c] = stays ? next++ : -1;
  }
  // Nothing to rename is the rule once clusters have settled.
  if (next === count) return count;
  for (let v = 0; v < labels.length; v++) if (labels[v] >= 0) labels[v] = renamed[labels[v]];
  return next;
}

/**
 * Merges clusters that are likelier as one. Those of `parted` were just split, so their ties are out of date: they wait. Sets
 * `changed` for the nodes of clusters that were split or merged; returns the number of merges.
 */
function mergeAlike(
  labels: Int32Array,
  ties: ClusterTies,
  model: BlockModel,
  parted: ReadonlySet<number>,
  changed: Uint8Array,
): number {
  const count = ties.volume.length;
  const waits = new Uint8Array(count);
  for (const c of parted) if (c < count) waits[c] = 1;
  const whole = Array.from(waits.keys()).filter((c) => waits[c] === 0);
  // Clusters keep what they are alone until they take another in.
  const alone = new Float64Array(count);
  const known = new Float64Array(count);
  const kept = (c: number, inside: number, volume: number) => {
    if (known[c] !== volume) {
      known[c] = volume;
      alone[c] = model.alone(inside, volume);
    }
    return alone[c];
  };
  const alike: ShouldMerge = (a, b, tie, { inside, volume }) => {
    const parts = kept(a, inside[a], volume[a]) + kept(b, inside[b], volume[b]);
    return model.union(inside[a], inside[b], tie, volume[a], volume[b], parts) > 0;
  };
  const parent = contract(ties, whole, alike);
  const merged = new Uint8Array(count);
  let merges = 0;
  for (let c = 0; c < count; c++) {
    if (parent[c] === c) continue;
    merged[parent[c]] = 1;
    merges++;
  }
  // New labels of a split lie behind those that could merge.
  for (let v = 0; v < labels.length; v++) {
    const label = labels[v];
    if (label < 0) continue;
    if (label < count) labels[v] = parent[label];
    if (label >= count || waits[label] === 1 || merged[labels[v]] === 1) changed[v] = 1;
  }
  return merges;
}
