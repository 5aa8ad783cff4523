/** What `cluster` says of its result: quantiles, scores against labels, seconds a stage. */
import type { TokenClustering } from "../../../runtime/cluster/cluster";
import { type ClusterConfig, defaultMinSize } from "../../../runtime/cluster/config";
import type { ClusterStability, Resampled } from "../../../runtime/cluster/resampling";
import { scorePartition, scoreSets, shareAbove, type TokenSet } from "../../../runtime/cluster/score";
import type { Stage } from "../../../runtime/cluster/search-options";
import type { GivenLabels } from "../../../runtime/formats/labels";
import { sortedQuantile } from "../../../runtime/statistics/ranks";
import type { Progress } from "../progress";

/** Stages shorter than this show no progress. */
const QUIET_MS = 1000;

/** Shows progress and takes the time of stages; one may come again. */
export class Stages {
  private readonly taken: Record<string, number> = {};
  private current?: { name: string; since: number; whole?: boolean };

  constructor(private readonly progress: Progress) {}

  /** Ends the stage before, if any. */
  begin(name: string): void {
    this.end();
    this.current = { name, since: performance.now() };
  }

  /** For `clusterTokens`. */
  readonly report = (stage: Stage | "map", done: number, total: number): void => {
    if (this.current?.name !== stage) this.begin(stage);
    const { current } = this;
    // What is done before a person looks needs no line, and an end is told once.
    if (!current || current.whole || performance.now() - current.since < QUIET_MS) return;
    current.whole = done >= total;
    this.progress.update(stage, done, total, current.since);
  };

  /** Seconds by stage, in order. */
  end(): Record<string, number> {
    if (this.current) {
      const { name, since } = this.current;
      this.taken[name] = (this.taken[name] ?? 0) + (performance.now() - since) / 1000;
    }
    this.current = undefined;
    return this.taken;
  }
}

/** What became of a matrix on its way to points, for `--json`. */
export function pointFacts(points: TokenClustering["points"]): Record<string, unknown> {
  const { constantColumns, constantRows, dimensions, shrinkage } = points;
  const constant = { constant_columns: constantColumns, constant_rows: constantRows };
  return { ...constant, dimensions, shrinkage: shrinkage ?? null };
}

/** `1 cluster`, `2 clusters`. */
export const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

/** Quantiles of the conductances; null without clusters. */
export function conductances(clusters: readonly { readonly conductance: number }[]): Record<string, number> | null {
  if (clusters.length === 0) return null;
  const sorted = Float64Array.from(clusters, ({ conductance }) => conductance).sort();
  const at = (p: number) => sortedQuantile(sorted, p);
  return { lowest: at(0), quarter: at(0.25), median: at(0.5), three_quarters: at(0.75), highest: at(1) };
}

export interface LabelScores {
  /** Labels, and those of them with at least `min_count` rows: smaller ones cannot be found, and the F1 leaves them out. */
  readonly labels: number;
  readonly scored: number;
  readonly min_count: number;
  /** Share of rows with a label. */
  readonly labeled: number;
  readonly ari: number;
  readonly nmi: number;
  readonly mean_best_f1: number;
  readonly above_half: number;
  readonly above_four_fifths: number;
  readonly purity: number;
}

/** Clusters against labels; rows in no cluster or without a label are singletons for ARI and NMI. */
export function scoresAgainst(
  { numbers, names }: GivenLabels,
  clusters: readonly TokenSet[],
  config: Pick<ClusterConfig, "min_size" | "null">,
): LabelScores {
  const rows = numbers.length;
  const assigned = new Int32Array(rows).fill(-1);
  clusters.forEach(({ members }, id) => {
    for (let i = 0; i < members.length; i++) assigned[members[i]] = id;
  });
  const min_count = config.min_size ?? defaultMinSize(rows, config.null);
  const { ari, nmi, purity } = scorePartition(assigned, numbers);
  const match = scoreSets(clusters, numbers, min_count);
  return {
    ...{ labels: names.length, scored: match.perLabel.length, min_count },
    labeled: numbers.reduce((sum, label) => sum + (label >= 0 ? 1 : 0), 0) / rows,
    ...{ ari, nmi, mean_best_f1: match.meanBestF1 },
    ...{ above_half: match.shareAboveHalf, above_four_fifths: shareAbove(match, 0.8), purity },
  };
}

/** The scores as terms for a page. */
export function scoreTerms(scores: LabelScores): (readonly [string, number])[] {
  return [
    ["ARI", scores.ari],
    ["NMI", scores.nmi],
    ["Purity", scores.purity],
    ["Mean best F1", scores.mean_best_f1],
    ["Share with a label", scores.labeled],
  ];
}

/** The scores for people. */
export function scoreWords(scores: LabelScores): string {
  const { labels, scored, min_count, ari, nmi, mean_best_f1, above_half, above_four_fifths, purity } = scores;
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  return (
    `against ${counted(labels, "label")}: ARI ${ari.toFixed(3)}, NMI ${nmi.toFixed(3)}, purity ${purity.toFixed(3)}; ` +
    `of ${scored} labels with at least ${min_count} rows: mean best F1 ${mean_best_f1.toFixed(3)}, ` +
    `${percent(above_half)} above 0.5, ${percent(above_four_fifths)} above 0.8`
  );
}

/** Means over clusters of what was resampled. */
export function meanStability(all: readonly ClusterStability[], repeats: number): Record<string, number> | null {
  if (repeats === 0) return null;
  const out: Record<string, number> = { repeats };
  for (const what of ["tokens", "components", "chains"] satisfies Resampled[]) {
    const values = all.map((one) => one[what]).filter((value) => value !== undefined);
    if (values.length > 0) out[what] = values.reduce((sum, value) => sum + value, 0) / values.length;
  }
  return out;
}
