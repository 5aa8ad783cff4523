import { SpectroscopeError } from "../../../kernels/errors";
import { clusterTokens } from "../../../runtime/cluster/cluster";
import { type ClusterConfig, parseClusterConfig } from "../../../runtime/cluster/config";
import type { Matrix } from "../../../runtime/cluster/matrix";
import { type Device, openDevice } from "../../../runtime/device/device";
import { writeAtomic } from "../../../runtime/store/files";
import { readNpy } from "../../../runtime/store/npy-file";
import { RunDirectory } from "../../../runtime/store/run-directory";
import { configOf, runConfig } from "../../measure/config";
import { analyzeRun, writeReport } from "../../measure/run";
import { refuseShard } from "../../measure/units";
import { ADAPTER, command, JSON_FLAG, output } from "../command";
import { usage } from "../fields";
import { SET_OPTION } from "../options";
import { Progress } from "../progress";
import { summary, table, words } from "./run";

/** Clusters a run again, or the rows of any matrix. */
export const cluster = command(
  {
    name: "cluster",
    summary: "Cluster the tokens of a run again, or the rows of any matrix.",
    options: {
      matrix: { type: "string", placeholder: "FILE", help: ".npy of shape [rows, columns] instead of a run" },
      out: { type: "string", placeholder: "FILE", help: "JSON lines, one cluster a line (with --matrix: required)" },
      set: SET_OPTION,
      seed: { type: "integer", min: 0, help: "short for --set seed=N" },
      adapter: ADAPTER,
      json: JSON_FLAG,
    },
    positionals: [{ name: "RUN", help: "run directory", optional: true }],
    examples: ["cluster runs/nano --set k=15", "cluster --matrix X.npy --out clusters.jsonl"],
  },
  async ({ values, positionals }) => {
    const progress = new Progress(values.json);
    const sets = [...(values.set ?? []), ...(values.seed === undefined ? [] : [`seed=${values.seed}`])];
    const [path] = positionals;
    if ((path === undefined) === (values.matrix === undefined)) {
      throw usage("cluster needs a run directory or --matrix FILE, and not both", "see spectroscope cluster --help");
    }
    const changes = sets.map((set) => (set.startsWith("cluster.") ? set : `cluster.${set}`));
    if (path !== undefined) {
      const directory = await RunDirectory.openExisting(path);
      refuseShard(directory);
      const config = runConfig(configOf(directory), `${path}/manifest.json`, changes);
      const device = await deviceIfAny(values.adapter, progress);
      try {
        const results = await analyzeRun(directory, config, progress, device);
        const report = await writeReport(directory);
        if (values.out) await writeAtomic(values.out, lines(results.clusters));
        output(
          values.json
            ? JSON.stringify({ run: path, ...summary(results) })
            : `${table(results)}\n${words(results.advice)}report: ${report}`,
        );
        return 0;
      } finally {
        device?.close();
      }
    }
    if (values.out === undefined) throw usage("--out is missing", "write --out clusters.jsonl");
    const matrix = await readMatrix(values.matrix!);
    const config: ClusterConfig = runConfig({}, "defaults", changes).cluster;
    const { clusters, labels } = await clusterTokens(matrix, parseClusterConfig(config));
    await writeAtomic(values.out, lines(clusters));
    const covered = labels.filter((label) => label >= 0).length / labels.length;
    output(
      values.json
        ? JSON.stringify({
            rows: matrix.rows,
            columns: matrix.cols,
            clusters: clusters.length,
            covered,
            out: values.out,
          })
        : `${clusters.length} clusters, ${(100 * covered).toFixed(1)} % of ${matrix.rows} rows: ${values.out}`,
    );
    return 0;
  },
);

/** The activations baseline needs an adapter; everything else of a clustering does not. */
async function deviceIfAny(adapter: string | undefined, progress: Progress): Promise<Device | undefined> {
  try {
    return await openDevice({ adapter });
  } catch (error) {
    if (!(error instanceof SpectroscopeError) || error.code !== "no-adapter") throw error;
    progress.say("no adapter: the activations baseline is left out");
    return undefined;
  }
}

async function readMatrix(path: string): Promise<Matrix> {
  const { shape, data } = await readNpy(path);
  if (shape.length !== 2) throw usage(`${path}: has ${shape.length} axes, a matrix has 2`, "give [rows, columns]");
  return { rows: shape[0], cols: shape[1], data: Float64Array.from(data) };
}

interface Line {
  readonly id: number;
  readonly members: readonly number[];
  readonly conductance: number;
  readonly seed: number;
}

/** One JSON object a line; `members` are row indices. */
function lines(clusters: readonly Line[]): string {
  return clusters
    .map(
      ({ id, members, conductance, seed }) =>
        `${JSON.stringify({ id, size: members.length, conductance, seed, members })}\n`,
    )
    .join("");
}
