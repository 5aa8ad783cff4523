/** One graph, every method: rounds in which ours and the peers take turns, scored against the same truth. */
import { type Graph, graphFromEdges } from "../../../kernels/graph/csr";
import { clusterGraph, clusterTokens } from "../../../runtime/cluster/cluster";
import { type ClusterConfig, defaultMinSize } from "../../../runtime/cluster/config";
import { scorePartition } from "../../../runtime/cluster/score";
import type { BenchGraph } from "./catalogue";
import { GRAPH_PEERS, type Peer, type Peers, POINT_PEER } from "./peers";

/** One method on one graph. */
export interface MethodRow {
  readonly graph: string;
  readonly nodes: number;
  readonly edges: number;
  readonly method: string;
  /** Median over `rounds`; absent when the method failed. */
  readonly seconds?: number;
  /** Seconds of processor time, of all threads together; of ours alone. It says more than `seconds` where others are at work. */
  readonly busy?: number;
  readonly rounds: number;
  /** These seconds over those of ours on the same graph. */
  readonly ratio?: number;
  /** Clusters of two nodes or more. */
  readonly clusters?: number;
  /** Share of the nodes with a label. */
  readonly covered?: number;
  /** Against the truth, nodes without a label as singletons; absent without a truth. */
  readonly ari?: number;
  readonly nmi?: number;
  /** Lowest and highest ARI where rounds had seeds of their own; `ari` is then that of the middle round. */
  readonly ariRange?: readonly [number, number];
  /** Why there is no result. */
  readonly failure?: string;
}

export const OURS = "spectroscope";
export const OURS_FROM_POINTS = "spectroscope, points";

/** Rounds of a method at most; one that takes longer than this many seconds has one. */
const ROUNDS = 3;
const CHEAP_SECONDS = 5;
/** HDBSCAN is given up to this many points: its time grows with their square in many dimensions. */
const POINT_PEER_ROWS = 20_000;

type Answer = { labels: Int32Array; seconds: number; busy?: number } | { failure: string };

/** What is asked of the methods. */
export interface CompareOptions {
  /** Of ours; the peers have their own ways. */
  readonly threads?: number;
  /** Those that cluster the graph. */
  readonly graphPeers?: readonly Peer[];
  /** Of ours where it clusters the points. */
  readonly config?: Partial<ClusterConfig>;
  /** Whether peers have another seed in each round: 1, 2, 3. */
  readonly seeds?: boolean;
}

/** Compares on one graph, and where there are points on these. */
export async function compare(bench: BenchGraph, peers?: Peers, options: CompareOptions = {}): Promise<MethodRow[]> {
  const methods = methodsOn(bench, peers, options);
  const answers = new Map<string, Answer[]>([...methods.keys()].map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, run] of methods) {
      const answer = await run(options.seeds ? round + 1 : 1);
      answers.get(name)!.push(answer);
      if ("failure" in answer || answer.seconds > CHEAP_SECONDS) methods.delete(name);
    }
  }
  const rows = [...answers].map(([name, found]) =>
    row(bench, name, found, Boolean(options.seeds) && (GRAPH_PEERS as readonly string[]).includes(name)),
  );
  const [first] = rows;
  return rows.map((r) => (r.seconds && first.seconds ? { ...r, ratio: r.seconds / first.seconds } : r));
}

/** What answers for a seed, by name: ours first. Only peers look at the seed. */
function methodsOn(
  bench: BenchGraph,
  peers: Peers | undefined,
  { threads, graphPeers = GRAPH_PEERS, config = {} }: CompareOptions,
): Map<string, (seed: number) => Promise<Answer>> {
  const { graph, points } = bench;
  const built = graphFromEdges(graph.n, graph.ends);
  const minSize = defaultMinSize(graph.n, "column_shuffle");
  const methods = new Map<string, (seed: number) => Promise<Answer>>([[OURS, () => ours(built, threads)]]);
  const ask = (name: Peer) => methods.set(name, (seed) => peers!.run(name, bench, minSize, seed));
  if (peers) graphPeers.forEach(ask);
  if (points) {
    methods.set(OURS_FROM_POINTS, () =>
      timed(async () => (await clusterTokens(points, config, { threads, profiles: false })).labels),
    );
    if (peers && graph.n <= POINT_PEER_ROWS) ask(POINT_PEER);
  }
  return methods;
}

const ours = (graph: Graph, threads?: number) =>
  timed(async () => (await clusterGraph(graph, {}, { threads, profiles: false })).labels);

async function timed(run: () => Promise<Int32Array>): Promise<Answer> {
  const started = performance.now();
  const before = process.cpuUsage();
  const labels = await run();
  const { user, system } = process.cpuUsage(before);
  return { labels, seconds: (performance.now() - started) / 1000, busy: (user + system) / 1e6 };
}

function row({ name, graph }: BenchGraph, method: string, answers: Answer[], seeds: boolean): MethodRow {
  const base = { graph: name, nodes: graph.n, edges: graph.ends.length / 2, method, rounds: answers.length };
  const failed = answers.find((answer) => "failure" in answer);
  if (failed) return { ...base, failure: failed.failure };
  const good = answers as Exclude<Answer, { failure: string }>[];
  const scores = graph.truth && good.map(({ labels }) => scorePartition(labels, graph.truth!));
  const order = scores ? Array.from(scores.keys()).sort((a, b) => scores[a].ari - scores[b].ari) : [0];
  const middle = order[order.length >> 1];
  const { labels } = good[middle];
  const sizes = new Map<number, number>();
  let labeled = 0;
  for (const label of labels) {
    if (label < 0) continue;
    labeled++;
    sizes.set(label, (sizes.get(label) ?? 0) + 1);
  }
  return {
    ...base,
    seconds: median(good.map(({ seconds }) => seconds)),
    ...(good[0].busy === undefined ? {} : { busy: median(good.map(({ busy }) => busy!)) }),
    clusters: [...sizes.values()].filter((size) => size > 1).length,
    covered: labeled / graph.n,
    ...(scores ? pick(scores[middle]) : {}),
    ...(scores && seeds ? { ariRange: [scores[order[0]].ari, scores[order[order.length - 1]].ari] as const } : {}),
  };
}

const pick = ({ ari, nmi }: { ari: number; nmi: number }) => ({ ari, nmi });

/** The middle value, the upper one of an even number. */
export const median = (values: readonly number[]): number =>
  values.length === 0 ? Number.NaN : [...values].sort((a, b) => a - b)[values.length >> 1];
