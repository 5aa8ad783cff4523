/** Candidate sets with what selection needs, and what a null reaches. */
import type { FoundSet } from "../../kernels/graph/reference";

export interface Candidate extends FoundSet {
  /** First seed whose walk found it. */
  seed: number;
  /** Searches that ended in exactly this set. */
  votes: number;
  /** 1 - conductance / lowest null conductance at this volume; higher is better, 0 is what the null reaches. */
  excess: number;
  /** Share of the seeds tried among its members whose search found a set like it; see `rateRecurrence`. */
  recurrence: number;
}

/** Lowest conductance that a search reaches without structure, as a function of the share of the volume. */
export type Envelope = (share: number) => number;

/** A random set of that share of the volume; used when no null is searched. */
export const randomSetEnvelope: Envelope = (share) => Math.max(1 - share, share);

/** What sets of a null reached: share of its volume, and conductance. */
export type NullPoint = { share: number; conductance: number };

/** Sets of a null of this part of a volume, up to it, are what a set is held against. */
const WINDOW = 1 / 8;

/**
 * The lower envelope of sets of every size in null graphs: the lowest conductance at that share of the volume, or down to an eighth
 * of it. Still smaller sets do not speak for it: where edges are few, points at the fringe make small sets of low conductance, and
 * no large one. Where the window holds none, sets of the next smaller size speak, and below the smallest that one. Without sets:
 * `randomSetEnvelope`.
 */
export function nullEnvelope(found: readonly NullPoint[]): Envelope {
  const points = [...found].sort((a, b) => a.share - b.share || a.conductance - b.conductance);
  const { length } = points;
  if (length === 0) return randomSetEnvelope;
  /** Number of sets of a share below `share`, or of at most `share`. */
  const count = (share: number, most: boolean) => {
    let low = 0;
    let high = length;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (points[mid].share < share || (most && points[mid].share === share)) low = mid + 1;
      else high = mid;
    }
    return low;
  };
  return (share) => {
    const end = Math.max(1, count(share, true));
    const begin = Math.min(count(points[end - 1].share, false), count(share * WINDOW, false));
    let lowest = Infinity;
    for (let i = begin; i < end; i++) lowest = Math.min(lowest, points[i].conductance);
    return lowest;
  };
}

/** Share by which a conductance lies below what the null reaches at that share of the volume. */
export const excessOf = (conductance: number, share: number, envelope: Envelope) =>
  1 - conductance / Math.max(envelope(share), 1e-300);

/** Members looked at to find overlapping candidates: the Jaccard index is estimated from this many, evenly spaced. */
const PROBES = 64;

/**
 * Sets `recurrence`: of the seeds tried among a candidate's members, the share whose search ended in a set with a Jaccard
 * index of at least `overlap` with it.
 * @param trials each seed with the candidate that it stands for, or none
 */
export function rateRecurrence(
  candidates: readonly Candidate[],
  trials: readonly { seed: number; found: Candidate | undefined }[],
  n: number,
  overlap: number,
): void {
  const { starts, holders } = invert(candidates, n);
  const number = new Map(candidates.map((candidate, i) => [candidate, i]));
  const outcome = new Int32Array(n).fill(-2);
  for (const { seed, found } of trials) outcome[seed] = found ? (number.get(found) ?? -1) : -1;
  const shared = new Uint32Array(candidates.length);
  const like = new Uint8Array(candidates.length);
  for (const candidate of candidates) {
    const { members } = candidate;
    const probes = Math.min(PROBES, members.length);
    const touched: number[] = [];
    for (let i = 0; i < probes; i++) {
      const v = members[Math.floor((i * members.length) / probes)];
      for (let e = starts[v]; e < starts[v + 1]; e++) if (shared[holders[e]]++ === 0) touched.push(holders[e]);
    }
    for (const other of touched) {
      const both = (shared[other] * members.length) / probes;
      shared[other] = 0;
      like[other] = both >= overlap * (members.length + candidates[other].members.length - both) ? 1 : 0;
    }
    let tried = 0;
    let again = 0;
    for (const v of members) {
      if (outcome[v] === -2) continue;
      tried++;
      if (outcome[v] >= 0) again += like[outcome[v]];
    }
    for (const other of touched) like[other] = 0;
    candidate.recurrence = tried > 0 ? again / tried : 0;
  }
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

/** Sets the mark of each member. A function of its own, for engines compile those and not a long loop that runs once. */
export function markAll(marks: Uint8Array, members: Uint32Array): void {
  for (let i = 0; i < members.length; i++) marks[members[i]] = 1;
}

/**
 * Lowest conductance first, but sets of more than `half` of the volume behind all others: what is not in a smaller set is theirs.
 * Among equals the larger, then by members and scale, so that the order never depends on the sort.
 */
export const byConductance = (half: number) => (a: Candidate, b: Candidate) =>
  Number(a.volume > half) - Number(b.volume > half) ||
  a.conductance - b.conductance ||
  b.members.length - a.members.length ||
  a.members[0] - b.members[0] ||
  a.seed - b.seed ||
  a.scale - b.scale;

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
