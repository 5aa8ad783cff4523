/** What a match of clusters and features says, in words that claim no more than it can. */
import type { MatchResult, StrataInfo } from "./match-result";

const percent = (share: number | null) => (share === null ? "none" : `${(100 * share).toFixed(1)} %`);
const some = (count: number, one: string, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;
const IDS = { target: "target id", input: "last input id", both: "target id and last input id" } as const;

/** Sentences, the headline first. */
export function saidOfMatch(found: Omit<MatchResult, "said">): string[] {
  const { clusters, features, permutations, headline, strata, paper } = found;
  if (clusters.length === 0)
    return ["There are no clusters, so there is nothing that features could match.", ...aboutFeatures(found)];
  const n = clusters.length;
  const [all] = headline;
  const said = [
    `${all.above95} of ${n} clusters (${percent(all.share95)}) have a feature, the best of ${features}, whose F1 is above both the 95th percentile ` +
      `of ${permutations} permutations and the F1 of the best single token id; ${all.above99} (${percent(all.share99)}) with the 99th. ` +
      `With an F1 of at least ${headline
        .slice(1)
        .map(({ minF1, above95 }) => `${minF1}: ${above95}`)
        .join(", ")}.`,
    `The paper (arXiv 2601.12703) says ${paper.matched} of ${paper.clusters} (${percent(paper.matched / paper.clusters)}) by a rule that it does not state, for another ` +
      "model and another autoencoder: the two shares stand beside each other and are not to be subtracted.",
    `5 % is the level for each cluster by itself: if nothing matched, up to about ${Math.round(0.05 * n)} of ${n} would be above their ` +
      `95th percentile, and ${Math.round(0.01 * n)} above their 99th. ${found.above95} are above the 95th.`,
    `${some(n - found.aboveToken, "cluster")} of ${n} ${n - found.aboveToken === 1 ? "is" : "are"} found by a single token id at least as well as by any feature: a match of those would say only ` +
      "that the feature knows the token.",
    ...aboutStrata(strata, n),
    "Permutations take tokens one by one. Where tokens of one text tend to share a cluster and features, the null is too narrow, and a match may be of texts only.",
    "A match is an overlap of tokens in this text. It does not say that one causes the other, that the model uses the feature, nor that it holds in other text; " +
      "clusters without a match may be matched by features of another layer, width or training.",
    aboutUnions(found),
    aboutScores(found),
    ...aboutFeatures(found),
    ...aboutRoles(found),
  ];
  return said;
}

function aboutStrata({ by, least, onePosition, exchanged, fixed }: StrataInfo, clusters: number): string[] {
  const said = [
    `Labels were permuted among tokens of one ${IDS[by]} and like position. ${percent(onePosition)} of the tokens are in strata of a single position; ` +
      `elsewhere neighboring positions were merged until ${least} tokens were together, or all of an id that has fewer, and a match by position within a stratum is not ruled out.`,
    `A permutation exchanges ${percent(exchanged)} of the members of clusters for other tokens. The less it can exchange, the closer the null is to the measurement, ` +
      "and the fewer matches can be told from it.",
  ];
  if (fixed > 0)
    said.push(
      `${some(fixed, "cluster")} of ${clusters} cannot move at all: no stratum of ${fixed === 1 ? "its" : "their"} members has another token. ` +
        `There the null equals the measurement, and ${fixed === 1 ? "it" : "they"} cannot be said to match.`,
    );
  return said;
}

function aboutUnions({ clusters }: Omit<MatchResult, "said">): string {
  const above = clusters.filter(({ union, tokenUnion }) => union.f1 > tokenUnion.f1).length;
  const half = clusters.filter(({ union }) => union.f1 >= 0.5).length;
  return (
    `Unions of up to three features reach an F1 of 0.5 for ${half} of ${clusters.length} clusters and are above unions of up to three token ids for ${above}. ` +
    "They have no null of their own, a union is never worse than its best part, and the search may miss the best one."
  );
}

function aboutScores({ clusters }: Omit<MatchResult, "said">): string {
  const other = clusters.filter(({ bestByMatthews }) => bestByMatthews).length;
  return (
    "Jaccard's index has the same best feature as F1 always, for it is F1 / (2 - F1); Matthews' correlation coefficient has another for " +
    `${other} of ${clusters.length} clusters.`
  );
}

function aboutFeatures({ features, otherDirection }: Omit<MatchResult, "said">): string[] {
  const { counted, minFires, neverFire, above95, share95, curve } = otherDirection;
  const fires = `${counted} of ${features} features fire on at least ${some(minFires, "token")}, ${neverFire} never`;
  if (counted === 0) return [`The other way around nothing can be said: ${fires}.`];
  const half = curve.find(({ cut }) => cut === 0.5)!;
  return [
    `The other way around: ${fires}. Of these ${percent(half.share)} have a cluster of F1 0.5 or more (${percent(half.chance)} after permutations), ` +
      `and ${above95} (${percent(share95)}) are above their permutations at 5 % each. A feature can be real without a cluster: many features may share one.`,
  ];
}

function aboutRoles({ clusters }: Omit<MatchResult, "said">): string[] {
  const known = clusters.filter(({ role, featureRole }) => role && featureRole);
  if (known.length === 0) return [];
  const same = known.filter(({ role, featureRole }) => role!.name === featureRole!.name);
  return [
    `${same.length} of ${known.length} clusters and their best features have the same best role; of these the feature finds the role better than the cluster does ` +
      `${same.filter(({ role, featureRole }) => featureRole!.f1 > role!.f1).length} times.`,
  ];
}
