import type { ClusterStability } from "../../../runtime/cluster/resampling";
import { configOf, runConfig } from "../../../runtime/measure/config";
import { openUnit } from "../../../runtime/measure/features";
import { analyzeRun, writeReport } from "../../../runtime/measure/run";
import { usage } from "../../../runtime/measure/schema";
import { refuseShard } from "../../../runtime/measure/units";
import { DirectoryStore } from "../../../runtime/node/directory-store";
import { writeAtomic } from "../../../runtime/node/files";
import { Run } from "../../../runtime/store/run";
import { clusterNodes } from "../cluster/graph";
import { checkLabels, checkOut } from "../cluster/input";
import { clusterMatrix } from "../cluster/matrix";
import { CLUSTER_OPTIONS, type ClusterValues, changesOf, deviceIfAny, labelsOf } from "../cluster/options";
import { conductances, meanStability, pointFacts, scoresAgainst, scoreWords } from "../cluster/outcome";
import { command, output } from "../command";
import { Progress } from "../progress";
import { summary, table, words } from "./run";

/** Clusters a run again, the rows of any matrix, or the nodes of any graph. */
export const cluster = command(
  {
    name: "cluster",
    summary: "Cluster the tokens of a run again, the rows of any matrix, or the nodes of any graph.",
    options: CLUSTER_OPTIONS,
    positionals: [{ name: "RUN", help: "run directory", optional: true }],
    examples: [
      "cluster runs/nano --set k=15",
      "cluster --matrix X.npy --out clusters.jsonl",
      "cluster --graph edges.tsv --labels truth.txt --out clusters.jsonl",
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
    if (path !== undefined) return clusterRun(path, values);
    if (values.out === undefined) throw usage("--out is missing", "write --out clusters.jsonl");
    const { matrix, graph, labels } = values;
    await checkOut(values.out, { matrix, graph, labels });
    return matrix !== undefined ? clusterMatrix(matrix, values.out, values) : clusterNodes(graph!, values.out, values);
  },
);

/** `cluster RUN`: all its feature sets and controls again. */
async function clusterRun(path: string, values: ClusterValues): Promise<number> {
  const progress = new Progress(values.json);
  const directory = await Run.open(new DirectoryStore(path));
  refuseShard(directory);
  const config = runConfig(configOf(directory), `${path}/manifest.json`, changesOf(values));
  if (values.out !== undefined) await checkOut(values.out, { labels: values.labels });
  const labels = await labelsOf(values);
  const [sampled] = directory.units("done");
  if (labels && sampled !== undefined) checkLabels(labels, values.labels, (await openUnit(directory, sampled)).tokens);
  // The analysis of a run clusters many matrices; this reaches all of them.
  if (values.threads !== undefined) process.env.SPECTROSCOPE_THREADS = String(values.threads);
  const device = await deviceIfAny(values.adapter, progress, "the activations baseline is left out");
  try {
    const results = await analyzeRun(directory, config, progress, device);
    const report = await writeReport(directory);
    if (values.out !== undefined) await writeAtomic(values.out, await directory.readFile("clusters.jsonl"));
    const { clusters, clustering } = results;
    const scores = labels && scoresAgainst(labels, clusters, config.cluster);
    if (values.json) {
      const stability = clusters.flatMap((one) => one.stability ?? []) as ClusterStability[];
      const how = clustering && { ...clustering, points: pointFacts(clustering.points) };
      const found = { clustering: how ?? null, stability: meanStability(stability, config.cluster.stability) };
      const conductance = conductances(clusters);
      output(JSON.stringify({ run: path, ...summary(results), conductance, ...found, label_scores: scores ?? null }));
    } else {
      const against = scores ? `${scoreWords(scores)}\n` : "";
      output(`${table(results)}\n${against}${words(results.advice)}report: ${report}`);
    }
    return 0;
  } finally {
    device?.close();
  }
}
