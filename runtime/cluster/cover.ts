/**
 * The policy of the clustering: which seeds, which sets are accepted, which are chosen, when to stop. The searches run in
 * WebAssembly. Every choice looks only at the graph and the null, never at labels.
 */
import { type Graph, inducedSubgraph } from "../../kernels/graph/csr";
import type { GraphKernel } from "../../kernels/graph/graph";
import type { WasmPool } from "../threads/pool";
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
import { type Clustering, joined, nothing, numberClusters, wholeCluster } from "./clustering";
import { connectedComponents } from "./components";
import { type ClusterConfig, defaultMaxHits, defaultMinSize, defaultNullDraws, nullSeeds, withNull } from "./config";
import { FOUND_AGAIN, finish, separate } from "./final-clusters";
import { makeRandom } from "./random";
import { RELABEL_ROUNDS, refine } from "./refine";
import { type Searches, searchSeeds, withKernel } from "./search";
import { SetConductance } from "./set-conductance";
import { COMMON, SEARCHES, simpleTeleport, teleport, walkOptions } from "./walk-options";

export interface CoverOptions {
  /** Threads that search; by default as many as there are cores. They change no result. */
  threads?: number;
  /** Threads that have been started; see `whileStarting`. */
  started?: Promise<WasmPool>;
  /** How many nodes of how many need no search any more. */
  progress?: (done: number, total: number) => void;
  /** Whether clusters get their sweep profile and candidates are kept; true by default. Costs a walk a cluster. */
  profiles?: boolean;
  /**
   * Without a null: components are searched together and not each by itself, as those of one set of points. What little is between
   * groups that lie apart then says that pieces with ties are one.
   */
  together?: boolean;
}

const MAX_ROUNDS = 20;
/** Pushes a node after which a null is asked no more: walks of a small alpha cover all of it, and one tells what many do. */
const NULL_PUSHES = 2000;
/** Two accepted candidates more alike than this are one. */
const ALIKE = 0.5;
/** A chosen set must still have this share of its members free. */
const FREE = 0.5;
/** A round that assigns a smaller share of the nodes is the last, as the paper has it. */
const STOP_FRACTION = 0.001;
/**
 * Without a null a node needs this much of the share that members of clusters have inside on average, where that is less than
 * `assign_share`: in a dense graph of many groups all leak.
 */
const OF_MEAN = 0.35;

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
  const minSize = config.min_size ?? defaultMinSize(graph.n, config.null);
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
 * the null by `excess_min` in the whole graph; overlap goes to the lowest conductance. Stops when a round assigns less than
 * a thousandth. Then `refine` makes clusters of the chosen sets, and those that still beat the null stay.
 */
export async function coverGraph(
  graph: Graph,
  config: ClusterConfig,
  envelope: Envelope = randomSetEnvelope,
  options: CoverOptions = {},
): Promise<Clustering> {
  const { n } = graph;
  if (n === 0 || graph.volume === 0) return nothing(n);
  const components = config.null === "none" ? connectedComponents(graph).members : undefined;
  const body = async (kernel: GraphKernel) => {
    if (components && options.together !== true && areSeveral(components))
      return coverComponents(kernel, components, config, envelope, options);
    const found = await cover(kernel, config, envelope, nothing(n).labels, options);
    return components ? withComponents(components, found, config) : found;
  };
  return withKernel(graph, options.threads, body, options.started);
}

/** A component of this share of the nodes is a graph of its own, where such hold this share of all. */
const GRAPH = 1 / 8;
const GRAPHS = 0.95;

/**
 * Whether components are one graph, or several side by side, which say nothing of each other: a few components hold nearly all of it. One that
 * fell into many is one graph: what little is between its groups says that pieces with ties belong together.
 */
function areSeveral(components: readonly Uint32Array[]): boolean {
  const sizes = components.map(({ length }) => length);
  const tied = sizes.reduce((sum, size) => sum + (size > 1 ? size : 0), 0);
  const large = sizes.filter((size) => size >= GRAPH * tied);
  return large.length > 1 && large.reduce((sum, size) => sum + size, 0) >= GRAPHS * tied;
}

/** Components without a cluster are clusters where there are others. */
function withComponents(components: readonly Uint32Array[], found: Clustering, config: ClusterConfig): Clustering {
  const minSize = config.min_size ?? defaultMinSize(found.labels.length, config.null);
  const large = components.filter((rows) => rows.length >= minSize);
  const free = large.filter((rows) => rows.every((v) => found.labels[v] < 0));
  if (free.length === 0 || large.length === 1) return found;
  const clusters = [...found.clusters, ...free.map((rows) => wholeCluster(rows))];
  numberClusters(clusters, found.labels);
  return { ...found, clusters };
}

/**
 * Each component as a graph of its own, so that nothing in it depends on what else there is. One that nothing divides is a cluster
 * where there are others.
 */
async function coverComponents(
  kernel: GraphKernel,
  components: readonly Uint32Array[],
  config: ClusterConfig,
  envelope: Envelope,
  options: CoverOptions,
): Promise<Clustering> {
  const { graph } = kernel;
  const tied = components.filter((nodes) => nodes.length > 1);
  const found: { rows: Uint32Array; clustering: Clustering }[] = [];
  const index = new Int32Array(graph.n).fill(-1);
  let done = 0;
  for (const rows of tied) {
    const minSize = config.min_size ?? defaultMinSize(rows.length, config.null);
    const before = done;
    done += rows.length;
    if (rows.length < minSize) continue;
    const progress =
      options.progress && ((at: number, of: number) => options.progress?.(before + (at / of) * rows.length, graph.n));
    let clustering = nothing(rows.length);
    if (rows.length >= 2 * minSize) {
      const part = rows.length === graph.n ? graph : inducedSubgraph(graph, rows, index);
      if (part !== kernel.graph) kernel.load(part);
      clustering = await cover(kernel, config, envelope, nothing(rows.length).labels, { ...options, progress });
    }
    if (clustering.clusters.length === 0 && tied.length > 1) clustering.clusters = [wholeCluster(rows.keys())];
    found.push({ rows, clustering });
  }
  if (kernel.graph !== graph) kernel.load(graph);
  return joined(graph, found);
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
  const minSize = config.min_size ?? defaultMinSize(n, config.null);
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
  while (rounds < MAX_ROUNDS && open.length >= Math.max(minSize, STOP_FRACTION * n)) {
    const nodes = without(labels);
    const part = rounds === 0 ? graph : inducedSubgraph(graph, nodes);
    if (part.volume === 0) break;
    const order = shuffledSeeds(open, config.num_seeds, config.seed + rounds);
    if (rounds > 0) {
      kernel.load(part);
      const index = new Int32Array(n);
      for (let i = 0; i < nodes.length; i++) index[nodes[i]] = i;
      for (let i = 0; i < order.length; i++) order[i] = index[order[i]];
    }
    const walk = { ...walkOptions(part, config, minSize, graph.volume), tolerances };
    const found = await searchSeeds(kernel, order, walk, config.max_hits ?? defaultMaxHits(n), progress);
    const fresh = accept(found, nodes, rounds === 0 ? undefined : set, graph, config, envelope);
    const asked = found.tried.map((v, i) => ({ seed: nodes[v], found: fresh.bySet.get(found.outcome[i]) }));
    for (const trial of asked) trials.push(trial);
    if (recurrenceMin > 0 || profiles) rateRecurrence(fresh.candidates, asked, n, FOUND_AGAIN);
    const better = byConductance(graph.volume / 2);
    fresh.candidates = fresh.candidates.filter((c) => c.recurrence >= recurrenceMin).sort(better);
    for (const candidate of fresh.candidates) accepted.push(candidate);
    if (rounds > 0) kernel.load(graph);
    else if (profiles) candidates = distinct(fresh.candidates, n, ALIKE);
    rounds++;
    count = choose(fresh.candidates, labels, count, minSize, FREE);
    if (config.null === "none") {
      const left = remainders(graph, labels, set, minSize, config, envelope);
      for (const candidate of left) accepted.push(candidate);
      count = choose(left, labels, count, minSize, FREE);
    }
    if (config.refine !== "none") {
      await kernel.relabel(labels, count, { share, gamma: 1, joins, rounds: RELABEL_ROUNDS });
    }
    const left = unassigned(labels);
    if (nodes.length - left < STOP_FRACTION * n) break;
    // A node that no accepted set holds lies in the body: its searches, or those beside it, found nothing. Where num_seeds
    // left nodes out, only what was a seed has been asked.
    const stays = new Uint8Array(n).fill(order.length < open.length ? 1 : 0);
    for (const { seed } of asked) stays[seed] = 0;
    for (const { members } of fresh.candidates) markAll(stays, members);
    open = open.filter((v) => stays[v] === 1 && labels[v] < 0);
  }
  let gamma = 1;
  const stands = (conductance: number, volume: number, size: number) =>
    separate(excessOf(conductance, volume / graph.volume, envelope), size, config);
  if (config.refine !== "none") {
    ({ count, gamma } = await refine(kernel, labels, accepted, {
      minSize,
      maxVolume: largest * graph.volume,
      share,
      ofMean: config.null === "none" && config.assign_share === null ? OF_MEAN : undefined,
      joins,
      pieces: config.null === "none" || config.refine === "modularity",
      stands: config.refine === "modularity" ? stands : undefined,
    }));
  } else if (joins) assignByNeighbors(graph, labels, share);
  const clusters = finish(graph, labels, count, accepted, trials, { config, envelope, set, tolerances });
  if (profiles) {
    for (const cluster of clusters) {
      const { lazy, rule } = SEARCHES[config.search];
      kernel.walk(cluster.seed, teleport(config), cluster.tolerance, Infinity, lazy);
      const { profile } = kernel.sweep(rule, COMMON.delta, minSize, graph.volume);
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

/** Ascending ids of the nodes without a label. */
function without(labels: Int32Array): Uint32Array {
  const nodes = new Uint32Array(unassigned(labels));
  for (let v = 0, count = 0; v < labels.length; v++) if (labels[v] < 0) nodes[count++] = v;
  return nodes;
}

function unassigned(labels: Int32Array): number {
  let count = 0;
  for (let v = 0; v < labels.length; v++) if (labels[v] < 0) count++;
  return count;
}

/**
 * What chosen sets have left between them, as sets: pieces that edges hold together, which leave them less than the walk restarts.
 * Asked before nodes move, for these would go to their neighbors one by one. Without a null alone: beside one what is left is a body.
 */
function remainders(
  graph: Graph,
  labels: Int32Array,
  set: SetConductance,
  minSize: number,
  config: ClusterConfig,
  envelope: Envelope,
): Candidate[] {
  const within = Uint8Array.from(labels, (label) => (label < 0 ? 1 : 0));
  const found: Candidate[] = [];
  for (const members of connectedComponents(graph, within).members) {
    if (members.length < minSize || members.length === graph.n) continue;
    const { conductance, volume } = set.measure(members);
    if (conductance > simpleTeleport(config.alpha) || volume > graph.volume / 2) continue;
    const excess = excessOf(conductance, volume / graph.volume, envelope);
    if (!separate(excess, members.length, config)) continue;
    found.push({ members, conductance, volume, scale: 0, seed: members[0], votes: 1, excess, recurrence: 0 });
  }
  return found.sort(byConductance(graph.volume / 2));
}

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
    if (!separate(excess, members.length, config)) return;
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
