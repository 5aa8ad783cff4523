/** Clusters again on half of what was measured: which are found again. Halves are drawn by Philox, keyed by meaning. */
import { type Graph, inducedSubgraph } from "../../kernels/graph/csr";
import { deriveKey, words } from "../../kernels/philox/philox";
import { type Matrix, takeRows } from "../statistics/matrix";
import { type ClusterOptions, clusterGraph, clusterTokens } from "./cluster";
import type { ClusterConfig } from "./config";
import { ROWS_LOSE } from "./normalize";
import type { TokenSet } from "./score";
import type { SearchOptions } from "./search-options";
import { bestMatches } from "./stability";

/**
 * Mean Jaccard index of a cluster with its best match over the repeats of each resampling that was run. A kind is absent where
 * it was not run, or where no half held a member.
 */
export interface ClusterStability {
  readonly repeats: number;
  /** Half the tokens; within the half. */
  readonly tokens?: number;
  /** Half the components. */
  readonly components?: number;
  /** Half the chains. */
  readonly chains?: number;
}

/** What there is halves of. */
export type Resampled = "tokens" | "components" | "chains";

/** Ascending numbers of half of `count` things (rounded up), drawn without replacement. */
export function drawHalf(count: number, seed: number, what: Resampled, repeat: number): Uint32Array {
  const half = Math.ceil(count / 2);
  const draws = words(deriveKey(seed, "half", what, repeat), 0, half);
  const pool = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = 0; i < half; i++) {
    const j = i + Math.floor((draws[i] * (count - i)) / 2 ** 32);
    const held = pool[i];
    pool[i] = pool[j];
    pool[j] = held;
  }
  return pool.slice(0, half).sort();
}

/** How to cluster again on a part of one kind, and how many there are. Sets of a part of the tokens are numbered within it. */
export interface Rerun {
  readonly count: number;
  run(kept: Uint32Array): Promise<readonly TokenSet[]>;
}

/** Stability of clusters under each resampling given, `config.stability` repeats of each. */
export async function resample(
  clusters: readonly TokenSet[],
  config: Pick<ClusterConfig, "seed" | "stability">,
  reruns: Partial<Record<Resampled, Rerun>>,
  progress?: ClusterOptions["progress"],
): Promise<ClusterStability[]> {
  const { seed, stability: repeats } = config;
  const kinds = Object.entries(reruns) as [Resampled, Rerun][];
  if (clusters.length === 0) return [];
  const out = clusters.map((): Record<string, number> => ({ repeats }));
  let done = 0;
  for (const [what, { count, run }] of kinds) {
    const sums = new Float64Array(clusters.length);
    const counted = new Uint32Array(clusters.length);
    for (let repeat = 0; repeat < repeats; repeat++) {
      progress?.("stability", done++, kinds.length * repeats);
      const kept = drawHalf(count, seed, what, repeat);
      const found = await run(kept);
      const sets = what === "tokens" ? within(clusters, kept) : clusters;
      bestMatches(sets, found).forEach((best, i) => {
        if (sets[i].members.length === 0) return;
        sums[i] += best;
        counted[i]++;
      });
    }
    for (const [i, own] of out.entries()) if (counted[i] > 0) own[what] = sums[i] / counted[i];
  }
  return out as unknown as ClusterStability[];
}

/** The members that a half keeps, by their places in it. */
function within(sets: readonly TokenSet[], kept: Uint32Array): TokenSet[] {
  const place = new Map<number, number>();
  kept.forEach((token, i) => {
    place.set(token, i);
  });
  return sets.map(({ members }) => ({
    members: Array.from(members)
      .map((token) => place.get(token) ?? -1)
      .filter((at) => at >= 0),
  }));
}

/** Settings that count tokens, halved with them; k stays below the tokens that are left. */
function halved(config: ClusterConfig, tokens: number): ClusterConfig {
  const half = (value: number | null, least: number) =>
    value === null ? null : Math.max(least, Math.round(value / 2));
  const k = half(config.k, 1);
  const counts = { min_size: half(config.min_size, 2), num_seeds: half(config.num_seeds, 1) };
  return { ...config, ...counts, k: k === null ? null : Math.min(k, Math.max(1, tokens - 1)) };
}

/**
 * Reruns on half the rows and on half the columns of a matrix; the latter only where half of them leaves points a dimension to
 * differ in.
 */
export function matrixReruns(
  matrix: Matrix,
  config: ClusterConfig,
  { progress, ...options }: ClusterOptions = {},
): { tokens: Rerun; components?: Rerun } {
  const { weights, halves } = options;
  const run = async (part: Matrix, own: ClusterConfig, changed: ClusterOptions) =>
    part.rows > 1 ? (await clusterTokens(part, own, { ...options, ...changed })).clusters : [];
  const both = (take: (m: Matrix) => Matrix) => halves && ([take(halves[0]), take(halves[1])] as const);
  const tokens = (kept: Uint32Array) => {
    const take = (m: Matrix) => takeRows(m, kept);
    return run(take(matrix), halved(config, kept.length), { halves: both(take) });
  };
  const components = (kept: Uint32Array) => {
    const take = (m: Matrix) => takeColumns(m, kept);
    const own = weights && Float64Array.from(kept, (c) => weights[c]);
    return run(take(matrix), config, { halves: both(take), weights: own });
  };
  const enough = Math.ceil(matrix.cols / 2) > ROWS_LOSE[config.rows];
  return {
    tokens: { count: matrix.rows, run: tokens },
    ...(enough ? { components: { count: matrix.cols, run: components } } : {}),
  };
}

/** Reruns on half the nodes of a graph, with the edges among them. */
export function graphReruns(graph: Graph, config: ClusterConfig, { threads }: SearchOptions = {}): { tokens: Rerun } {
  const run = async (kept: Uint32Array) =>
    (await clusterGraph(inducedSubgraph(graph, kept), halved(config, kept.length), { threads })).clusters;
  return { tokens: { count: graph.n, run } };
}

function takeColumns({ rows, cols, data }: Matrix, kept: Uint32Array): Matrix {
  const out = new Float64Array(rows * kept.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < kept.length; j++) out[i * kept.length + j] = data[i * cols + kept[j]];
  return { rows, cols: kept.length, data: out };
}
