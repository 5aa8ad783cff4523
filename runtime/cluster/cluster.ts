/** From a matrix of tokens x features to clusters: normalize, neighbors, graph, null, cover. */
import type { Graph } from "../../kernels/graph/csr";
import { randomSetEnvelope } from "./candidates";
import { type ClusterConfig, defaultK, parseClusterConfig } from "./config";
import { shuffleColumnsInPlace } from "./controls";
import { type Clustering, coverGraph, searchNull } from "./cover";
import { type NeighborSearch, nearestNeighbors } from "./knn";
import { checkMatrix, type Matrix } from "./matrix";
import { normalize } from "./normalize";
import { symmetrize } from "./symmetrize";

export interface ClusterOptions {
  /** Exact kNN; by default the host's. */
  search?: NeighborSearch;
  /** `[cols]`: weight of each column after normalization, 0 to drop it; see `columnReliability`. */
  weights?: ArrayLike<number>;
}

/** Fewer columns than this make no graph: standardized rows of two columns are two points. */
const MIN_COLUMNS = 3;

const empty = (n: number): Clustering => ({
  clusters: [],
  labels: new Int32Array(n).fill(-1),
  candidates: [],
  rounds: 0,
});

/** The k-nearest-neighbor graph of normalized rows; `shuffleSeed` makes the null graph of column-shuffled points. */
export async function buildGraph(
  matrix: Matrix,
  config: ClusterConfig,
  options: ClusterOptions = {},
  shuffleSeed?: number,
): Promise<Graph> {
  const points = normalize(matrix, {
    columns: config.columns,
    rows: config.rows,
    whitenRank: config.whiten_rank,
    weights: options.weights,
    between: shuffleSeed === undefined ? undefined : (columns) => shuffleColumnsInPlace(columns, shuffleSeed),
  });
  const k = config.k ?? Math.min(defaultK(matrix.rows), matrix.rows - 1);
  const neighbors = await (options.search ?? nearestNeighbors)(points, k);
  return symmetrize(neighbors, matrix.rows, config.symmetrize);
}

/**
 * Clusters the rows of a matrix. Same input, same bytes out. With weights of which fewer than three are positive there is
 * nothing to compare tokens by: the result is empty.
 * @param matrix tokens x components, finite
 */
export async function clusterTokens(
  matrix: Matrix,
  config: Partial<ClusterConfig> = {},
  options: ClusterOptions = {},
): Promise<Clustering> {
  const full = parseClusterConfig(config);
  checkMatrix(matrix, "cluster");
  if (options.weights && Array.from(options.weights).filter((w) => w > 0).length < MIN_COLUMNS)
    return empty(matrix.rows);
  if (matrix.rows < 2) return empty(matrix.rows);
  const graph = await buildGraph(matrix, full, options);
  const envelope =
    full.null === "none" ? randomSetEnvelope : searchNull(await buildGraph(matrix, full, options, full.seed), full);
  return coverGraph(graph, full, envelope);
}
