/** Clusters of tokens against the features of a sparse autoencoder: overlap of token sets, and what makes it honest. */
import type { Firings } from "./firings";
import { checkMatch, type MatchOptions, type MatchTokens } from "./match-input";
import { type NullMaxima, nullMaxima, nullPercentile } from "./match-null";
import { bestPairs, firesOf, firingsOf, overlapOf, type Partners, setsOf, type TokenSets } from "./match-overlap";
import type {
  ClusterMatch,
  FeatureDirection,
  FeatureOverlap,
  MatchResult,
  RoleOverlap,
  TokenOverlap,
  UnionOverlap,
} from "./match-result";
import { idsOf, type Movement, movementOf, strataOf } from "./match-strata";
import { CUTS, curveOf, headlineOf, shareOf, sizesOf } from "./match-summary";
import { bestUnions } from "./match-unions";
import { saidOfMatch } from "./match-words";

/** arXiv 2601.12703: 259 of 510 clusters of Pythia-14M match features of a sparse autoencoder, by a rule it does not state. */
const PAPER = { matched: 259, clusters: 510 } as const;

/**
 * Compares clusters with features by the tokens that both have.
 *
 * For every cluster the feature of the highest F1, 2 shared / (size + fires), of equally good ones that of the lowest number.
 * With many features the best of them overlaps with any set, so the same maximum is taken after labels were permuted among tokens of
 * one id and like position (match-null.ts says when that null is exact). Beside it stands the single token id of the highest F1, as
 * target or, where `inputs` are given, as last input: a cluster that is one token is matched by whatever fires on that token. A
 * cluster counts as matched where its best F1 is above its null's percentile and above the best token id's. 5 % (or 1 %) is the level
 * for each cluster by itself: of n clusters that match nothing up to 5 % of n are expected above the 95th percentile.
 *
 * All tokens are the population, those without a cluster too. Tokens that should not count, such as a sequence's first, are to be
 * left out of all inputs. The cost is one pass over the firings a permutation: 100,000 tokens, 32,768 features, 500 clusters and 200
 * permutations took 9 s of one core with 1.6 million firings and 34 s with 10 million, in memory of 0.1 and 0.3 GB beside them.
 * @param labels [tokens]: cluster of each token, negative for none
 * @throws SpectroscopeError (`bad-input`) where lengths, numbers or options do not fit
 */
export function matchClusters(
  firings: Firings,
  labels: ArrayLike<number>,
  tokens: MatchTokens,
  given: MatchOptions = {},
): MatchResult {
  const { permutations = 200, seed = 0, strataBy = "target", stratumTokens = 8, minFires = 5, progress } = given;
  checkMatch(firings, labels, tokens, { permutations, seed, strataBy, stratumTokens, minFires });
  const sets = setsOf(labels);
  const strata = strataOf(idsOf(strataBy, tokens.targets, tokens.inputs), tokens.positions, stratumTokens);
  const pairs = bestPairs(firings, sets);
  const counted = (feature: number) => firesOf(firings, feature) >= minFires;
  const measured = { bySet: pairs.bySet.f1, byFeature: pairs.byFeature.f1 };
  const chance = nullMaxima(firings, sets, strata, measured, { permutations, seed, cuts: CUTS, counted, progress });
  const movement = movementOf(strata, sets);
  const clusters = clusterMatches(firings, sets, tokens, pairs, chance, movement);
  const clustered = sets.sizes.reduce((sum, size) => sum + size, 0);
  const members = (share: Float64Array) => share.reduce((sum, part, s) => sum + part * sets.sizes[s], 0);
  const found: Omit<MatchResult, "said"> = {
    tokens: firings.tokens,
    features: firings.features,
    clustered,
    permutations,
    seed,
    strata: {
      by: strataBy,
      least: stratumTokens,
      count: strata.starts.length - 1,
      onePosition: firings.tokens > 0 ? strata.onePosition / firings.tokens : 0,
      free: shareOf(members(movement.free), clustered),
      exchanged: shareOf(members(movement.exchanged), clustered),
      fixed: movement.free.filter((share) => share === 0).length,
    },
    clusters,
    headline: headlineOf(clusters),
    above95: clusters.filter(({ above95 }) => above95).length,
    aboveToken: clusters.filter(({ aboveToken }) => aboveToken).length,
    paper: PAPER,
    curve: curveOf(clusters, chance),
    bySize: sizesOf(clusters, chance),
    otherDirection: featureDirection(firings, sets, pairs.byFeature, chance, minFires),
  };
  return { ...found, said: saidOfMatch(found) };
}

function clusterMatches(
  firings: Firings,
  sets: ReturnType<typeof setsOf>,
  tokens: MatchTokens,
  { bySet, byMatthews }: ReturnType<typeof bestPairs>,
  chance: NullMaxima,
  movement: Movement,
): ClusterMatch[] {
  const unions = bestUnions(firings, sets, bySet);
  const kinds = [tokenKind("target", tokens.targets, sets)];
  if (tokens.inputs) kinds.push(tokenKind("input", tokens.inputs, sets));
  const roleOf = rolesOf(firings, sets, tokens.roles);
  const overlap = (feature: number, shared: number, size: number): FeatureOverlap => {
    const fires = firesOf(firings, feature);
    return { feature, fires, ...overlapOf(shared, fires, size, firings.tokens) };
  };
  return sets.labels.map((cluster, s) => {
    const size = sets.sizes[s];
    const { partner, shared, f1 } = bySet;
    const best = partner[s] >= 0 ? overlap(partner[s], shared[s], size) : null;
    const other = byMatthews.partner[s];
    // Of equally good ones the first is taken, so that a target wins over an input.
    const token = kinds.map((kind) => kind.single(s)).reduce((a, b) => (b.f1 > a.f1 ? b : a));
    const tokenUnion = kinds.map((kind) => kind.union(s)).reduce((a, b) => (b.f1 > a.f1 ? b : a));
    const { permutations, maxima, p } = chance;
    const own = maxima.subarray(s * permutations, (s + 1) * permutations);
    const [p95, p99] = [nullPercentile(own, 95), nullPercentile(own, 99)];
    return {
      cluster,
      size,
      best,
      ...(other >= 0 && other !== partner[s] && { bestByMatthews: overlap(other, byMatthews.shared[s], size) }),
      chance: {
        mean: own.reduce((sum, value) => sum + value, 0) / permutations,
        p95,
        p99,
        p: p[s],
        free: movement.free[s],
        exchanged: movement.exchanged[s],
      },
      token,
      above95: f1[s] > p95,
      above99: f1[s] > p99,
      aboveToken: f1[s] > token.f1,
      union: unions[s],
      tokenUnion,
      ...roleOf(s, partner[s]),
    };
  });
}

/** Single ids of one kind, and unions of them, beside clusters. */
function tokenKind(as: "target" | "input", ids: ArrayLike<number>, sets: TokenSets) {
  const { firings, values } = firingsOf(ids);
  const { bySet } = bestPairs(firings, sets);
  const unions = bestUnions(firings, sets, bySet);
  return {
    single(s: number): TokenOverlap {
      const index = bySet.partner[s];
      const count = firesOf(firings, index);
      return {
        id: values[index],
        as,
        tokens: count,
        ...overlapOf(bySet.shared[s], count, sets.sizes[s], firings.tokens),
      };
    },
    union(s: number): UnionOverlap & { readonly as: "target" | "input" } {
      return { as, ...unions[s], parts: unions[s].parts.map((index) => values[index]) };
    },
  };
}

/** The best role of a cluster, and of the feature that it is matched by. */
function rolesOf(firings: Firings, sets: TokenSets, roles: MatchTokens["roles"]) {
  if (!roles) return () => ({});
  const known = setsOf(roles.numbers);
  const ofClusters = bestPairs(firingsOf(roles.numbers).firings, sets).bySet;
  const ofFeatures = bestPairs(firings, known).byFeature;
  const named = ({ partner, f1 }: Partners, i: number): RoleOverlap | undefined =>
    partner[i] >= 0 ? { name: roles.names[known.labels[partner[i]]], f1: f1[i] } : undefined;
  return (s: number, feature: number) => {
    const role = named(ofClusters, s);
    const featureRole = feature >= 0 ? named(ofFeatures, feature) : undefined;
    return { ...(role && { role }), ...(featureRole && { featureRole }) };
  };
}

function featureDirection(
  firings: Firings,
  sets: TokenSets & { readonly labels: readonly number[] },
  { partner, shared, f1 }: Partners,
  { featureP, featureCounts }: NullMaxima,
  minFires: number,
): FeatureDirection {
  const firing = Array.from({ length: firings.features }, (_, feature) => firesOf(firings, feature));
  const counted = [...firing.keys()].filter((feature) => firing[feature] >= minFires);
  const above95 = counted.filter((feature) => partner[feature] >= 0 && featureP[feature] <= 0.05).length;
  return {
    minFires,
    counted: counted.length,
    neverFire: firing.filter((fires) => fires === 0).length,
    above95,
    share95: shareOf(above95, counted.length),
    curve: CUTS.map((cut, c) => ({
      cut,
      share: shareOf(counted.filter((feature) => f1[feature] >= cut).length, counted.length),
      chance: shareOf(featureCounts[c], counted.length),
    })),
    matches: counted
      .filter((feature) => f1[feature] >= CUTS[0])
      .map((feature) => ({
        feature,
        fires: firing[feature],
        cluster: sets.labels[partner[feature]],
        p: featureP[feature],
        ...overlapOf(shared[feature], firing[feature], sets.sizes[partner[feature]], firings.tokens),
      })),
  };
}
