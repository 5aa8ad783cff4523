/** From a matrix of tokens x features, or a graph, to clusters: normalize, neighbors, graph, null, cover. */
import { SpectroscopeError } from "../../kernels/errors";
import type { Graph } from "../../kernels/graph/csr";
import type { Device } from "../plan/device";
import { checkMatrix, type Matrix, takeRows } from "../statistics/matrix";
import { defaultThreads } from "../threads/threads";
import { graphAdvice, type LeftOut, leftOut, pointAdvice } from "./advice";
import { inOrder, restored, rowOrder } from "./canonical-order";
import { clusterPart, clusterParts } from "./cluster-parts";
import { type Clustering, nothing } from "./clustering";
import { commonScale } from "./common-scale";
import {
  type ClusterConfig,
  DEFAULT_GRAPH_NULL,
  defaultK,
  defaultMinSize,
  parseClusterConfig,
  squashOf,
} from "./config";
import { fillGaussian, shuffleColumnsInPlace } from "./controls";
import { coverGraph } from "./cover";
import { nearbyOrder, reordered, structureOrder } from "./graph-order";
import type { NeighborSearch } from "./knn";
import { type KnownLabels, type NeighborScores, scoreNeighbors } from "./neighbor-score";
import type { PointGroups } from "./neighbors/equal";
import { chooseMethod, findNeighbors, type NeighborFacts } from "./neighbors/find";
import type { Progress } from "./neighbors/slices";
import { type NeighborLists, neighborLists } from "./neighbors/ties";
import { type ColumnRule, normalize, type Points } from "./normalize";
import { envelopeOf } from "./null-graphs";
import { centerParts, partsOf } from "./parts";
import { whileStarting } from "./search";
import { coverOptions, type SearchOptions } from "./search-options";
import { symmetrize } from "./symmetrize";

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
  /** The largest connected piece in no cluster, from a tenth of the nodes on. */
  left: LeftOut | null;
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

export function graphFacts(graph: Graph): GraphFacts {
  let isolated = 0;
  for (let v = 0; v < graph.n; v++) if (graph.offsets[v + 1] === graph.offsets[v]) isolated++;
  return { nodes: graph.n, edges: graph.neighbors.length / 2, isolated };
}

/** Below this many dimensions standardized rows of noise crowd around poles of a small sphere: where they leave gaps says nothing. */
const POLES = 4;
/** Sets of points without structure, of which most must not fall into parts where the matrix does. */
const PART_DRAWS = 3;

/** Changes normalized columns in place. */
type Between = (columns: Matrix & { data: Float64Array }) => void;

/** Points of the matrix; with `between`, of its null, and with `taken` of the null of these rows. */
export function pointsOf(
  matrix: Matrix,
  config: ClusterConfig,
  { columns = squashOf(config), weights, halves }: Pick<ClusterOptions, "columns" | "weights" | "halves">,
  between?: Between,
  taken?: Uint32Array,
): Points {
  const { rows, whiten, whiten_rank: whitenRank } = config;
  return normalize(matrix, { columns, rows, whiten, whitenRank, halves, weights, taken, between });
}

/** The graph of points with their about k nearest (`neighborLists`), how these were found, and which points are equal. */
async function neighborGraph(
  points: Points,
  k: number,
  config: ClusterConfig,
  options: ClusterOptions,
  progress?: Progress,
): Promise<{ graph: Graph; lists: NeighborLists; neighbors: NeighborFacts | null; groups: PointGroups }> {
  const { device, threads = defaultThreads(), search } = options;
  let neighbors: NeighborFacts | null = null;
  const { lists, groups } = await neighborLists(
    points,
    k,
    async (places, count) => {
      if (search) return { ids: await search(places, count), exact: true };
      const find = { device, threads, method: config.neighbors, seed: config.seed, progress };
      const exact = chooseMethod(places, find).method !== "nn-descent";
      // What ties with the k-th is looked for in longer lists where no exact search is to be had.
      const most = exact ? count : Math.min(places.rows - 1, count + Math.ceil(k / 4));
      const { ids, method, why, recall } = await findNeighbors(places, most, find);
      neighbors = { method, why, recall };
      return { ids, exact };
    },
    threads,
  );
  return { graph: symmetrize(lists, points.rows, config.symmetrize), lists, neighbors, groups };
}

/**
 * Clusters the rows of a matrix. Same input, same bytes out; rows in another order give the same clusters of them, and equal rows
 * are in one cluster or in none. Where the columns that vary leave points no dimension to
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
  const { halves, known, device, threads } = options;
  for (const half of halves ?? []) checkMatrix(half, "normalize");
  // From here on rows lie in an order of their values, and no sum, draw or tie depends on how they lay.
  const order = rowOrder(matrix, ...(halves ?? []));
  const sorted = takeRows(matrix, order);
  const given = { ...options, halves: halves && ([takeRows(halves[0], order), takeRows(halves[1], order)] as const) };
  const points = pointsOf(sorted, full, given);
  const { constantColumns, constantRows, dimensions, shrinkage } = points;
  // Scores are of tokens as they lie: what ties there is nearer by number.
  const neighborScores = known && (await scoreNeighbors(takeRows(points, inverse(order)), known, { device, threads }));
  const facts = {
    ...(neighborScores ? { neighborScores } : {}),
    points: { constantColumns, constantRows, dimensions, ...(shrinkage === undefined ? {} : { shrinkage }) },
    advice: pointAdvice(matrix, points, full),
  };
  if (rows < 2 || dimensions < 1)
    return {
      ...nothing(rows),
      ...facts,
      left: null,
      k: 0,
      neighbors: null,
      graph: { nodes: rows, edges: 0, isolated: rows },
    };
  const k = full.k ?? Math.min(defaultK(rows), rows - 1);
  options.progress?.("neighbors", 0, 1);
  const { graph, lists, neighbors, groups } = await neighborGraph(points, k, full, given, (done, total) =>
    options.progress?.("neighbors", done, total),
  );
  if (options.onGraph) {
    const back = inverse(order);
    options.onGraph(reordered(graph, back), { ...points, ...takeRows(points, back) });
  }
  const minSize = full.min_size ?? defaultMinSize(rows, full.null);
  const withPoints = async (made: Points) => neighborGraph(made, Math.min(k, made.rows - 1), full, options);
  const nullOf = (taken?: Uint32Array) => async (between: Between) => {
    const { graph: whole } = await withPoints(pointsOf(sorted, full, given, between, taken));
    return reordered(whole, nearbyOrder(whole));
  };
  const poles = full.rows === "standardize" && dimensions < POLES;
  const searched = full.search !== "paper" && full.null !== "none" && !poles;
  let parts = searched ? partsOf(graph, lists, minSize) : [];
  // What points as wide as the parts mostly fall into as well, Gaussian ones or with columns of their values, says nothing: on a line
  // there are gaps by chance, and where one column with heavy tails is all that rows have, standardized ones lie at two poles.
  for (const fill of [fillGaussian, shuffleColumnsInPlace]) {
    let fallen = 0;
    for (let draw = 0; draw < PART_DRAWS && parts.length > 1; draw++) {
      const noise = pointsOf(sorted, full, given, (columns) => {
        centerParts(columns, parts);
        fill(columns, full.seed + draw, "parts");
      });
      const made = await withPoints(noise);
      if (partsOf(made.graph, made.lists, minSize).length > 1) fallen++;
      if (2 * fallen > PART_DRAWS) parts = [];
      if (2 * (draw + 1 - fallen) > PART_DRAWS) break;
    }
  }
  const found =
    parts.length > 1
      ? await clusterParts(graph, lists, groups, parts, full, options, nullOf)
      : await clusterPart(graph, groups, full, options, nullOf());
  return {
    ...restored(found, order),
    ...facts,
    left: leftOut(graph, found.labels),
    k,
    neighbors,
    graph: graphFacts(graph),
  };
}

/** The place of each thing in an order. */
function inverse(order: Uint32Array): Uint32Array {
  const places = new Uint32Array(order.length);
  for (let i = 0; i < order.length; i++) places[order[i]] = i;
  return places;
}

/**
 * Clusters the nodes of a graph. Same input, same bytes out; a renumbering of the nodes renumbers members and seeds, nodes without
 * an edge change nothing, and weights count by their ratios (`commonScale`).
 * @param config keys that make points (columns, rows, k, ...) have no meaning here; without `null`, `DEFAULT_GRAPH_NULL`
 */
export async function clusterGraph(
  given: Graph,
  config: Partial<ClusterConfig> = {},
  options: SearchOptions = {},
): Promise<GraphClustering> {
  const graph = commonScale(given);
  const full = parseClusterConfig({ ...config, null: config.null ?? DEFAULT_GRAPH_NULL });
  options.onGraph?.(graph);
  const facts = graphFacts(graph);
  // Nodes without an edge come last. They are in no cluster, and say nothing of how large or how many clusters are.
  const n = graph.n - facts.isolated;
  const found = await whileStarting({ ...graph, n }, options.threads, (started) => {
    const order = structureOrder(graph).subarray(0, n);
    return inOrder(graph, order, async (ordered) => {
      const envelope = await envelopeOf(ordered, full, options);
      options.progress?.("clusters", 0, 1);
      return coverGraph(ordered, full, envelope, { ...coverOptions(options, "clusters"), started });
    });
  });
  return { ...found, graph: facts, left: leftOut(graph, found.labels), advice: graphAdvice(facts) };
}
