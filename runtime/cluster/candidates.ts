/** Candidate sets with what selection needs, and what a null reaches. */
import type { Graph } from "../../kernels/graph/csr";
import type { FoundSet } from "../../kernels/graph/reference";

export interface Candidate extends FoundSet {
  /** First seed whose walk found it. */
  seed: number;
  /** Searches that ended in exactly this set. */
  votes: number;
  /** 1 - conductance / lowest null conductance at this volume; higher is better, 0 is what the null reaches. */
  excess: number;
}

/** Lowest conductance that a search reaches without structure, as a function of the share of the volume. */
export type Envelope = (share: number) => number;

/** A random set of that share of the volume; used when no null is searched. */
export const randomSetEnvelope: Envelope = (share) => Math.max(1 - share, 0.5);

/**
 * The lower envelope of the sets found in a null graph: the lowest conductance at that share of the volume or any smaller
 * one. Below the smallest set the smallest one speaks. Without sets: `randomSetEnvelope`.
 */
export function nullEnvelope(found: readonly FoundSet[], graph: Graph): Envelope {
  const points = found
    .map(({ volume, conductance }) => ({ share: volume / graph.volume, phi: conductance }))
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

/** Share by which a conductance lies below what the null reaches at that share of the volume. */
export const excessOf = (conductance: number, share: number, envelope: Envelope) =>
  1 - conductance / Math.max(envelope(share), 1e-300);

/** Lowest conductance first; among equals the larger, then by members and scale, so that the order never depends on the sort. */
export function byConductance(a: Candidate, b: Candidate): number {
  return (
    a.conductance - b.conductance ||
    b.members.length - a.members.length ||
    a.members[0] - b.members[0] ||
    a.seed - b.seed ||
    a.scale - b.scale
  );
}

/** Drops each candidate that has a Jaccard index of `limit` or more with a better one. Input and output by conductance. */
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

/**
 * Disjoint labels from candidates, lowest conductance first: each takes its members that are still free, when they are at
 * least `minSize` and `free` of the whole. Changes `labels`; returns how many labels there are, from `first` on.
 */
export function choose(
  candidates: readonly Candidate[],
  labels: Int32Array,
  first: number,
  minSize: number,
  free: number,
): number {
  let next = first;
  for (const { members } of candidates) {
    let open = 0;
    for (const v of members) if (labels[v] < 0) open++;
    if (open < minSize || open < free * members.length) continue;
    for (const v of members) if (labels[v] < 0) labels[v] = next;
    next++;
  }
  return next;
}
