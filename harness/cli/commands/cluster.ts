import { stat } from "node:fs/promises";
import { join } from "node:path";
import { clusterSchema } from "../../../runtime/cluster/config";
import type { ClusterStability } from "../../../runtime/cluster/resampling";
import { usage } from "../../../runtime/config/schema";
import { openUnit } from "../../../runtime/measure/chi-tables";
import { configOf, runConfig } from "../../../runtime/measure/config";
import { analyze } from "../../../runtime/measure/measure";
import { ANALYSIS_FILES, readClusterLines } from "../../../runtime/measure/run-files";
import { refuseShard } from "../../../runtime/measure/units";
import { checkWritable } from "../../../runtime/node/files";
import { writeOutput } from "../../../runtime/node/output-file";
import { writeReport } from "../../report/write";
import { attentionOf } from "../attention";
import { checkOut, labelsFor } from "../cluster/checks";
import { clusterNodes } from "../cluster/graph";
import { clusterMatrix } from "../cluster/matrix";
import { CLUSTER_OPTIONS, type ClusterValues, deviceIfAny, labelsOf, sayPreset, settingsOf } from "../cluster/options";
import { conductances, meanStability, pointFacts, scoresAgainst, scoreWords } from "../cluster/outcome";
import { command, output } from "../command";
import { Progress } from "../progress";
import { openRun } from "../stores";
import { openSubject } from "../subject";
import { adviceLines, comparisonLines, scoreTable, summary } from "../tables/results";

/** Clusters a run again, the rows of any matrix, or the nodes of any graph. */
export const cluster = command(
  {
    name: "cluster",
    summary: "Cluster the tokens of a run again, the rows of any matrix, or the nodes of any graph.",
    options: CLUSTER_OPTIONS,
    positionals: [{ name: "RUN", help: "run directory", optional: true }],
    config: {
      title: "Keys of the clustering, for --set; what is not set is the default, whatever RUN had",
      schema: clusterSchema,
    },
    examples: [
      "cluster runs/nano --set k=15",
      "cluster --matrix X.npy --out clusters.jsonl",
      "cluster --matrix X.npy --preset points --out clusters.jsonl",
      "cluster --graph edges.tsv --labels truth.txt --out clusters.jsonl --report clusters.html",
    ],
  },
  async ({ values, positionals }) => {
    const [path] = positionals;
    const inputs = [path, values.matrix, values.graph].filter((one) => one !== undefined);
    if (inputs.length !== 1)
      throw usage(
        "cluster needs one of a run directory, --matrix FILE and --graph FILE",
        "see spectroscope cluster --help",
      );
    if (path !== undefined && values.report !== undefined)
      throw usage(
        "--report is for --matrix and --graph",
        `a run has a report of its own: ${join(path, "report.html")}`,
      );
    if (path !== undefined && (await isFile(path)))
      throw usage(`${path} is a file, and a run is a directory`, `give --matrix ${path} or --graph ${path}`);
    if (path !== undefined) return clusterRun(path, values);
    if (values.out === undefined) throw usage("--out is missing", "write --out clusters.jsonl");
    const { matrix, graph, labels } = values;
    await checkOut(values.out, { matrix, graph, labels });
    if (values.report !== undefined)
      await checkOut(values.report, { matrix, graph, labels, out: values.out }, "report");
    return matrix !== undefined ? clusterMatrix(matrix, values.out, values) : clusterNodes(graph!, values.out, values);
  },
);

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );

/** `cluster RUN`: all its feature sets and controls again. */
async function clusterRun(path: string, values: ClusterValues): Promise<number> {
  const progress = new Progress(values.json);
  const run = await openRun(path);
  refuseShard(run);
  const { changes, preset } = settingsOf(values, "run");
  const config = runConfig({ ...configOf(run), cluster: preset.keys }, `${path}/manifest.json`, changes);
  if (values.out !== undefined) await checkOut(values.out, { labels: values.labels });
  for (const name of ANALYSIS_FILES) if (!name.endsWith(".zarr")) await checkWritable(join(path, name));
  const given = await labelsOf(values);
  const [sampled] = run.units("done");
  const tokens = given && sampled !== undefined ? (await openUnit(run, sampled)).tokens : 0;
  const labels = tokens > 0 ? labelsFor(given, { n: tokens, unit: "rows" }, progress) : undefined;
  sayPreset(preset, values, progress);
  const attention = attentionOf(progress);
  const subject = await openSubject(config, progress);
  const device = await deviceIfAny(values.adapter, progress, "the activations baseline is left out");
  try {
    const results = await analyze(run, { ...subject, ...attention, device, threads: values.threads });
    const report = await writeReport(run, path);
    if (values.out !== undefined) await writeOutput(values.out, await readClusterLines(run));
    const { clusters, clustering } = results;
    const scores = labels && scoresAgainst(labels, clusters, config.cluster);
    if (values.json) {
      const stability = clusters.flatMap((one) => one.stability ?? []) as ClusterStability[];
      const how = { ...clustering, points: pointFacts(clustering.points) };
      const found = { clustering: how, stability: meanStability(stability, config.cluster.stability) };
      const conductance = conductances(clusters);
      output(
        JSON.stringify({ run: path, preset, ...summary(results), conductance, ...found, label_scores: scores ?? null }),
      );
    } else {
      const against = scores ? `${scoreWords(scores)}\n` : "";
      output(
        `${scoreTable(results)}\n${against}${comparisonLines(results.comparisons)}${adviceLines(results.advice)}report: ${report}`,
      );
    }
    return 0;
  } finally {
    device?.close();
  }
}
