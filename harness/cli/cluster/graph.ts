import { clusterGraph } from "../../../runtime/cluster/cluster";
import { DEFAULT_GRAPH_NULL } from "../../../runtime/cluster/config";
import { graphReruns, resample } from "../../../runtime/cluster/resampling";
import { usage } from "../../../runtime/config/schema";
import { runConfig } from "../../../runtime/measure/config";
import { Progress } from "../progress";
import { checkLabels } from "./checks";
import { finish } from "./finish";
import { type ClusterValues, changesOf, labelsOf } from "./options";
import { Stages } from "./outcome";
import { droppedWords, readGraph } from "./read-graph";

/** Settings that make points and their neighbors: a graph has none. */
const OF_POINTS = ["columns", "rows", "whiten", "whiten_rank", "k", "column_weights", "reliability_z", "neighbors"];

/** `cluster --graph`: the nodes of any graph. */
export async function clusterNodes(path: string, out: string, values: ClusterValues): Promise<number> {
  const changes = changesOf(values);
  const given = new Set(changes.map((change) => change.slice("cluster.".length).split("=")[0]));
  const config = runConfig({}, "defaults", changes).cluster;
  const unfit = OF_POINTS.find((key) => given.has(key));
  if (unfit)
    throw usage(`${unfit} has no meaning for a graph`, "it is for points, before there is a graph: leave it out");
  if (!given.has("null")) config.null = DEFAULT_GRAPH_NULL;
  const progress = new Progress(values.json);
  const stages = new Stages(progress);
  stages.begin("read");
  const labels = await labelsOf(values);
  const read = await readGraph(path, given.has("symmetrize") ? config.symmetrize : undefined);
  const { graph, names, dropped, header } = read;
  checkLabels(labels, values.labels, graph.n);
  const leftOut = droppedWords(read);
  for (const line of leftOut) progress.say(line);
  const report = { file: path, graph, names, facts: [], leftOut, unfit: OF_POINTS };
  const options = { threads: values.threads };
  const result = await clusterGraph(graph, config, { ...options, progress: stages.report });
  const reruns = graphReruns(graph, config, options);
  const stability = config.stability > 0 ? await resample(result.clusters, config, reruns, stages.report) : undefined;
  stages.begin("write");
  const extras = result.clusters.map((_, i) => ({ names, stability: stability?.[i] }));
  const input = {
    graph_file: path,
    rows: graph.n,
    named: names !== undefined,
    header: header ?? null,
    dropped: {
      self_loops: dropped.selfLoops,
      repeats: dropped.repeats,
      zero_weights: dropped.zeroWeights,
      one_sided: dropped.oneSided,
    },
  };
  const told = { input, unit: "nodes", out, config, report };
  return finish({ ...told, progress, stages, result, extras, labels, stability, values });
}
