/** Candidate sets with what selection needs: how far each beats the null and how often it is found again. */
import type { Graph } from "../../kernels/graph/csr";
import type { Cover } from "../../kernels/graph/reference";

export interface Candidate {
  /** Ascending token ids. */
  members: Uint32Array;
  /** In the graph in which it was found. */
  conductance: number;
  volume: number;
  seed: number;
  /** Index of the tolerance. */
  scale: number;
  /** Searches that ended in exactly this set. */
  votes: number;
  /** 1 - conductance / lowest null conductance at this volume; higher is better, 0 is what the null reaches. */
  excess: number;
  /** Share of its seeds that find it again, at most 1. */
  recurrence: number;
  /** excess * recurrence. */
  score: number;
}

/** Lowest conductance that a search reaches without structure, as a function of the share of the volume. */
export type Envelope = (share: number) => number;

/** A random set of that share of the volume; used when no null matrix is searched. */
export const randomSetEnvelope: Envelope = (share) => Math.max(1 - share, 0.5);

/**
 * The lower envelope of the candidates found in a null graph: the lowest conductance at that share of the volume or any
 * smaller one. Below the smallest candidate the smallest one speaks. Without candidates: `randomSetEnvelope`.
 */
export function nullEnvelope(found: Cover, graph: Graph): Envelope {
  const points = found.members
    .map((members, i) => ({ share: volumeOf(graph, members) / graph.volume, phi: found.conductance[i] }))
    .sort((a, b) => a.share - b.share || a.phi - b.phi);
  if (points.length === 0) return randomSetEnvelope;
  const steps: typeof points = [];
  for (const point of points) if (steps.length === 0 || point.phi < steps[steps.length - 1].phi) steps.push(point);
  return (share) => {
    let low = 0;
    let high = steps.length - 1;
    while (low < high) {
      const mid = (low + high + 1) >> 1;
      if (steps[mid].share <= share) low = mid;
      else high = mid - 1;
    }
    return steps[low].phi;
  };
}

export function volumeOf(graph: Graph, members: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < members.length; i++) sum += graph.degree[members[i]];
  return sum;
}

/** Members looked at to find overlapping candidates: the Jaccard index is estimated from this many, evenly spaced. */
const PROBES = 64;

/**
 * Sets `recurrence` and `score`: the number of searches whose set has a Jaccard index of at least `overlap` with this one,
 * over the number of seeds among its members, at most 1 (several scales may agree).
 */
export function rateCandidates(candidates: Candidate[], seeds: ArrayLike<number>, n: number, overlap: number): void {
  const isSeed = new Uint8Array(n);
  for (let i = 0; i < seeds.length; i++) isSeed[seeds[i]] = 1;
  const { starts, holders } = invert(candidates, n);
  const shared = new Uint32Array(candidates.length);
  for (const candidate of candidates) {
    const { members } = candidate;
    const probes = Math.min(PROBES, members.length);
    const touched: number[] = [];
    for (let i = 0; i < probes; i++) {
      const v = members[Math.floor((i * members.length) / probes)];
      for (let e = starts[v]; e < starts[v + 1]; e++) if (shared[holders[e]]++ === 0) touched.push(holders[e]);
    }
    let votes = 0;
    for (const other of touched) {
      const both = (shared[other] * members.length) / probes;
      shared[other] = 0;
      const union = members.length + candidates[other].members.length - both;
      if (both >= overlap * union) votes += candidates[other].votes;
    }
    let tried = 0;
    for (const v of members) tried += isSeed[v];
    candidate.recurrence = tried > 0 ? Math.min(1, votes / tried) : 0;
    candidate.score = candidate.excess * candidate.recurrence;
  }
}

/** Best score first; ties by the smaller conductance, then the members, so that the order never depends on the sort. */
export function byScore(a: Candidate, b: Candidate): number {
  return (
    b.score - a.score ||
    a.conductance - b.conductance ||
    b.members.length - a.members.length ||
    a.members[0] - b.members[0] ||
    a.seed - b.seed ||
    a.scale - b.scale
  );
}

/** Drops each candidate that has a Jaccard index of `limit` or more with a better one. Input and output by score. */
export function distinct(candidates: readonly Candidate[], n: number, limit: number): Candidate[] {
  const kept: Candidate[] = [];
  const holders: number[][] = Array.from({ length: n }, () => []);
  const shared = new Uint32Array(candidates.length);
  for (const candidate of candidates) {
    const touched: number[] = [];
    for (const v of candidate.members) for (const other of holders[v]) if (shared[other]++ === 0) touched.push(other);
    let free = true;
    for (const other of touched) {
      const union = candidate.members.length + kept[other].members.length - shared[other];
      if (shared[other] >= limit * union) free = false;
      shared[other] = 0;
    }
    if (!free) continue;
    for (const v of candidate.members) holders[v].push(kept.length);
    kept.push(candidate);
  }
  return kept;
}

/** Rows of candidate numbers for each token. */
function invert(candidates: readonly Candidate[], n: number): { starts: Uint32Array; holders: Uint32Array } {
  const starts = new Uint32Array(n + 1);
  for (const { members } of candidates) for (const v of members) starts[v + 1]++;
  for (let v = 0; v < n; v++) starts[v + 1] += starts[v];
  const fill = starts.slice();
  const holders = new Uint32Array(starts[n]);
  candidates.forEach(({ members }, i) => {
    for (const v of members) holders[fill[v]++] = i;
  });
  return { starts, holders };
}
