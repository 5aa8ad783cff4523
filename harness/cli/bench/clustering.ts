import { usage, type Values } from "../../../runtime/config/schema";
import { SIZES } from "../../bench/clustering/catalogue";
import { benchPlanted } from "../../bench/clustering/planted";
import { readEarlier } from "../../bench/clustering/regressions";
import { benchClustering, writeBenchGraphs } from "../../bench/clustering/run";
import { output } from "../command";
import { Progress } from "../progress";
import { pattern } from "./pattern";

/** Options of `bench --clustering` alone. */
export const clusteringOptions = {
  clustering: { type: "boolean", default: false, help: "compare clusterings on graphs with a truth instead" },
  size: {
    type: "choice",
    choices: SIZES,
    default: "10k",
    help: "nodes of the graphs that are drawn; small: rings of cliques and the like",
  },
  graphs: {
    type: "string",
    placeholder: "DIR",
    help: "compare on the graphs of a folder (.bin, .gml, .csv.gz, .tsv); with --size also on those",
  },
  methods: { type: "boolean", default: false, help: "nothing but the methods: no single seeds, threads, memory" },
  only: { type: "string", placeholder: "RE", help: "only graphs whose names match" },
  points: {
    type: "boolean",
    default: false,
    help: "matrices of points instead: shapes, .npy with .labels.txt of --graphs, with --peers scikit-learn's",
  },
  planted: {
    type: "boolean",
    default: false,
    help: "planted clusters in a body, and matrices without structure, instead",
  },
  threads: { type: "integer", min: 1, help: "threads of our clustering (default: all cores)" },
  write: { type: "string", placeholder: "DIR", help: "write the graphs to a folder and stop" },
} as const;

/** What says something of graphs or points, which are not clustered with `--planted`. */
const BESIDE_PLANTED = ["size", "graphs", "only", "write", "methods", "points", "peers", "compare"] as const;

/**
 * Compares clusterings; `peers`: also those of other libraries; `compare`: with an earlier run, and a graph on which ours lost
 * more than 0.01 ARI gives 1.
 */
export async function clusteringBench(
  values: Values<typeof clusteringOptions> & { json: boolean; peers: boolean; compare?: string },
  given: ReadonlySet<string>,
): Promise<number> {
  checkModes(values, given);
  if (values.planted) return plantedBench(values);
  if (values.write !== undefined) {
    const names = await writeBenchGraphs(values.write, values.size);
    output(values.json ? JSON.stringify({ graphs: names }) : `${names.length} graphs in ${values.write}`);
    return 0;
  }
  const earlier = values.compare === undefined ? undefined : readEarlier(values.compare);
  const progress = new Progress(values.json);
  const { SPECTROSCOPE_PYTHON: python, SPECTROSCOPE_LGC: lgc } = process.env;
  const { size, graphs, peers, threads, methods, points } = values;
  const drawn = graphs === undefined || given.has("size");
  const result = await benchClustering(
    {
      size,
      drawn,
      graphs,
      methods,
      points,
      earlier,
      peers,
      threads,
      only: pattern("--only", values.only),
      python,
      lgc,
    },
    (line) => {
      if (!values.json) output(line);
    },
    (line) => progress.say(line),
  );
  if (values.json) output(JSON.stringify(result));
  return result.changes?.some(({ worse }) => worse) ? 1 : 0;
}

/** @throws SpectroscopeError (usage) for options that do not go together */
function checkModes({ planted, points }: Values<typeof clusteringOptions>, given: ReadonlySet<string>): void {
  const other = planted && BESIDE_PLANTED.find((name) => given.has(name));
  if (other) throw usage(`--planted stands alone, and --${other} is given`, "keep one of them");
  for (const name of ["size", "write"]) {
    if (points && given.has(name)) throw usage(`--points have no --${name}`, "keep one of them");
  }
}

async function plantedBench({ threads, json }: Values<typeof clusteringOptions> & { json: boolean }): Promise<number> {
  const planted = await benchPlanted(threads, json ? () => {} : output);
  if (json) output(JSON.stringify(planted));
  return planted.passed ? 0 : 1;
}
