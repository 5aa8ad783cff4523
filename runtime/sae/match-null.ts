/** The null of a match: the same maximum over all features after tokens of one id and like position exchanged their labels. */
import type { Firings } from "./firings";
import { highestF1, type TokenSets } from "./match-overlap";
import { permuteLabels, type Strata } from "./match-strata";

/** What permutations gave. */
export interface NullMaxima {
  readonly permutations: number;
  /** [sets, permutations]: highest F1 over all features, ascending within a set. */
  readonly maxima: Float64Array;
  /** [sets]: (1 + permutations whose maximum is at least the measured one) / (1 + permutations). */
  readonly p: Float64Array;
  /** [features]: the same of the highest F1 over all sets. */
  readonly featureP: Float64Array;
  /** [cuts, permutations]: share of sets whose maximum is at least the cut, ascending within a cut. */
  readonly shares: Float64Array;
  /** [cuts]: mean number of features, of those counted, whose highest F1 is at least the cut. */
  readonly featureCounts: Float64Array;
}

/**
 * Percentile `percent` of ascending null values such that it is surpassed just where p = (1 + #{null >= measured}) / (1 + R) is
 * at most 1 - percent / 100: the k-th largest of R values, k the whole part of (100 - percent) (R + 1) / 100. Infinite where R is
 * too small to say.
 */
export function nullPercentile(ascending: ArrayLike<number>, percent: number): number {
  const rank = Math.floor(((100 - percent) * (ascending.length + 1)) / 100);
  return rank > 0 ? ascending[ascending.length - rank] : Number.POSITIVE_INFINITY;
}

/**
 * Permutes labels and finds the same maxima again.
 *
 * Under the null a token's label is independent of what fires on it, given its id and the bin of its position: within a stratum
 * all arrangements of labels are equally likely, whatever the firings. Measured labels and R permuted ones are then exchangeable,
 * each permutation being uniform and independent of the others, and so are the R + 1 values of any statistic of labels and
 * firings, such as the maximum over all features. The measured one is among the k largest with probability at most k / (R + 1):
 * p holds its level exactly, but for ties, which make it smaller. A set is permuted together with all others, which changes
 * nothing for it: by itself it is a random set of its own number of tokens in each stratum.
 *
 * What it rests on: strata that depend on ids and positions and on nothing else, and labels that are exchangeable in them. Where
 * positions were merged, labels and firings that both follow the position within a bin are not of this null, and such a pair may
 * pass it. Where neighboring tokens, or those of one text, tend to have one label and to have the same features firing, tokens count
 * for less than their number, the null is too narrow, and a pair that has nothing but texts in common may pass it: of made-up labels
 * and features that each follow texts at random nearly all do (match-null.test.ts).
 * @param measured highest F1 of every set [sets] and every feature [features]
 * @param counted [features]: whether the feature is counted in `featureCounts`
 */
export function nullMaxima(
  firings: Firings,
  sets: TokenSets,
  strata: Strata,
  measured: { readonly bySet: Float64Array; readonly byFeature: Float64Array },
  options: {
    readonly permutations: number;
    readonly seed: number;
    readonly cuts: readonly number[];
    readonly counted: (feature: number) => boolean;
    readonly progress?: (done: number, total: number) => void;
  },
): NullMaxima {
  const { permutations, seed, cuts, counted, progress } = options;
  const count = sets.sizes.length;
  const maxima = new Float64Array(count * permutations);
  const atLeast = new Float64Array(count);
  const featureAtLeast = new Float64Array(firings.features);
  const shares = new Float64Array(cuts.length * permutations);
  const featureCounts = new Float64Array(cuts.length);
  const bySet = new Float64Array(count);
  const byFeature = new Float64Array(firings.features);
  const of = new Int32Array(sets.of.length);
  for (let r = 0; r < permutations; r++) {
    permuteLabels(strata, sets.of, seed, r, of);
    highestF1(firings, { of, sizes: sets.sizes }, bySet, byFeature);
    for (let s = 0; s < count; s++) {
      maxima[s * permutations + r] = bySet[s];
      if (bySet[s] >= measured.bySet[s]) atLeast[s]++;
      for (let c = 0; c < cuts.length && bySet[s] >= cuts[c]; c++) shares[c * permutations + r]++;
    }
    for (let f = 0; f < byFeature.length; f++) {
      if (byFeature[f] >= measured.byFeature[f]) featureAtLeast[f]++;
      if (byFeature[f] >= cuts[0] && counted(f))
        for (let c = 0; c < cuts.length && byFeature[f] >= cuts[c]; c++) featureCounts[c]++;
    }
    progress?.(r + 1, permutations);
  }
  const part = (values: Float64Array, i: number) => values.subarray(i * permutations, (i + 1) * permutations);
  for (let s = 0; s < count; s++) part(maxima, s).sort();
  for (let c = 0; c < cuts.length; c++) part(shares, c).sort();
  const p = (times: number) => (1 + times) / (1 + permutations);
  return {
    permutations,
    maxima,
    p: atLeast.map(p),
    featureP: featureAtLeast.map(p),
    shares: shares.map((matched) => matched / count),
    featureCounts: featureCounts.map((times) => times / permutations),
  };
}
