/**
 * The policy of the clustering: which seeds, which candidates are accepted, which are chosen, when to stop. The search
 * itself runs in WebAssembly. Every choice looks only at the graph and the null graph, never at labels.
 */
import { type Graph, inducedSubgraph } from "../../kernels/graph/csr";
import { GraphKernel } from "../../kernels/graph/graph";
import type { CoverOptions } from "../../kernels/graph/reference";
import {
  byScore,
  type Candidate,
  distinct,
  type Envelope,
  nullEnvelope,
  randomSetEnvelope,
  rateCandidates,
  volumeOf,
} from "./candidates";
import { type ClusterConfig, defaultMinSize, defaultSeeds, defaultTolerances } from "./config";
import { makeRandom } from "./random";

export interface Cluster {
  id: number;
  size: number;
  /** Of the final members, in the whole graph. */
  conductance: number;
  /** Token whose walk found the set. */
  seed: number;
  /** Ascending. */
  members: number[];
  /** Conductance of the prefixes of the seed's sweep, at most four times the cluster's size. */
  sweep: number[];
  /** Tolerance of the walk. */
  tolerance: number;
  /** Share by which the conductance lies below the lowest of the null at this volume. */
  excess: number;
  /** Share of the set's seeds that find it again. */
  recurrence: number;
}

export interface Clustering {
  /** Disjoint, best score first. */
  clusters: Cluster[];
  /** `[n]`: cluster id, or -1 for the body. */
  labels: Int32Array;
  /** All accepted sets of the first round that differ (Jaccard below 0.5), at every scale: they overlap. */
  candidates: Candidate[];
  /** Number of rounds. */
  rounds: number;
}

const MAX_ROUNDS = 20;
/** Two accepted candidates more alike than this are one. */
const ALIKE = 0.5;
/** A chosen set must still have this share of its members free. */
const FREE = 0.5;

/** The kernel's options for a graph; `volume` is that of the whole graph. */
function searchOptions(graph: Graph, config: ClusterConfig, minSize: number, volume: number): CoverOptions {
  return {
    alpha: config.alpha,
    tolerances: config.tolerances ?? defaultTolerances(graph.n > 0 ? graph.volume / graph.n || 1 : 1),
    rule: config.rule,
    delta: config.delta,
    minSize,
    maxVolume: Math.max(Math.min(config.max_share * volume, graph.volume / 2), Number.MIN_VALUE),
    bodyVolume: config.main_body * graph.volume,
    phiMax: config.phi_max,
    polishRounds: config.polish_rounds,
    strictness: config.strictness,
    maxHits: 0xffffffff,
    maxPushes: Infinity,
  };
}

/** Ascending ids of `nodes` to start from: all, or `count` drawn without replacement. */
function chooseSeeds(nodes: Uint32Array, count: number, seed: number): Uint32Array {
  if (count >= nodes.length) return nodes;
  const { uniform } = makeRandom(seed);
  const pool = nodes.slice();
  for (let i = 0; i < count; i++) {
    const j = i + Math.floor(uniform() * (pool.length - i));
    [pool[i], pool[j]] = [pool[j], pool[i]];
  }
  return pool.subarray(0, count).sort();
}

/** What the same search reaches in a null graph; see `nullEnvelope`. */
export function searchNull(graph: Graph, config: ClusterConfig): Envelope {
  if (graph.n === 0 || graph.volume === 0) return randomSetEnvelope;
  const all = Uint32Array.from({ length: graph.n }, (_, i) => i);
  const seeds = chooseSeeds(all, config.num_seeds ?? defaultSeeds(graph.n), config.seed);
  const minSize = config.min_size ?? defaultMinSize(graph.n);
  const found = new GraphKernel(graph).cover(
    seeds,
    searchOptions(graph, { ...config, phi_max: 1 }, minSize, graph.volume),
  );
  return nullEnvelope(found, graph);
}

/**
 * Clusters of a graph. Rounds over the tokens that are left: candidates of all seeds at all scales; accepted when they beat
 * `phi_max` and the null by `excess_min` in the whole graph and `recurrence_min` of their seeds find them again; chosen by
 * excess times recurrence, so that neither size nor a single lucky walk decides; a chosen set gives up members already
 * taken. Stops when a round assigns less than `stop_fraction`.
 */
export function coverGraph(graph: Graph, config: ClusterConfig, envelope: Envelope = randomSetEnvelope): Clustering {
  const { n } = graph;
  const minSize = config.min_size ?? defaultMinSize(n);
  const labels = new Int32Array(n).fill(-1);
  const result: Clustering = { clusters: [], labels, candidates: [], rounds: 0 };
  if (n === 0 || graph.volume === 0) return result;
  const whole = new GraphKernel(graph);
  const chosen: { candidate: Candidate; tolerance: number }[] = [];
  const inBody = new Uint8Array(n);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const nodes = Uint32Array.from(labels.keys()).filter((v) => labels[v] < 0);
    const open = nodes.filter((v) => inBody[v] === 0 && graph.degree[v] > 0);
    if (open.length < minSize) break;
    result.rounds++;
    const part = round === 0 ? graph : inducedSubgraph(graph, nodes);
    if (part.volume === 0) break;
    const kernel = round === 0 ? whole : new GraphKernel(part);
    const options = searchOptions(part, config, minSize, graph.volume);
    const seeds = chooseSeeds(open, config.num_seeds ?? defaultSeeds(n), config.seed + round);
    const index = new Int32Array(n).fill(-1);
    for (let i = 0; i < nodes.length; i++) index[nodes[i]] = i;
    const found = kernel.cover(
      Uint32Array.from(seeds, (v) => index[v]),
      options,
    );
    for (const v of seeds) if (found.body[index[v]] === options.tolerances.length) inBody[v] = 1;

    let accepted: Candidate[] = [];
    for (let i = 0; i < found.members.length; i++) {
      const members = found.members[i].map((v) => nodes[v]);
      // In a later round the graph has holes: only the whole graph says whether a set is separate.
      const phi = round === 0 ? found.conductance[i] : whole.conductance(members);
      const volume = volumeOf(graph, members);
      const excess = 1 - phi / Math.max(envelope(volume / graph.volume), 1e-300);
      if (!(phi <= config.phi_max && excess > 0 && excess >= config.excess_min)) continue;
      const { seed, scale, votes } = found;
      accepted.push({
        members,
        conductance: phi,
        volume,
        seed: nodes[seed[i]],
        scale: scale[i],
        votes: votes[i],
        excess,
        recurrence: 0,
        score: 0,
      });
    }
    rateCandidates(accepted, seeds, n, config.overlap);
    accepted = accepted.filter((c) => c.recurrence >= config.recurrence_min).sort(byScore);
    if (round === 0) result.candidates = distinct(accepted, n, ALIKE);
    let assigned = 0;
    for (const candidate of accepted) {
      const free = candidate.members.filter((v) => labels[v] < 0);
      if (free.length < minSize || free.length < FREE * candidate.members.length) continue;
      for (const v of free) labels[v] = chosen.length;
      assigned += free.length;
      chosen.push({ candidate, tolerance: options.tolerances[candidate.scale] });
    }
    if (assigned === 0 || assigned < config.stop_fraction * n) break;
  }
  if (config.assign === "neighbors") assignByNeighbors(graph, labels, config.assign_share);

  const members: number[][] = chosen.map(() => []);
  for (let v = 0; v < n; v++) if (labels[v] >= 0) members[labels[v]].push(v);
  result.clusters = chosen.map(({ candidate, tolerance }, id) => {
    whole.push(candidate.seed, config.alpha, tolerance);
    const { profile } = whole.sweep(config.rule, config.delta, minSize, graph.volume);
    return {
      id,
      size: members[id].length,
      conductance: whole.conductance(members[id]),
      seed: candidate.seed,
      members: members[id],
      sweep: Array.from(profile.subarray(0, 4 * candidate.members.length)),
      tolerance,
      excess: candidate.excess,
      recurrence: candidate.recurrence,
    };
  });
  return result;
}

/**
 * Gives unassigned nodes the cluster with most of their weight when that is at least `share` of their degree; the smaller
 * id on ties. Each pass reads the labels of the pass before, so the order of the nodes does not matter.
 */
export function assignByNeighbors(graph: Graph, labels: Int32Array, share: number): void {
  for (let pass = 0; pass < MAX_ROUNDS; pass++) {
    const before = labels.slice();
    let changed = 0;
    for (let v = 0; v < graph.n; v++) {
      if (before[v] >= 0) continue;
      const ties = new Map<number, number>();
      for (let e = graph.offsets[v]; e < graph.offsets[v + 1]; e++) {
        const label = before[graph.neighbors[e]];
        if (label >= 0) ties.set(label, (ties.get(label) ?? 0) + graph.weights[e]);
      }
      let best = -1;
      let most = 0;
      for (const [label, tie] of ties) {
        if (tie > most || (tie === most && label < best)) {
          best = label;
          most = tie;
        }
      }
      if (best >= 0 && most >= share * graph.degree[v]) {
        labels[v] = best;
        changed++;
      }
    }
    if (changed === 0) return;
  }
}
