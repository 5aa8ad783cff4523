/** How much tokens of features and tokens of disjoint sets overlap: one pass over the firings, nothing of size features x sets. */
import type { Firings } from "./firings";
import type { Overlap } from "./match-result";

/** Disjoint sets of tokens. */
export interface TokenSets {
  /** [tokens]: number of the token's set, -1 for none. */
  readonly of: Int32Array;
  /** [sets]: tokens of each. */
  readonly sizes: Int32Array;
}

/** The best partner of each of many; of equally good ones the one of lowest number. -1 where none shares a token. */
export interface Partners {
  readonly partner: Int32Array;
  /** Tokens that both have. */
  readonly shared: Int32Array;
  /** F1 of the pair; 0 where there is none. */
  readonly f1: Float64Array;
}

/** F1 of two sets: 2 shared / (a + b). Equal quotients are equal in f64, so that ties are ties. */
export const f1Of = (shared: number, a: number, b: number) => (a + b > 0 ? (2 * shared) / (a + b) : 0);

/**
 * Matthews' correlation coefficient of two sets among `tokens`, -1 to 1: the correlation phi of their indicators. 0 where a set
 * is empty or is all tokens, as scikit-learn has it. It is not the mean maximum cosine that is called MCC elsewhere.
 */
function matthewsOf(shared: number, a: number, b: number, tokens: number): number {
  const spread = Math.sqrt(a) * Math.sqrt(b) * Math.sqrt(tokens - a) * Math.sqrt(tokens - b);
  return spread > 0 ? (shared * tokens - a * b) / spread : 0;
}

/** All scores of a pair: `fires` tokens are found, `size` were to be found. Shares of nothing are 0. */
export function overlapOf(shared: number, fires: number, size: number, tokens: number): Overlap {
  const either = fires + size - shared;
  return {
    shared,
    precision: fires > 0 ? shared / fires : 0,
    recall: size > 0 ? shared / size : 0,
    f1: f1Of(shared, fires, size),
    jaccard: either > 0 ? shared / either : 0,
    matthews: matthewsOf(shared, fires, size, tokens),
  };
}

/** Tokens that a feature fires on. */
export const firesOf = ({ starts }: Firings, feature: number) => starts[feature + 1] - starts[feature];

/** What is told of a feature: it shares tokens with the first `count` sets of `met`, with set s as many as `shared[s]`. */
export type Visit = (feature: number, fires: number, met: Int32Array, count: number, shared: Int32Array) => void;

/** Visits every feature that fires, in ascending order. `of` [tokens] names sets below `sets`, or -1. */
export function visitFeatures(
  { features, starts, members }: Firings,
  of: Int32Array,
  sets: number,
  visit: Visit,
): void {
  const shared = new Int32Array(sets);
  const met = new Int32Array(sets);
  for (let f = 0; f < features; f++) {
    const end = starts[f + 1];
    if (end === starts[f]) continue;
    let count = 0;
    for (let i = starts[f]; i < end; i++) {
      const set = of[members[i]];
      if (set >= 0 && shared[set]++ === 0) met[count++] = set;
    }
    visit(f, end - starts[f], met, count, shared);
    for (let i = 0; i < count; i++) shared[met[i]] = 0;
  }
}

/** Nobody has a partner yet. */
const alone = (count: number): Partners => ({
  partner: new Int32Array(count).fill(-1),
  shared: new Int32Array(count),
  f1: new Float64Array(count),
});

/**
 * The best feature of every set and the best set of every feature, by F1; of every set also the best feature by Matthews'
 * coefficient, where one is above 0. Jaccard's index is F1 / (2 - F1): it grows with F1 and has the same best pairs.
 */
export function bestPairs(firings: Firings, { of, sizes }: TokenSets) {
  const bySet = alone(sizes.length);
  const byFeature = alone(firings.features);
  const byMatthews = { partner: new Int32Array(sizes.length).fill(-1), shared: new Int32Array(sizes.length) };
  const matthews = new Float64Array(sizes.length);
  visitFeatures(firings, of, sizes.length, (feature, fires, met, count, shared) => {
    for (let i = 0; i < count; i++) {
      const set = met[i];
      const both = shared[set];
      const f1 = (2 * both) / (fires + sizes[set]);
      if (f1 > bySet.f1[set]) {
        bySet.f1[set] = f1;
        bySet.partner[set] = feature;
        bySet.shared[set] = both;
      }
      // Sets are met in the order of tokens, not of their numbers.
      if (f1 > byFeature.f1[feature] || (f1 === byFeature.f1[feature] && set < byFeature.partner[feature])) {
        byFeature.f1[feature] = f1;
        byFeature.partner[feature] = set;
        byFeature.shared[feature] = both;
      }
      const coefficient = matthewsOf(both, fires, sizes[set], firings.tokens);
      if (coefficient > matthews[set]) {
        matthews[set] = coefficient;
        byMatthews.partner[set] = feature;
        byMatthews.shared[set] = both;
      }
    }
  });
  return { bySet, byFeature, byMatthews };
}

/** The highest F1 of every set into `bySet` [sets], and of every feature into `byFeature` [features]: what a permutation asks for. */
export function highestF1(
  firings: Firings,
  { of, sizes }: TokenSets,
  bySet: Float64Array,
  byFeature: Float64Array,
): void {
  bySet.fill(0);
  byFeature.fill(0);
  visitFeatures(firings, of, sizes.length, (feature, fires, met, count, shared) => {
    let highest = 0;
    for (let i = 0; i < count; i++) {
      const set = met[i];
      const f1 = (2 * shared[set]) / (fires + sizes[set]);
      if (f1 > bySet[set]) bySet[set] = f1;
      if (f1 > highest) highest = f1;
    }
    byFeature[feature] = highest;
  });
}

/**
 * Tokens by a number that each has (an id, a role), as firings: one feature for every number that occurs, ascending; negative ones
 * are none.
 */
export function firingsOf(numbers: ArrayLike<number>): {
  readonly firings: Firings;
  readonly values: readonly number[];
} {
  const values = [...new Set(Array.from(numbers))].filter((number) => number >= 0).sort((a, b) => a - b);
  const index = new Map(values.map((value, i) => [value, i]));
  const starts = new Float64Array(values.length + 1);
  for (let t = 0; t < numbers.length; t++) if (numbers[t] >= 0) starts[index.get(numbers[t])! + 1]++;
  for (let f = 0; f < values.length; f++) starts[f + 1] += starts[f];
  const next = starts.slice();
  const members = new Uint32Array(starts[values.length]);
  for (let t = 0; t < numbers.length; t++) if (numbers[t] >= 0) members[next[index.get(numbers[t])!]++] = t;
  return { firings: { tokens: numbers.length, features: values.length, starts, members }, values };
}

/** Disjoint sets by a label that each token has, negative for none: sets are numbered by ascending label. */
export function setsOf(labels: ArrayLike<number>): TokenSets & { readonly labels: readonly number[] } {
  const found = [...new Set(Array.from(labels))].filter((label) => label >= 0).sort((a, b) => a - b);
  const index = new Map(found.map((label, i) => [label, i]));
  const sizes = new Int32Array(found.length);
  const of = Int32Array.from(labels, (label: number) => {
    const set = index.get(label) ?? -1;
    if (set >= 0) sizes[set]++;
    return set;
  });
  return { of, sizes, labels: found };
}
