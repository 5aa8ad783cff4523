import { leftOutAdvice } from "../../../runtime/cluster/advice";
import type { GraphClustering } from "../../../runtime/cluster/cluster";
import { clusterLine, type LineExtras } from "../../../runtime/cluster/cluster-lines";
import type { ClusterConfig } from "../../../runtime/cluster/config";
import { conductanceProfile } from "../../../runtime/cluster/profile";
import type { ClusterStability } from "../../../runtime/cluster/resampling";
import type { GivenLabels } from "../../../runtime/formats/labels";
import { writeOutput } from "../../../runtime/node/output-file";
import { output } from "../command";
import type { Progress } from "../progress";
import type { ClusterValues } from "./options";
import { conductances, counted, meanStability, type Stages, scoresAgainst, scoreWords } from "./outcome";
import { type ReportInput, reportPage } from "./report";

/** A clustering that is not a run's, with all that is to be said of it. */
export interface Finished {
  /** What was read, for `--json`. */
  readonly input: Readonly<Record<string, unknown>>;
  /** What is clustered, in words. */
  readonly unit: string;
  readonly out: string;
  readonly config: ClusterConfig;
  readonly progress: Progress;
  readonly stages: Stages;
  readonly result: GraphClustering & { readonly neighbors?: unknown };
  /** Of each cluster. */
  readonly extras: readonly LineExtras[];
  readonly labels?: GivenLabels;
  readonly stability?: readonly ClusterStability[];
  readonly values: ClusterValues;
  /** For `--report`. */
  readonly report: ReportInput;
}

/** Writes the clusters, then says what they are. */
export async function finish(finished: Finished): Promise<number> {
  const { input, unit, out, config, progress, stages, extras, labels, stability, values } = finished;
  const { left, labels: found } = finished.result;
  const advice = [...finished.result.advice, ...leftOutAdvice(left, config, unit, found.length)];
  const result = { ...finished.result, advice };
  const done = { ...finished, result };
  const { clusters, graph, rounds, gamma, candidates, neighbors } = result;
  const scores = labels && scoresAgainst(labels, clusters, config);
  const page = values.report === undefined ? undefined : reportPage(done, scores);
  await writeOutput(out, clusters.map((one, i) => clusterLine(one, extras[i])).join(""));
  if (page !== undefined) await writeOutput(values.report!, page);
  const seconds = stages.end();
  const covered = clusters.reduce((sum, { size }) => sum + size, 0) / result.labels.length;
  const resampled = meanStability(stability ?? [], config.stability);
  if (values.json) {
    const counts = { rounds, gamma, clusters: clusters.length, covered, left_out: left };
    const how = { graph, neighbors: neighbors ?? null, ...counts };
    const quality = { conductance: conductances(clusters), profile: conductanceProfile(candidates) };
    const said = {
      stability: resampled,
      scores: scores ?? null,
      advice,
      seconds,
      config,
      out,
      report: values.report ?? null,
    };
    output(JSON.stringify({ ...input, ...how, ...quality, ...said }));
    return 0;
  }
  for (const line of advice) progress.say(`advice: ${line}`);
  const share = `${(100 * covered).toFixed(1)} % of ${result.labels.length} ${unit}`;
  const median = conductances(clusters)?.median;
  const piece = left ? `, ${left.nodes} in no cluster and in one piece` : "";
  const lines = [
    `${counted(clusters.length, "cluster")}, ${share}${median === undefined ? "" : `, median conductance ${median.toFixed(3)}`}${piece}: ${out}`,
  ];
  if (scores) lines.push(scoreWords(scores));
  if (resampled && clusters.length > 0) {
    const { repeats, ...kinds } = resampled;
    const each = Object.entries(kinds).map(([what, value]) => `half the ${what} ${value.toFixed(2)}`);
    lines.push(`found again (Jaccard, ${repeats} repeats): ${each.join(", ")}`);
  }
  if (values.report !== undefined) lines.push(`report: ${values.report}`);
  output(lines.join("\n"));
  return 0;
}
