/** Merges of the refinement: clusters as nodes of a graph that is contracted. */
import type { ClusterTies } from "../../kernels/graph/partition";
import { Contraction } from "./contraction";

interface Pair {
  readonly strength: number;
  readonly tie: number;
  readonly a: number;
  readonly b: number;
}

/** Whether a and b, with that weight between them, are to be one. */
export type ShouldMerge = (a: number, b: number, tie: number, now: Contraction) => boolean;

/**
 * Merges clusters, the most strongly tied first, in rounds in which each merges at most once, until no pair should.
 * @param active clusters that may merge
 * @returns `[clusters]`: the cluster that each is part of now, the lowest number of them
 */
export function contract(ties: ClusterTies, active: readonly number[], should: ShouldMerge): Int32Array {
  const now = new Contraction(ties);
  const count = ties.volume.length;
  const may = new Uint8Array(count);
  /** Clusters that are new or have taken in others: with them pairs are looked at anew. What else should merge still should. */
  const fresh = new Uint8Array(count);
  for (const c of active) {
    may[c] = 1;
    fresh[c] = 1;
  }
  let look = active;
  let pairs: Pair[] = [];
  const taken = new Uint8Array(count);
  while (look.length > 0) {
    for (const a of look) addPairs(pairs, now, a, may, fresh, should);
    pairs.sort((p, q) => q.strength - p.strength || p.a - q.a || p.b - q.b);
    for (const c of look) fresh[c] = 0;
    const grown: number[] = [];
    for (const { a, b, tie } of pairs) {
      if (taken[a] === 0 && taken[b] === 0) {
        now.join(a, b, tie);
        may[b] = 0;
        fresh[a] = 1;
        grown.push(a);
      }
      taken[a] = 1;
      taken[b] = 1;
    }
    for (const { a, b } of pairs) {
      taken[a] = 0;
      taken[b] = 0;
    }
    pairs = pairs.filter(({ a, b }) => may[a] === 1 && may[b] === 1 && fresh[a] === 0 && fresh[b] === 0);
    look = grown;
  }
  return now.result();
}

/** Adds the pairs of a with others that should merge: each once, also where both are fresh. */
function addPairs(
  pairs: Pair[],
  now: Contraction,
  a: number,
  may: Uint8Array,
  fresh: Uint8Array,
  should: ShouldMerge,
): void {
  now.meet(a);
  const { met, tie, volume } = now;
  for (let i = 0; i < now.metCount; i++) {
    const c = met[i];
    if (may[c] === 0 || (c < a && fresh[c] === 1)) continue;
    const [low, high] = a < c ? [a, c] : [c, a];
    if (should(low, high, tie[c], now))
      pairs.push({ strength: tie[c] / (volume[a] * volume[c]), tie: tie[c], a: low, b: high });
  }
}

/**
 * Clusters that do not stand out join what they are most strongly tied to, the one with the highest conductance first, as long as
 * no other stops standing out by that; where none is left to join they are given up.
 * @param total volume of the graph
 * @param stands whether a cluster of that conductance, volume and size stands out
 * @returns as `contract` does; -1 for what was given up
 */
export function joinWeak(
  ties: ClusterTies,
  total: number,
  stands: (conductance: number, volume: number, size: number) => boolean,
): Int32Array {
  const now = new Contraction(ties);
  const { volume, size, inside } = now;
  const conductance = (within: number, vol: number) => {
    const smaller = Math.min(vol, total - vol);
    return smaller > 0 ? (vol - within) / smaller : 1;
  };
  const phis = Float64Array.from(volume, (vol, c) => conductance(inside[c], vol));
  const weak = Uint8Array.from(volume, (vol, c) => (stands(phis[c], vol, size[c]) ? 0 : 1));
  const open = new Set(volume.keys());
  for (;;) {
    let weakest = -1;
    for (const c of open) if (weak[c] === 1 && (weakest < 0 || phis[c] > phis[weakest])) weakest = c;
    if (weakest < 0) break;
    now.meet(weakest);
    const others = Array.from(now.met.subarray(0, now.metCount));
    others.sort((a, b) => now.tie[b] / volume[b] - now.tie[a] / volume[a] || a - b);
    const found = others.find((c) => {
      const vol = volume[weakest] + volume[c];
      const phi = conductance(inside[weakest] + inside[c] + 2 * now.tie[c], vol);
      return weak[c] === 1 || stands(phi, vol, size[weakest] + size[c]);
    });
    open.delete(weakest);
    if (found === undefined) {
      now.giveUp(weakest);
      continue;
    }
    const [into, from] = [Math.min(weakest, found), Math.max(weakest, found)];
    now.join(into, from, now.tie[found]);
    open.delete(from);
    open.add(into);
    phis[into] = conductance(inside[into], volume[into]);
    weak[into] = stands(phis[into], volume[into], size[into]) ? 0 : 1;
  }
  return now.result();
}
