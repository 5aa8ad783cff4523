/** From a matrix of tokens x features, or a graph, to clusters: normalize, neighbors, graph, null, cover. */
import { SpectroscopeError } from "../../kernels/errors";
import type { Graph } from "../../kernels/graph/csr";
import type { Device } from "../plan/device";
import { checkMatrix, type Matrix } from "../statistics/matrix";
import { graphAdvice, pointAdvice } from "./advice";
import { type Envelope, type NullPoint, nullEnvelope, randomSetEnvelope } from "./candidates";
import {
  type ClusterConfig,
  DEFAULT_GRAPH_NULL,
  defaultK,
  defaultNullDraws,
  parseClusterConfig,
  squashOf,
} from "./config";
import { fillGaussian, rewire, shuffleColumnsInPlace } from "./controls";
import { type Clustering, type CoverOptions, coverGraph, searchNull } from "./cover";
import type { NeighborSearch } from "./knn";
import { type KnownLabels, type NeighborScores, scoreNeighbors } from "./neighbor-score";
import { findNeighbors, type NeighborFacts } from "./neighbors/find";
import type { Progress } from "./neighbors/slices";
import { type ColumnRule, normalize, type Points } from "./normalize";
import { symmetrize } from "./symmetrize";

/** What is being done, in order: points from the matrix, their neighbors, the search of the null, the clusters, those of halves. */
export type Stage = "points" | "neighbors" | "null" | "clusters" | "stability";

export interface SearchOptions {
  /** Threads that search; by default as many as there are cores. They change no result. */
  threads?: number;
  /** Told when a stage begins (done 0) and how far it is. */
  progress?: (stage: Stage, done: number, total: number) => void;
  /** Whether clusters get their sweep profile; true by default. */
  profiles?: boolean;
  /** Given the graph that is searched, its nodes in the order of the input, and of a matrix the points that it was made from. */
  onGraph?: (graph: Graph, points?: Points) => void;
}

export interface ClusterOptions extends SearchOptions {
  /** Another search than `findNeighbors` by `neighbors` of the config. */
  search?: NeighborSearch;
  /** A device that the neighbor search may use. */
  device?: Device;
  /** Another squash of the columns than the config's: of correlations, where it asks for them. */
  columns?: ColumnRule;
  /** `[cols]`: weight of each column after normalization, 0 to drop it; see `columnReliability`. */
  weights?: ArrayLike<number>;
  /** The matrix as two halves of the measurement have it: whose noise `whiten: shrinkage` whitens. */
  halves?: readonly [Matrix, Matrix];
  /** Labels by which the points' neighbors are scored; the clustering does not see them. */
  known?: KnownLabels;
}

/** Counts of a graph. */
export interface GraphFacts {
  nodes: number;
  edges: number;
  /** Nodes without an edge. */
  isolated: number;
}

export interface GraphClustering extends Clustering {
  graph: GraphFacts;
  /** What a reader should know about the input, in words. */
  advice: string[];
}

export interface TokenClustering extends GraphClustering {
  /** Neighbors a token; 0 where no graph was made. */
  k: number;
  /** How neighbors were found; null where none were, or by a search of the caller's. */
  neighbors: NeighborFacts | null;
  /** What became of the matrix on its way to points. */
  points: Pick<Points, "constantColumns" | "constantRows" | "dimensions" | "shrinkage">;
  /** By the known labels, where some are. */
  neighborScores?: NeighborScores;
}

const empty = (n: number): Clustering => ({
  clusters: [],
  labels: new Int32Array(n).fill(-1),
  candidates: [],
  rounds: 0,
  gamma: 1,
});

export function graphFacts(graph: Graph): GraphFacts {
  let isolated = 0;
  for (let v = 0; v < graph.n; v++) if (graph.offsets[v + 1] === graph.offsets[v]) isolated++;
  return { nodes: graph.n, edges: graph.neighbors.length / 2, isolated };
}

/** Points of the matrix; with `between`, of its null. */
export function pointsOf(
  matrix: Matrix,
  config: ClusterConfig,
  { columns = squashOf(config), weights, halves }: Pick<ClusterOptions, "columns" | "weights" | "halves">,
  between?: (columns: Matrix & { data: Float64Array }) => void,
): Points {
  const { rows, whiten, whiten_rank: whitenRank } = config;
  return normalize(matrix, { columns, rows, whiten, whitenRank, halves, weights, between });
}

/** The k-nearest-neighbor graph of points, and how it was found. */
async function neighborGraph(
  points: Points,
  k: number,
  config: ClusterConfig,
  options: ClusterOptions,
  progress?: Progress,
): Promise<{ graph: Graph; neighbors: NeighborFacts | null }> {
  const graphOf = (ids: Uint32Array) => symmetrize(ids, points.rows, config.symmetrize);
  if (options.search) return { graph: graphOf(await options.search(points, k)), neighbors: null };
  const { ids, method, why, recall } = await findNeighbors(points, k, {
    device: options.device,
    threads: options.threads,
    method: config.neighbors,
    seed: config.seed,
    progress,
  });
  return { graph: graphOf(ids), neighbors: { method, why, recall } };
}

const coverOptions = ({ threads, progress, profiles }: SearchOptions, stage: Stage): CoverOptions => ({
  threads,
  profiles,
  progress: progress && ((done, total) => progress(stage, done, total)),
});

/** How low a conductance null graphs have at each volume; `null` says which graphs those are. */
async function envelopeOf(
  graph: Graph,
  config: ClusterConfig,
  options: SearchOptions,
  nullPoints?: (between: (columns: Matrix & { data: Float64Array }) => void) => Promise<Graph>,
): Promise<Envelope> {
  if (config.null === "none") return randomSetEnvelope;
  const draws = config.null_draws ?? defaultNullDraws(graph.n);
  const points: NullPoint[] = [];
  for (let draw = 0; draw < draws; draw++) {
    options.progress?.("null", draw, draws);
    const made = await nullGraph(graph, config.null, config.seed + draw, nullPoints);
    for (const point of await searchNull(made, config, { threads: options.threads })) points.push(point);
  }
  options.progress?.("null", draws, draws);
  return nullEnvelope(points);
}

async function nullGraph(
  graph: Graph,
  rule: Exclude<ClusterConfig["null"], "none">,
  seed: number,
  nullPoints?: (between: (columns: Matrix & { data: Float64Array }) => void) => Promise<Graph>,
): Promise<Graph> {
  if (rule === "rewired") return rewire(graph, seed);
  if (!nullPoints)
    throw new SpectroscopeError(`null = ${rule} needs points, and this is a graph`, {
      code: "usage",
      hint: "set null=rewired or null=none",
    });
  return nullPoints((columns) => {
    if (rule === "gaussian") fillGaussian(columns, seed, "null points");
    else shuffleColumnsInPlace(columns, seed, "null points");
  });
}

/**
 * Clusters the rows of a matrix. Same input, same bytes out. Where the columns that vary leave points no dimension to
 * differ in, the result is empty and `advice` says so.
 * @param matrix tokens x components, finite
 */
export async function clusterTokens(
  matrix: Matrix,
  config: Partial<ClusterConfig> = {},
  options: ClusterOptions = {},
): Promise<TokenClustering> {
  const full = parseClusterConfig(config);
  checkMatrix(matrix, "cluster");
  const { rows } = matrix;
  if (full.k !== null && full.k >= rows)
    throw new SpectroscopeError(`k = ${full.k} neighbors asked of ${rows} rows`, {
      hint: `give k below ${rows}, or leave it out`,
    });
  options.progress?.("points", 0, 1);
  const points = pointsOf(matrix, full, options);
  const { constantColumns, constantRows, dimensions, shrinkage } = points;
  const { known, device, threads } = options;
  const neighborScores = known && (await scoreNeighbors(points, known, { device, threads }));
  const facts = {
    ...(neighborScores ? { neighborScores } : {}),
    points: { constantColumns, constantRows, dimensions, ...(shrinkage === undefined ? {} : { shrinkage }) },
    advice: pointAdvice(matrix, points, full),
  };
  if (rows < 2 || dimensions < 1)
    return { ...empty(rows), ...facts, k: 0, neighbors: null, graph: { nodes: rows, edges: 0, isolated: rows } };
  const k = full.k ?? Math.min(defaultK(rows), rows - 1);
  options.progress?.("neighbors", 0, 1);
  const { graph, neighbors } = await neighborGraph(points, k, full, options, (done, total) =>
    options.progress?.("neighbors", done, total),
  );
  options.onGraph?.(graph, points);
  const envelope = await envelopeOf(graph, full, options, async (between) => {
    const made = await neighborGraph(pointsOf(matrix, full, options, between), k, full, options);
    return made.graph;
  });
  options.progress?.("clusters", 0, 1);
  return {
    ...(await coverGraph(graph, full, envelope, coverOptions(options, "clusters"))),
    ...facts,
    k,
    neighbors,
    graph: graphFacts(graph),
  };
}

/**
 * Clusters the nodes of a graph. Same input, same bytes out.
 * @param config keys that make points (columns, rows, k, ...) have no meaning here; without `null`, `DEFAULT_GRAPH_NULL`
 */
export async function clusterGraph(
  graph: Graph,
  config: Partial<ClusterConfig> = {},
  options: SearchOptions = {},
): Promise<GraphClustering> {
  const full = parseClusterConfig({ ...config, null: config.null ?? DEFAULT_GRAPH_NULL });
  options.onGraph?.(graph);
  const envelope = await envelopeOf(graph, full, options);
  options.progress?.("clusters", 0, 1);
  const facts = graphFacts(graph);
  return {
    ...(await coverGraph(graph, full, envelope, coverOptions(options, "clusters"))),
    graph: facts,
    advice: graphAdvice(facts),
  };
}
