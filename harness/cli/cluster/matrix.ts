import type { Graph } from "../../../kernels/graph/csr";
import { clusterTokens } from "../../../runtime/cluster/cluster";
import { squashOf } from "../../../runtime/cluster/config";
import type { ChosenPreset } from "../../../runtime/cluster/presets";
import { meanProfiles } from "../../../runtime/cluster/profile";
import { matrixReruns, resample } from "../../../runtime/cluster/resampling";
import { usage } from "../../../runtime/config/schema";
import { runConfig } from "../../../runtime/measure/config";
import type { Device } from "../../../runtime/plan/device";
import type { Matrix } from "../../../runtime/statistics/matrix";
import { Progress } from "../progress";
import { labelsFor } from "./checks";
import { type Finished, finish } from "./finish";
import { type ClusterValues, deviceIfAny, labelsOf, sayPreset, settingsOf } from "./options";
import { pointFacts, Stages } from "./outcome";
import { readMatrix } from "./read-matrix";
import type { ReportInput } from "./report";

/** rows^2 columns from which a GPU is looked for: below, the host finds neighbors in a few seconds. */
const GPU_FROM = 2e11;

/** `cluster --matrix`: the rows of any matrix. */
export async function clusterMatrix(path: string, out: string, values: ClusterValues): Promise<number> {
  const { changes, preset } = settingsOf(values, "matrix");
  const config = runConfig({ cluster: preset.keys }, "defaults", changes).cluster;
  if (config.columns === "correlation") {
    throw usage(
      "columns is correlation, and a matrix has no draws",
      "leave it out, or choose zscore, asinh, rank or none; cluster a run for correlations of its chi",
    );
  }
  const progress = new Progress(values.json);
  sayPreset(preset, values, progress);
  const stages = new Stages(progress);
  stages.begin("read");
  const given = await labelsOf(values);
  const { matrix, names, said } = await readMatrix(path);
  for (const line of said) progress.say(line);
  const { k } = preset.keys;
  if (typeof k === "number" && config.k === k && k >= matrix.rows && matrix.rows > 1)
    throw usage(
      `preset ${preset.name} takes k = ${k} neighbors, and ${path} has ${matrix.rows} rows`,
      `add --set k=N with N below ${matrix.rows}, or take another preset`,
    );
  const labels = labelsFor(given, { n: matrix.rows, unit: "rows" }, progress);
  const large = matrix.rows ** 2 * matrix.cols > GPU_FROM;
  const device =
    large || values.adapter !== undefined
      ? await deviceIfAny(values.adapter, progress, "neighbors are found on the host")
      : undefined;
  try {
    return await clusterRows(path, out, {
      matrix,
      names,
      said,
      labels,
      config,
      preset,
      device,
      progress,
      stages,
      values,
    });
  } finally {
    device?.close();
  }
}

interface Rows extends Pick<Finished, "config" | "progress" | "stages" | "labels" | "values"> {
  readonly matrix: Matrix;
  /** Of the columns, where the file has them. */
  readonly names?: readonly string[];
  /** What was made of the file, in words. */
  readonly said: readonly string[];
  readonly device?: Device;
  readonly preset: ChosenPreset;
}

async function clusterRows(path: string, out: string, given: Rows): Promise<number> {
  const { matrix, names, said, device, labels, config, preset, progress, stages, values } = given;
  const options = { threads: values.threads, device };
  const made: Pick<ReportInput, "graph" | "points">[] = [];
  const onGraph = (graph: Graph, points?: Matrix) => void made.push({ graph, points });
  const result = await clusterTokens(matrix, config, { ...options, onGraph, progress: stages.report });
  const { clusters, k, points, neighbors } = result;
  if (neighbors) {
    const { method, why, recall } = neighbors;
    const measured = recall ? `, recall ${recall.value.toFixed(4)} on ${recall.queries} queries` : "";
    progress.say(`neighbors by ${method}${measured}: ${why}`);
  }
  const reruns = matrixReruns(matrix, config, options);
  const stability = config.stability > 0 ? await resample(clusters, config, reruns, stages.report) : undefined;
  stages.begin("write");
  const profiles = meanProfiles(clusters, matrix, squashOf(config));
  const extras = profiles.map(({ mean, error }, i) => ({
    profile: mean,
    profileError: error,
    stability: stability?.[i],
  }));
  const input = {
    matrix: path,
    ...{ rows: matrix.rows, columns: matrix.cols, k },
    column_names: names ?? null,
    points: pointFacts(points),
    preset,
  };
  const found = neighbors ? [["Neighbors", `${k} a row, ${neighbors.method}`] as const] : [];
  const shape = ["Shape", `${matrix.rows} rows, ${matrix.cols} columns`] as const;
  const report = { file: path, ...made[0], columns: names, facts: [shape, ...found], leftOut: said };
  const told = { input, unit: "rows", out, config, report };
  return finish({ ...told, progress, stages, result, extras, labels, stability, values });
}
