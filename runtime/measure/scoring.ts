/** How well clusters find the known roles and modes of the data. */
import { scorePartition, scoreSets, type TokenSet } from "../cluster/score";
import type { FeatureResult } from "./analysis";
import type { Labelling, Labels } from "./corpus";
import { MIN_ROLE_TOKENS } from "./known-roles";
import type { ScoreRow } from "./report-data";

/** Tokens of each label, by its number. */
export function labelSizes({ numbers, names }: Labelling): Uint32Array {
  const sizes = new Uint32Array(names.length);
  for (const number of numbers) if (number >= 0) sizes[number]++;
  return sizes;
}

/** A clustering's counts, and its scores against the known modes and roles; those are 0 where none are known. */
export function scoreRow(result: FeatureResult, labels: Labels | undefined): ScoreRow {
  if (!labels) return countsRow(result);
  const { clusters, labels: assigned } = result.clustering;
  const sets: readonly TokenSet[] = clusters;
  const match = scoreSets(sets, labels.roles.numbers, MIN_ROLE_TOKENS);
  const byRole = scorePartition(assigned, labels.roles.numbers);
  return {
    ...countsRow(result),
    meanBestF1: match.meanBestF1,
    rolesAboveHalf: Math.round(match.shareAboveHalf * match.perLabel.length),
    ariRoles: byRole.ari,
    ariModes: scorePartition(assigned, labels.modes.numbers).ari,
    nmiRoles: byRole.nmi,
    ...(result.neighbors ? { knnAccuracy: result.neighbors.accuracy, knnPurity: result.neighbors.purity } : {}),
  };
}

function countsRow({ features, control, baseline, drawn, clustering }: FeatureResult): ScoreRow {
  const { clusters, labels } = clustering;
  return {
    features,
    control,
    ...(baseline ? { baseline: true } : {}),
    ...(drawn ? { drawn } : {}),
    clusters: clusters.length,
    covered: labels.filter((label) => label >= 0).length / labels.length,
    meanBestF1: 0,
    rolesAboveHalf: 0,
    ariRoles: 0,
    ariModes: 0,
    nmiRoles: 0,
  };
}

/** The role that a set of tokens finds best, with its F1; of equal ones the first met. */
export function bestRole(
  members: readonly number[],
  { numbers, names }: Labelling,
  sizes: Uint32Array,
): { readonly name: string; readonly f1: number } | undefined {
  const inside = new Map<number, number>();
  for (const token of members) inside.set(numbers[token], (inside.get(numbers[token]) ?? 0) + 1);
  let best: { name: string; f1: number } | undefined;
  for (const [role, count] of inside) {
    const f1 = (2 * count) / (members.length + sizes[role]);
    if (!best || f1 > best.f1) best = { name: names[role], f1 };
  }
  return best;
}
