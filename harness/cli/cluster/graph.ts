import { clusterGraph } from "../../../runtime/cluster/cluster";
import { KEYS_OF_POINTS } from "../../../runtime/cluster/presets";
import { graphReruns, resample } from "../../../runtime/cluster/resampling";
import { usage } from "../../../runtime/config/schema";
import { runConfig } from "../../../runtime/measure/config";
import { Progress } from "../progress";
import { checkLabels } from "./checks";
import { finish } from "./finish";
import { type ClusterValues, labelsOf, sayPreset, settingsOf } from "./options";
import { Stages } from "./outcome";
import { droppedWords, readGraph } from "./read-graph";

/** `cluster --graph`: the nodes of any graph. */
export async function clusterNodes(path: string, out: string, values: ClusterValues): Promise<number> {
  const { changes, given, preset } = settingsOf(values, "graph");
  const config = runConfig({ cluster: preset.keys }, "defaults", changes).cluster;
  const unfit = KEYS_OF_POINTS.find((key) => given.has(key));
  if (unfit)
    throw usage(`${unfit} has no meaning for a graph`, "it is for points, before there is a graph: leave it out");
  const progress = new Progress(values.json);
  sayPreset(preset, values, progress);
  const stages = new Stages(progress);
  stages.begin("read");
  const labels = await labelsOf(values);
  const read = await readGraph(path, given.has("symmetrize") ? config.symmetrize : undefined);
  const { graph, names, dropped, header } = read;
  checkLabels(labels, values.labels, graph.n);
  for (const line of droppedWords(read)) progress.say(line);
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
    preset,
    dropped: {
      self_loops: dropped.selfLoops,
      repeats: dropped.repeats,
      zero_weights: dropped.zeroWeights,
      one_sided: dropped.oneSided,
    },
  };
  return finish({ input, unit: "nodes", out, config, progress, stages, result, extras, labels, stability, values });
}
