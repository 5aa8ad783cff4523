/** `spectroscope bench --clustering`: graphs x methods, speed of one seed, threads and memory, exact neighbors. */
import { mkdirSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { SpectroscopeError } from "../../../kernels/errors";
import type { ClusterConfig } from "../../../runtime/cluster/config";
import { CLUSTER_PRESETS } from "../../../runtime/cluster/presets";
import { defaultThreads } from "../../../runtime/threads/threads";
import { benchNeighbors, type KnnBench } from "../knn";
import { type BenchGraph, catalogue, parityGraphs, type Size } from "./catalogue";
import { compare, type MethodRow } from "./compare";
import { graphsOfFolder } from "./graph-files";
import { Peers, POINT_GRAPH_PEERS } from "./peers";
import { benchSeeds, type SeedRow } from "./per-seed";
import { pointBenches } from "./point-sets";
import { type Change, changesOf } from "./regressions";
import { benchScaling, type ScalingRow } from "./scaling";
import {
  changeLines,
  knnLine,
  METHOD_HEADER,
  methodLine,
  SCALING_HEADER,
  SEED_HEADER,
  scalingLine,
  seedLine,
} from "./table";
import { writeGraph } from "./truth-graph";

export interface ClusteringBenchOptions {
  readonly size: Size;
  /** Whether the graphs of that size are drawn; without a folder they must be. */
  readonly drawn: boolean;
  /** A folder of graphs. Without drawn ones nothing but the comparison runs. */
  readonly graphs?: string;
  /** Nothing but the comparison of methods, as always of small graphs: no single seeds, threads, memory and exact neighbors. */
  readonly methods: boolean;
  /** Rows of an earlier run, which ours is told beside. */
  readonly earlier?: readonly MethodRow[];
  /** Matrices of points instead of graphs: shapes, those of the folder, and the peers' own. Their names are chosen likewise. */
  readonly points: boolean;
  /** Only graphs whose names match. */
  readonly only: RegExp;
  readonly peers: boolean;
  /** Of ours; by default all cores. */
  readonly threads?: number;
  readonly python?: string;
  /** Path of lgc_driver. */
  readonly lgc?: string;
}

export interface ClusteringBench {
  readonly date: string;
  readonly node: string;
  readonly processor: string;
  readonly cores: number;
  readonly threads: number;
  /** Of the Python packages. */
  readonly versions: Record<string, string>;
  /** What each graph was drawn with. */
  readonly parameters: Record<string, object>;
  readonly rows: MethodRow[];
  readonly seeds: SeedRow[];
  readonly scaling: ScalingRow[];
  readonly knn?: KnnBench;
  /** Ours beside the earlier run. */
  readonly changes?: Change[];
  /** Largest resident set of this process, bytes. */
  readonly peakBytes: number;
}

/** What `cluster --matrix` is given for points as they are. */
const POINTS_CONFIG: Partial<ClusterConfig> = CLUSTER_PRESETS.points.keys;
/** Seconds that a peer gets for one graph. */
const PEER_LIMIT = 300;
/** Graphs with fewer nodes say nothing about the speed of a seed. */
const SEED_NODES = 1000;

/** Graphs to compare on, made one drawing at a time. */
async function* benchGraphs(
  options: ClusteringBenchOptions,
  parameters: Record<string, object>,
  peers: Peers | undefined,
) {
  if (options.points) {
    for await (const bench of pointBenches(options.only, options.graphs, peers, parameters))
      yield { bench, first: false };
    return;
  }
  for (const bench of options.graphs === undefined ? [] : graphsOfFolder(options.graphs))
    if (options.only.test(bench.name)) yield { bench, first: false };
  if (!options.drawn) return;
  const [first, ...others] = catalogue(options.size);
  for (const entry of [first, ...others]) {
    const names = entry.graphs.filter((name) => options.only.test(name));
    if (names.length === 0) continue;
    parameters[entry.name] = entry.parameters;
    for (const bench of await entry.make()) if (names.includes(bench.name)) yield { bench, first: entry === first };
  }
}

/** Runs it all; `print` gets the lines of the table as they come, `say` what is being done. */
export async function benchClustering(
  options: ClusteringBenchOptions,
  print: (line: string) => void,
  say: (line: string) => void,
): Promise<ClusteringBench> {
  const rows: MethodRow[] = [];
  const seeds: SeedRow[] = [];
  const scaling: ScalingRow[] = [];
  const scaled: BenchGraph[] = [];
  const parameters: Record<string, object> = {};
  const more = options.drawn && !options.points && !options.methods && options.size !== "small";
  const { threads } = options;
  const asked = options.points
    ? { threads, graphPeers: POINT_GRAPH_PEERS, config: POINTS_CONFIG, seeds: true }
    : { threads };
  const peers = options.peers ? await Peers.open(options.python, PEER_LIMIT) : undefined;
  try {
    for await (const { bench, first } of benchGraphs(options, parameters, peers)) {
      const { name, graph } = bench;
      say(`${name}: ${graph.n} nodes, ${graph.ends.length / 2} edges`);
      for (const row of await compare(bench, peers, asked)) {
        if (rows.push(row) === 1) print(METHOD_HEADER);
        print(methodLine(row));
      }
      if (more && graph.n >= SEED_NODES) seeds.push(await benchSeeds(bench, options.lgc));
      if (more && first) scaled.push(bench);
    }
  } finally {
    peers?.close();
  }
  if (rows.length === 0) {
    throw new SpectroscopeError(`--only ${options.only.source}: nothing has such a name`, { code: "usage" });
  }
  if (seeds.length > 0) print(`\n${[SEED_HEADER, ...seeds.map(seedLine)].join("\n")}`);
  if (scaled.length > 0) print(`\n${SCALING_HEADER}`);
  for (const bench of scaled) {
    say(`${bench.name}: by threads`);
    const found = await benchScaling(bench, [...new Set([1, 2, defaultThreads()])]);
    scaling.push(...found);
    print(found.map(scalingLine).join("\n"));
  }
  const knn = more ? await benchNeighbors({ python: peers && options.python }) : undefined;
  if (knn) print(`\n${knnLine(knn)}`);
  const changes = options.earlier && changesOf(options.earlier, rows);
  if (changes) print(`\n${changeLines(changes).join("\n")}`);
  return {
    date: new Date().toISOString(),
    node: process.version,
    processor: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    threads: threads ?? defaultThreads(),
    versions: peers?.versions ?? {},
    parameters,
    rows,
    seeds,
    scaling,
    knn,
    changes,
    // Kilobytes on every system that Node runs on.
    peakBytes: process.resourceUsage().maxRSS * 1024,
  };
}

/** Writes the drawn graphs of a size and those of the LocalGraphClustering golden; returns their names. */
export async function writeBenchGraphs(folder: string, size: Size): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const names = new Set<string>();
  // A graph of the golden may be one of the size's.
  for (const entry of [...catalogue(size), ...parityGraphs()]) {
    for (const { name, graph } of await entry.make()) {
      writeGraph(join(folder, name), graph);
      names.add(name);
    }
  }
  return [...names];
}
