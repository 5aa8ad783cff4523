/**
 * The policy of the clustering: which seeds, which sets are accepted, which are chosen, when to stop. The searches run in
 * WebAssembly. Every choice looks only at the graph and the null, never at labels.
 */
import { type Graph, inducedSubgraph } from "../../kernels/graph/csr";
import type { GraphKernel } from "../../kernels/graph/graph";
import type { SearchOptions as WalkOptions } from "../../kernels/graph/reference";
import { assignByNeighbors } from "./assign";
import {
  byConductance,
  type Candidate,
  choose,
  distinct,
  type Envelope,
  excessOf,
  markAll,
  type NullPoint,
  randomSetEnvelope,
  rateRecurrence,
} from "./candidates";
import {
  type ClusterConfig,
  defaultMaxHits,
  defaultMinSize,
  defaultNullDraws,
  defaultTolerances,
  nullSeeds,
  withNull,
} from "./config";
import { makeRandom } from "./random";
import { RELABEL_ROUNDS, refine } from "./refine";
import { type Searches, searchSeeds, withKernel } from "./search";
import { SetConductance } from "./set-conductance";

export interface Cluster {
  id: number;
  size: number;
  /** Of the final members, in the whole graph. */
  conductance: number;
  /** Token whose walk found the candidate most like the cluster. */
  seed: number;
  /** Ascending. */
  members: number[];
  /** Conductance of the prefixes of the seed's sweep, at most four times the cluster's size; empty without `profiles`. */
  sweep: number[];
  /** Tolerance of the walk. */
  tolerance: number;
  /** Share by which the conductance lies below the lowest of the null at this volume. */
  excess: number;
  /** Share of the seeds tried among its members whose search found this set again. */
  recurrence: number;
}

export interface Clustering {
  /** Disjoint, lowest conductance first. */
  clusters: Cluster[];
  /** `[n]`: cluster id, or -1 for the body. */
  labels: Int32Array;
  /** All accepted sets of the first round that differ (Jaccard below 0.5), at every scale: they overlap. Empty without `profiles`. */
  candidates: Candidate[];
  /** Number of rounds. */
  rounds: number;
  /** How many times more edges run inside clusters than chance would give, as the refinement estimated it; 1 without. */
  gamma: number;
}

export interface CoverOptions {
  /** Threads that search; by default as many as there are cores. They change no result. */
  threads?: number;
  /** How many nodes of how many need no search any more. */
  progress?: (done: number, total: number) => void;
  /** Whether clusters get their sweep profile and candidates are kept; true by default. Costs a walk a cluster. */
  profiles?: boolean;
}

const MAX_ROUNDS = 20;
/** Pushes a node after which a null is asked no more: walks of a small alpha cover all of it, and one tells what many do. */
const NULL_PUSHES = 2000;
/** Two accepted candidates more alike than this are one. */
const ALIKE = 0.5;
/** A chosen set must still have this share of its members free. */
const FREE = 0.5;

/** Teleport probability of the walk that is made: the simple walk with 2a/(1+a) has the PageRank of the lazy one with a. */
export function teleport({ alpha, walk }: Pick<ClusterConfig, "alpha" | "walk">): number {
  return walk === "lazy" ? alpha : (2 * alpha) / (1 + alpha);
}

/** The kernel's options for a graph; `volume` is that of the whole graph. */
function walkOptions(graph: Graph, config: ClusterConfig, minSize: number, volume: number): WalkOptions {
  const alpha = teleport(config);
  return {
    alpha,
    lazy: config.walk === "lazy",
    tolerances: config.tolerances ?? defaultTolerances(graph.n > 0 ? graph.volume / graph.n || 1 : 1),
    maxPushes: Infinity,
    rule: config.rule,
    delta: config.delta,
    minSize,
    maxVolume: Math.max(Math.min(withNull(config).maxShare * volume, graph.volume / 2), Number.MIN_VALUE),
    mainBody: config.main_body,
    phiMax: config.phi_max,
    openPhi: teleport({ ...config, walk: "simple" }),
    every: false,
    polishRounds: config.polish_rounds,
    strictness: config.strictness,
  };
}

/** `nodes` in a random order, or `count` of them. */
function shuffledSeeds(nodes: Uint32Array, count: number | null, seed: number): Uint32Array {
  const { uniform } = makeRandom(seed);
  const pool = nodes.slice();
  const wanted = Math.min(count ?? pool.length, pool.length);
  for (let i = 0; i < wanted; i++) {
    const j = i + Math.floor(uniform() * (pool.length - i));
    [pool[i], pool[j]] = [pool[j], pool[i]];
  }
  return pool.subarray(0, wanted);
}

/** What the same search reaches in a null graph; for `nullEnvelope`. */
export async function searchNull(
  graph: Graph,
  config: ClusterConfig,
  options: CoverOptions = {},
): Promise<NullPoint[]> {
  if (graph.n === 0 || graph.volume === 0) return [];
  const nodes = nodesWhere(graph.n, (v) => graph.degree[v] > 0);
  const most = nullSeeds(graph.n, config.null_draws ?? defaultNullDraws(graph.n));
  const seeds = shuffledSeeds(nodes, Math.min(config.num_seeds ?? most, most), config.seed);
  const minSize = config.min_size ?? defaultMinSize(graph.n);
  const walk = { ...walkOptions(graph, config, minSize, graph.volume), every: true };
  return withKernel(graph, options.threads, async (kernel) => {
    const maxHits = config.max_hits ?? defaultMaxHits(graph.n);
    const limit = NULL_PUSHES * graph.n;
    const { measures } = await searchSeeds(kernel, seeds, walk, maxHits, options.progress, limit);
    return measures.map(({ conductance, volume }) => ({ share: volume / graph.volume, conductance }));
  });
}

/**
 * Clusters of a graph. Rounds over the tokens that are left: sets of all seeds at all scales; accepted when they beat
 * `phi_max` and the null by `excess_min` in the whole graph; overlap goes to the lowest conductance. Stops when a round
 * assigns less than `stop_fraction`. Then `refine` makes clusters of the chosen sets, and those that still beat the null stay.
 */
export async function coverGraph(
  graph: Graph,
  config: ClusterConfig,
  envelope: Envelope = randomSetEnvelope,
  options: CoverOptions = {},
): Promise<Clustering> {
  const { n } = graph;
  const labels = new Int32Array(n).fill(-1);
  if (n === 0 || graph.volume === 0) return { clusters: [], labels, candidates: [], rounds: 0, gamma: 1 };
  return withKernel(graph, options.threads, (kernel) => cover(kernel, config, envelope, labels, options));
}

async function cover(
  kernel: GraphKernel,
  config: ClusterConfig,
  envelope: Envelope,
  labels: Int32Array,
  { progress, profiles = true }: CoverOptions,
): Promise<Clustering> {
  const { graph } = kernel;
  const { n } = graph;
  const minSize = config.min_size ?? defaultMinSize(n);
  const set = new SetConductance(graph);
  const accepted: Candidate[] = [];
  const trials: { seed: number; found: Candidate | undefined }[] = [];
  const { tolerances } = walkOptions(graph, config, minSize, graph.volume);
  const joins = config.assign === "neighbors";
  const { recurrenceMin, assignShare: share, largest } = withNull(config);
  let candidates: Candidate[] = [];
  let open = nodesWhere(n, (v) => graph.degree[v] > 0);
  let count = 0;
  let rounds = 0;
  while (rounds < MAX_ROUNDS && open.length >= Math.max(minSize, config.stop_fraction * n)) {
    const nodes = nodesWhere(n, (v) => labels[v] < 0);
    const part = rounds === 0 ? graph : inducedSubgraph(graph, nodes);
    if (part.volume === 0) break;
    if (rounds > 0) kernel.load(part);
    const index = new Int32Array(n).fill(-1);
    for (let i = 0; i < nodes.length; i++) index[nodes[i]] = i;
    const order = shuffledSeeds(open, config.num_seeds, config.seed + rounds).map((v) => index[v]);
    const walk = { ...walkOptions(part, config, minSize, graph.volume), tolerances };
    const found = await searchSeeds(kernel, order, walk, config.max_hits ?? defaultMaxHits(n), progress);
    const fresh = accept(found, nodes, rounds === 0 ? undefined : set, graph, config, envelope);
    const asked = found.tried.map((v, i) => ({ seed: nodes[v], found: fresh.bySet.get(found.outcome[i]) }));
    for (const trial of asked) trials.push(trial);
    if (recurrenceMin > 0 || profiles) rateRecurrence(fresh.candidates, asked, n, config.overlap);
    fresh.candidates = fresh.candidates.filter((c) => c.recurrence >= recurrenceMin).sort(byConductance);
    for (const candidate of fresh.candidates) accepted.push(candidate);
    if (rounds > 0) kernel.load(graph);
    else if (profiles) candidates = distinct(fresh.candidates, n, ALIKE);
    rounds++;
    count = choose(fresh.candidates, labels, count, minSize, FREE);
    if (config.refine === "likelihood") {
      await kernel.relabel(labels, count, { share, gamma: 1, joins, rounds: RELABEL_ROUNDS });
    }
    const left = unassigned(labels);
    if (nodes.length - left < config.stop_fraction * n) break;
    // A node that no accepted set holds lies in the body: its searches, or those beside it, found nothing. Where num_seeds
    // left nodes out, only what was a seed has been asked.
    const stays = new Uint8Array(n).fill(order.length < open.length ? 1 : 0);
    for (const { seed } of asked) stays[seed] = 0;
    for (const { members } of fresh.candidates) markAll(stays, members);
    open = open.filter((v) => stays[v] === 1 && labels[v] < 0);
  }
  let gamma = 1;
  if (config.refine === "likelihood") {
    ({ count, gamma } = await refine(kernel, labels, accepted, {
      minSize,
      maxVolume: largest * graph.volume,
      share,
      joins,
    }));
  } else if (joins) assignByNeighbors(graph, labels, share);
  const clusters = finish(graph, labels, count, accepted, trials, { config, envelope, set, tolerances });
  if (profiles) {
    for (const cluster of clusters) {
      kernel.walk(cluster.seed, teleport(config), cluster.tolerance, Infinity, config.walk === "lazy");
      const { profile } = kernel.sweep(config.rule, config.delta, minSize, graph.volume);
      cluster.sweep = Array.from(profile.subarray(0, 4 * cluster.size));
    }
  }
  return { clusters, labels, candidates, rounds, gamma };
}

/** Ascending ids of the nodes for which `test` holds. */
function nodesWhere(n: number, test: (v: number) => boolean): Uint32Array {
  const nodes = new Uint32Array(n);
  let count = 0;
  for (let v = 0; v < n; v++) if (test(v)) nodes[count++] = v;
  return nodes.slice(0, count);
}

function unassigned(labels: Int32Array): number {
  let count = 0;
  for (const label of labels) if (label < 0) count++;
  return count;
}

/** What a set must be when it is found, and a cluster at the end. */
const separate = (conductance: number, excess: number, { phi_max, excess_min }: ClusterConfig) =>
  conductance <= phi_max && excess > 0 && excess >= excess_min;

/** The sets that beat the null, with ids of the whole graph; `set` measures them there when they come from a part of it. */
function accept(
  found: Searches,
  nodes: Uint32Array,
  set: SetConductance | undefined,
  graph: Graph,
  config: ClusterConfig,
  envelope: Envelope,
): { candidates: Candidate[]; bySet: Map<number, Candidate> } {
  const candidates: Candidate[] = [];
  const bySet = new Map<number, Candidate>();
  found.sets.forEach(({ members: inner, conductance, volume, scale }, i) => {
    const members = set ? inner.map((v) => nodes[v]) : inner;
    // In a later round the graph has holes: only the whole graph says whether a set is separate.
    const whole = set ? set.measure(members) : { conductance, volume };
    const excess = excessOf(whole.conductance, whole.volume / graph.volume, envelope);
    if (!separate(whole.conductance, excess, config)) return;
    const candidate: Candidate = {
      conductance: whole.conductance,
      volume: whole.volume,
      members,
      scale,
      seed: nodes[found.seeds[i]],
      votes: found.votes[i],
      excess,
      recurrence: 0,
    };
    candidates.push(candidate);
    bySet.set(i, candidate);
  });
  return { candidates, bySet };
}

/** Counts the members that each label has in `shared`, and lists the labels that have any in the order of meeting. */
function sharedWith(members: Uint32Array, labels: Int32Array, shared: Uint32Array): number[] {
  const met: number[] = [];
  for (let i = 0; i < members.length; i++) {
    const label = labels[members[i]];
    if (label >= 0 && shared[label]++ === 0) met.push(label);
  }
  return met;
}

/** Clusters of the labels that beat the null; others lose their labels. Labels become ids, lowest conductance first. */
function finish(
  graph: Graph,
  labels: Int32Array,
  count: number,
  accepted: readonly Candidate[],
  trials: readonly { seed: number; found: Candidate | undefined }[],
  {
    config,
    envelope,
    set,
    tolerances,
  }: {
    config: ClusterConfig;
    envelope: Envelope;
    set: SetConductance;
    tolerances: readonly number[];
  },
): Cluster[] {
  const members: number[][] = Array.from({ length: count }, () => []);
  for (let v = 0; v < graph.n; v++) if (labels[v] >= 0) members[labels[v]].push(v);
  const shared = new Uint32Array(count);
  const alike = new Map<Candidate, { label: number; jaccard: number }>();
  const closest: { candidate: Candidate; jaccard: number }[] = [];
  for (const candidate of accepted) {
    const met = sharedWith(candidate.members, labels, shared);
    let best = { label: -1, jaccard: 0 };
    for (const label of met) {
      const jaccard = shared[label] / (candidate.members.length + members[label].length - shared[label]);
      shared[label] = 0;
      if (jaccard > best.jaccard) best = { label, jaccard };
      if (jaccard > (closest[label]?.jaccard ?? 0)) closest[label] = { candidate, jaccard };
    }
    alike.set(candidate, best);
  }
  const tried = new Uint32Array(count);
  const again = new Uint32Array(count);
  for (const { seed, found } of trials) {
    const label = labels[seed];
    if (label < 0) continue;
    tried[label]++;
    const match = found && alike.get(found);
    if (match && match.label === label && match.jaccard >= config.overlap) again[label]++;
  }
  const clusters: Cluster[] = [];
  for (let label = 0; label < count; label++) {
    if (members[label].length === 0 || !closest[label]) continue;
    const { conductance, volume } = set.measure(members[label]);
    const excess = excessOf(conductance, volume / graph.volume, envelope);
    const recurrence = tried[label] > 0 ? again[label] / tried[label] : 0;
    if (!separate(conductance, excess, config)) continue;
    const { candidate } = closest[label];
    clusters.push({
      id: 0,
      size: members[label].length,
      conductance,
      seed: candidate.seed,
      members: members[label],
      sweep: [],
      tolerance: tolerances[candidate.scale],
      excess,
      recurrence,
    });
  }
  clusters.sort((a, b) => a.conductance - b.conductance || b.size - a.size || a.members[0] - b.members[0]);
  labels.fill(-1);
  clusters.forEach((cluster, id) => {
    cluster.id = id;
    for (const v of cluster.members) labels[v] = id;
  });
  return clusters;
}
