/** A comparison of clusters with features whose overlaps are planted: what files and reports are tested with. */

import type { SaeComparison } from "../../runtime/measure/sae-result";
import { matchClusters } from "../../runtime/sae/match";
import { firingsFrom } from "./firing-lists";

/**
 * Tokens of ids 0 to 3 in turn. For every cluster a feature that fires on all of its tokens but the first, and one more that fires on
 * every token of id 0; roles are those of `roles`.
 * @param labels [tokens]: cluster of each, negative for none
 */
export function madeUpComparison(
  labels: ArrayLike<number>,
  changes: Partial<SaeComparison> = {},
  roles?: readonly string[],
): SaeComparison {
  const tokens = labels.length;
  const all = Array.from(labels);
  const clusters = [...new Set(all)].filter((label) => label >= 0).sort((a, b) => a - b);
  const of = (cluster: number) => all.flatMap((label, t) => (label === cluster ? [t] : []));
  const lists = [...clusters.map((cluster) => of(cluster).slice(1)), all.flatMap((_, t) => (t % 4 === 0 ? [t] : []))];
  const names = [...new Set(roles ?? [])];
  const match = matchClusters(
    firingsFrom(tokens, lists),
    labels,
    {
      targets: all.map((_, t) => t % 4),
      inputs: all.map((_, t) => (t + 3) % 4),
      positions: all.map((_, t) => t % 16),
      ...(roles && { roles: { names, numbers: roles.map((role) => names.indexOf(role)) } }),
    },
    { permutations: 99, minFires: 2 },
  );
  return {
    sae: { name: "made/up", format: "none", architecture: "relu", features: lists.length, width: 8 },
    ...{ model: "nano", hook: "l0 resid_post", at: "token", active: 0, labels: "0".repeat(64) },
    ...{ leftOut: { noActivation: 3, rowStart: 0 }, l0: 1.5 },
    tokenNames: { 0: "a", 1: 'say "x", y', 2: "\n", 3: " " },
    notes: ["Made up."],
    match,
    random: [
      { l0: 1, headline: match.headline.map((row) => ({ ...row, above95: 1 })), shares: match.curve.map(() => 0.25) },
      { l0: 1, headline: match.headline.map((row) => ({ ...row, above95: 3 })), shares: match.curve.map(() => 0.75) },
    ],
    ...changes,
  };
}
