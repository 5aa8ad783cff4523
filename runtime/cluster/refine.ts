/**
 * From chosen sets to a partition. Conductance alone cannot say whether two sets are one cluster: a union of clusters has a
 * lower conductance than each, and a part of one may have a low one too. Refinement asks the likelihood of a degree-corrected
 * block model (Karrer and Newman, "Stochastic blockmodels and community structure in networks", 2011) in which every cluster
 * has a rate of edges of its own, in units of what degrees alone would give, and one rate stands for all edges between
 * clusters. With it clusters split along candidates that the search found, and merge, until nothing changes; between, nodes
 * move by the ties they have beyond chance, at the resolution gamma that fits clusters of one typical rate (Newman,
 * "Equivalence between modularity optimization and maximum likelihood methods for community detection", 2016). The rates are
 * estimated anew from the partition in each round.
 */
import type { Graph } from "../../kernels/graph/csr";
import type { GraphKernel } from "../../kernels/graph/graph";
import type { ClusterTies } from "../../kernels/graph/partition";
import { markAll } from "./candidates";

export interface RefineOptions {
  /** Clusters below this size are given up. */
  minSize: number;
  /** Clusters of a larger volume are given up. */
  maxVolume: number;
  /** See `relabel`. */
  share: number;
  joins: boolean;
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
/** A candidate splits the cluster that holds this share of it, and leaves this share of it behind: less is for nodes to move. */
const MOSTLY = 0.7;
const REST = 0.1;
/**
 * Share of the entropy of a split that the split must pay for. To tell one candidate among the others costs less than all of it;
 * nothing costs too little: kNN graphs of one cloud are then cut up.
 */
const SPLIT_COST = 0.5;
/** Share of a cluster's nodes that candidates must hold. */
const CORE = 0.5;

/** Refines `labels` (`[n]`, -1 for none) in place; `kernel` holds the graph. Deterministic. */
export async function refine(
  kernel: GraphKernel,
  labels: Int32Array,
  candidates: readonly { members: Uint32Array }[],
  { minSize, maxVolume, share, joins }: RefineOptions,
): Promise<Refined> {
  const { graph } = kernel;
  const held = new Uint8Array(graph.n);
  for (const { members } of candidates) markAll(held, members);
  const firsts = Uint32Array.from(candidates, ({ members }) => members[0]);
  /** Nodes of clusters that the last round split or merged: only there a candidate may newly split. */
  const changed = new Uint8Array(graph.n).fill(1);
  const settle = async (count: number, gamma: number) => {
    await kernel.relabel(labels, count, { share, gamma, joins, rounds: RELABEL_ROUNDS });
    return keep(graph, labels, count, held, minSize, maxVolume);
  };
  const result = { count: 1 + labels.reduce((a, b) => Math.max(a, b), -1), gamma: 1, merges: 0, splits: 0 };
  result.count = await settle(result.count, 1);
  for (let round = 0; round < ROUNDS && result.count > 0; round++) {
    const ties = await kernel.clusterTies(labels, result.count);
    const model = new BlockModel(ties, graph.volume);
    result.gamma = model.gamma;
    const where = candidates.filter((_, i) => changed[firsts[i]] === 1);
    const { splits, parted } = split(graph, labels, ties, model, where, minSize);
    changed.fill(0);
    const merges = merge(labels, ties, model, parted, changed);
    result.splits += splits;
    result.merges += merges;
    result.count = await settle(result.count + splits, result.gamma);
    if (splits + merges === 0) break;
  }
  return result;
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
  const sizes = new Uint32Array(count);
  const cores = new Uint32Array(count);
  const volumes = new Float64Array(count);
  for (let v = 0; v < labels.length; v++) {
    const label = labels[v];
    if (label < 0) continue;
    sizes[label]++;
    cores[label] += held[v];
    volumes[label] += graph.degree[v];
  }
  let next = 0;
  const renamed = Int32Array.from(sizes, (size, c) =>
    size >= minSize && cores[c] >= CORE * size && volumes[c] <= maxVolume ? next++ : -1,
  );
  for (let v = 0; v < labels.length; v++) if (labels[v] >= 0) labels[v] = renamed[labels[v]];
  return next;
}

/** Poisson log-likelihood, without constants, of edges of weight `m` where degrees give `e`, at their own rate. */
const ownRate = (m: number, e: number) => (m > 0 ? m * Math.log(m / e) - m : 0);

class BlockModel {
  /** Rate of edges between clusters: theirs over what degrees give. */
  private readonly out: number;
  /** (w_in - w_out) / (log w_in - log w_out): the resolution at which modularity is the likelihood of equal rates inside. */
  readonly gamma: number;

  constructor(
    { volume, inside }: ClusterTies,
    private readonly total: number,
  ) {
    let within = 0;
    let expected = 0;
    for (let c = 0; c < volume.length; c++) {
      within += inside[c];
      expected += (volume[c] * volume[c]) / total;
    }
    // A perfect partition has no weight outside; one edge stands for it, so that rates stay finite.
    this.out = Math.max(total - within, 1) / Math.max(total - expected, 1);
    const inner = within / expected;
    this.gamma = inner > this.out ? (inner - this.out) / Math.log(inner / this.out) : 1;
  }

  /** Log-likelihood of one cluster more than of its parts a and b: their weights inside (twice), the tie, their volumes. */
  union(insideA: number, insideB: number, tie: number, volumeA: number, volumeB: number): number {
    const { total, out } = this;
    const whole = volumeA + volumeB;
    const one = ownRate(insideA + insideB + 2 * tie, (whole * whole) / total);
    const parts = ownRate(insideA, (volumeA * volumeA) / total) + ownRate(insideB, (volumeB * volumeB) / total);
    return (one - parts) / 2 - tie * Math.log(out) + (out * volumeA * volumeB) / total;
  }
}

/**
 * Splits a cluster along a candidate when that is likelier by more than half of what it takes to tell who is in which part: the
 * candidate is the best of many, and a cloud of points can always be cut somewhere. Of several the one with most to gain. New labels follow the old; returns how many, and which clusters were split.
 */
function split(
  graph: Graph,
  labels: Int32Array,
  { volume, size, inside }: ClusterTies,
  model: BlockModel,
  candidates: readonly { members: Uint32Array }[],
  minSize: number,
): { splits: number; parted: Set<number> } {
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
 * Merges clusters that are likelier as one, the most strongly tied first, in rounds in which a cluster merges once. Those of `parted` were just split, so their ties are out of date: they wait. Sets `changed`
 * for the nodes of clusters that were split or merged; returns the number of merges.
 */
function merge(
  labels: Int32Array,
  { volume, inside, between }: ClusterTies,
  model: BlockModel,
  parted: ReadonlySet<number>,
  changed: Uint8Array,
): number {
  const count = volume.length;
  const parent = Int32Array.from({ length: count }, (_, c) => c);
  let merges = 0;
  // Ties of a merged pair to a third are a mean of the two: only where one of them is strong need we look again.
  const waits = new Uint8Array(count);
  for (const c of parted) waits[c] = 1;
  let active = Array.from(parent).filter((c) => waits[c] === 0);
  while (active.length > 0) {
    const pairs: { strength: number; a: number; b: number }[] = [];
    for (const a of active) {
      between[a].forEach((tie, b) => {
        if (a >= b || waits[b] === 1) return;
        if (!(model.union(inside[a], inside[b], tie, volume[a], volume[b]) > 0)) return;
        pairs.push({ strength: tie / (volume[a] * volume[b]), a, b });
      });
    }
    pairs.sort((p, q) => q.strength - p.strength || p.a - q.a || p.b - q.b);
    const taken = new Set<number>();
    for (const { a, b } of pairs) {
      const free = !taken.has(a) && !taken.has(b);
      taken.add(a);
      taken.add(b);
      if (!free) continue;
      merges++;
      parent[b] = a;
      volume[a] += volume[b];
      inside[a] += inside[b] + 2 * (between[a].get(b) as number);
      between[a].delete(b);
      for (const [c, tie] of between[b]) {
        if (c === a) continue;
        const sum = (between[a].get(c) ?? 0) + tie;
        between[c].delete(b);
        between[a].set(c, sum);
        between[c].set(a, sum);
      }
      between[b].clear();
    }
    active = pairs.length === 0 ? [] : active.filter((c) => parent[c] === c);
  }
  const root = (c: number): number => {
    let at = c;
    while (parent[at] !== at) at = parent[at];
    return at;
  };
  // New labels of a split lie behind those that could merge.
  const roots = Int32Array.from(parent, (_, c) => root(c));
  const merged = new Uint8Array(count);
  for (let c = 0; c < count; c++) if (parent[c] !== c) merged[roots[c]] = 1;
  for (let v = 0; v < labels.length; v++) {
    const label = labels[v];
    if (label < 0) continue;
    if (label < count) labels[v] = roots[label];
    if (label >= count || waits[label] === 1 || merged[labels[v]] === 1) changed[v] = 1;
  }
  return merges;
}
