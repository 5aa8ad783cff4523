import { clusterGraph } from "../../../runtime/cluster/cluster";
import { KEYS_OF_POINTS } from "../../../runtime/cluster/presets";
import { graphReruns, resample } from "../../../runtime/cluster/resampling";
import { usage } from "../../../runtime/config/schema";
import { runConfig } from "../../../runtime/measure/config";
import { Progress } from "../progress";
import { labelsFor } from "./checks";
import { finish } from "./finish";
import { type ClusterValues, labelsOf, sayPreset, settingsOf } from "./options";
import { Stages } from "./outcome";
import { readGraph, readWords } from "./read-graph";

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
  const labeled = await labelsOf(values);
  const read = await readGraph(path, given.has("symmetrize") ? config.symmetrize : undefined);
  const { graph, names, ids, listed, dropped, header, columns, format } = read;
  const words = readWords(read);
  for (const line of words) progress.say(line);
  const labels = labelsFor(labeled, { n: graph.n, unit: "nodes", names, ids, listed }, progress);
  const called = names ?? (ids && Array.from(ids, String));
  const report = { file: path, graph, names: called, facts: [], leftOut: words, unfit: KEYS_OF_POINTS };
  const options = { threads: values.threads };
  const result = await clusterGraph(graph, config, { ...options, progress: stages.report });
  const reruns = graphReruns(graph, config, options);
  const stability = config.stability > 0 ? await resample(result.clusters, config, reruns, stages.report) : undefined;
  stages.begin("write");
  const extras = result.clusters.map((_, i) => ({ names, ids, stability: stability?.[i] }));
  const input = {
    graph_file: path,
    rows: graph.n,
    named: names !== undefined,
    format,
    header: header ?? null,
    preset,
    columns: columns ?? null,
    ids: ids && graph.n > 0 ? { first: ids[0], last: ids[graph.n - 1], nodes: graph.n } : null,
    unread: read.unread ?? [],
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
