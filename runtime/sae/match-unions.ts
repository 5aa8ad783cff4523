/** Unions of a few features against sets: greedy, and a small beam search. */
import type { Firings } from "./firings";
import { f1Of, firesOf, type Partners, type TokenSets, visitFeatures } from "./match-overlap";
import type { UnionOverlap } from "./match-result";

/** Features of a union at most. */
const PARTS = 3;
/** Candidates by each of two orders. */
const POOL = 48;
/** Unions that are carried on. */
const BEAM = 8;

/** A feature that might be part of a union. */
interface Candidate {
  readonly feature: number;
  readonly shared: number;
  readonly value: number;
}

/** The highest of many by value, of equal ones the lower feature; trimmed now and then. */
class Highest {
  private kept: Candidate[] = [];
  private floor = Number.NEGATIVE_INFINITY;

  constructor(private readonly count: number) {}

  add(candidate: Candidate): void {
    if (candidate.value < this.floor) return;
    this.kept.push(candidate);
    if (this.kept.length >= 4 * this.count) this.list();
  }

  list(): readonly Candidate[] {
    this.kept.sort((a, b) => b.value - a.value || a.feature - b.feature);
    this.kept.length = Math.min(this.kept.length, this.count);
    if (this.kept.length === this.count) this.floor = this.kept[this.count - 1].value;
    return this.kept;
  }
}

/** Features, the tokens of any of them, and those of the set among them. */
interface Union {
  /** Ascending. */
  readonly parts: readonly number[];
  readonly tokens: number;
  readonly shared: number;
  readonly f1: number;
}

const NONE: Union = { parts: [], tokens: 0, shared: 0, f1: 0 };

/** Higher F1 first, then fewer parts, then lower numbers. */
function compare(a: Union, b: Union): number {
  if (a.f1 !== b.f1) return b.f1 - a.f1;
  if (a.parts.length !== b.parts.length) return a.parts.length - b.parts.length;
  for (let i = 0; i < a.parts.length; i++) if (a.parts[i] !== b.parts[i]) return a.parts[i] - b.parts[i];
  return 0;
}

/**
 * For every set a union of up to three features with a high F1. Candidates are the 48 features of the highest F1 and the 48 with
 * the most 2 shared - F fires, F the highest F1: what a feature gains at that level. Of their unions the 8 best are carried on, and
 * beside them the best one at each step (greedy). The best union of all features is at least as good as what is found.
 * @param best the best feature of every set
 */
export function bestUnions(firings: Firings, sets: TokenSets, best: Partners): UnionOverlap[] {
  const byF1 = Array.from(sets.sizes, () => new Highest(POOL));
  const byGain = Array.from(sets.sizes, () => new Highest(POOL));
  visitFeatures(firings, sets.of, sets.sizes.length, (feature, fires, met, count, counts) => {
    for (let i = 0; i < count; i++) {
      const set = met[i];
      const shared = counts[set];
      byF1[set].add({ feature, shared, value: f1Of(shared, fires, sets.sizes[set]) });
      byGain[set].add({ feature, shared, value: 2 * shared - best.f1[set] * fires });
    }
  });
  const search = new UnionSearch(firings, sets);
  return Array.from(sets.sizes, (_, set) => {
    const candidates = new Map([...byF1[set].list(), ...byGain[set].list()].map((each) => [each.feature, each]));
    const pool = [...candidates.values()].sort((a, b) => a.feature - b.feature);
    const greedy = search.best(set, pool, 1);
    const wide = search.best(set, pool, BEAM);
    return { ...(compare(greedy, wide) <= 0 ? greedy : wide), greedyF1: greedy.f1 };
  });
}

/** Grows unions for one set at a time. */
class UnionSearch {
  /** [tokens]: the last union that had the token. */
  private readonly seen: Uint32Array;
  private unions = 0;

  constructor(
    private readonly firings: Firings,
    private readonly sets: TokenSets,
  ) {
    this.seen = new Uint32Array(firings.tokens);
  }

  /** The best union met when the `width` best are carried on. */
  best(set: number, pool: readonly Candidate[], width: number): Union {
    let best = NONE;
    let carried = [NONE];
    for (let size = 1; size <= PARTS; size++) {
      carried = this.grow(set, carried, pool, width);
      if (carried.length === 0) break;
      if (compare(carried[0], best) < 0) best = carried[0];
    }
    return best;
  }

  /** The best unions that have one part more. */
  private grow(set: number, carried: readonly Union[], pool: readonly Candidate[], width: number): Union[] {
    const { starts, members } = this.firings;
    const size = this.sets.sizes[set];
    const next = new Map<string, Union>();
    let floor = 0;
    const keep = (union: Union) => {
      next.set(union.parts.join(), union);
      if (next.size < 2 * width) return;
      const kept = [...next].sort(([, a], [, b]) => compare(a, b)).slice(0, width);
      floor = kept[width - 1][1].f1;
      next.clear();
      for (const [key, each] of kept) next.set(key, each);
    };
    for (const union of carried) {
      const mark = ++this.unions;
      for (const part of union.parts)
        for (let i = starts[part]; i < starts[part + 1]; i++) this.seen[members[i]] = mark;
      for (const { feature, shared } of pool) {
        if (union.parts.includes(feature)) continue;
        // No union with it can have more of the set, nor fewer tokens.
        const fewest = Math.max(union.tokens, firesOf(this.firings, feature));
        if (f1Of(Math.min(size, union.shared + shared), fewest, size) < floor) continue;
        let more = 0;
        let moreShared = 0;
        for (let i = starts[feature]; i < starts[feature + 1]; i++) {
          const token = members[i];
          if (this.seen[token] === mark) continue;
          more++;
          if (this.sets.of[token] === set) moreShared++;
        }
        const tokens = union.tokens + more;
        const both = union.shared + moreShared;
        const parts = [...union.parts, feature].sort((a, b) => a - b);
        keep({ parts, tokens, shared: both, f1: f1Of(both, tokens, size) });
      }
    }
    return [...next.values()].sort(compare).slice(0, width);
  }
}
