/** From a matrix of tokens x features, or a graph, to clusters: normalize, neighbors, graph, null, cover. */
import { SpectroscopeError } from "../../kernels/errors";
import { type Graph, inducedSubgraph } from "../../kernels/graph/csr";
import type { Device } from "../plan/device";
import { checkMatrix, type Matrix, takeRows } from "../statistics/matrix";
import { defaultThreads } from "../threads/threads";
import { graphAdvice, type LeftOut, leftOut, pointAdvice } from "./advice";
import { type Envelope, type NullPoint, nullEnvelope, randomSetEnvelope } from "./candidates";
import { inOrder, restored, rowOrder } from "./canonical-order";
import { type Clustering, joined, nothing, wholeCluster } from "./clustering";
import { commonScale } from "./common-scale";
import {
  type ClusterConfig,
  DEFAULT_GRAPH_NULL,
  defaultK,
  defaultMinSize,
  defaultNullDraws,
  parseClusterConfig,
  squashOf,
} from "./config";
import { fillGaussian, rewire, shuffleColumnsInPlace } from "./controls";
import { type CoverOptions, coverGraph, searchNull } from "./cover";
import { equalRowsWhole } from "./equal-rows";
import { nearbyOrder, reordered, structureOrder } from "./graph-order";
import type { NeighborSearch } from "./knn";
import { type KnownLabels, type NeighborScores, scoreNeighbors } from "./neighbor-score";
import { groupsWithin, type PointGroups } from "./neighbors/equal";
import { chooseMethod, findNeighbors, type NeighborFacts } from "./neighbors/find";
import type { Progress } from "./neighbors/slices";
import { type NeighborLists, neighborLists } from "./neighbors/ties";
import { type ColumnRule, normalize, type Points } from "./normalize";
import { type Part, partsOf, shareOutside } from "./parts";
import { whileStarting } from "./search";
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

/** Points of the matrix; with `between`, of its null, and with `taken` of the null of these rows. */
export function pointsOf(
  matrix: Matrix,
  config: ClusterConfig,
  { columns = squashOf(config), weights, halves }: Pick<ClusterOptions, "columns" | "weights" | "halves">,
  between?: (columns: Matrix & { data: Float64Array }) => void,
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
  const parts = full.search === "paper" ? [] : partsOf(graph, lists, full.min_size ?? defaultMinSize(rows, full.null));
  const nullOf = (taken?: Uint32Array) => async (between: (columns: Matrix & { data: Float64Array }) => void) => {
    const made = pointsOf(sorted, full, given, between, taken);
    const nearest = Math.min(k, made.rows - 1);
    const { graph: whole } = await neighborGraph(made, nearest, full, options);
    return reordered(whole, nearbyOrder(whole));
  };
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

type NullPoints = (between: (columns: Matrix & { data: Float64Array }) => void) => Promise<Graph>;

/** Clusters of points that are searched together. */
async function clusterPart(
  graph: Graph,
  groups: PointGroups,
  config: ClusterConfig,
  options: SearchOptions,
  nullPoints: NullPoints,
): Promise<Clustering> {
  const envelope = await envelopeOf(graph, config, options, nullPoints);
  options.progress?.("clusters", 0, 1);
  const found = await inOrder(graph, nearbyOrder(graph), (near) =>
    coverGraph(near, config, envelope, coverOptions(options, "clusters")),
  );
  return equalRowsWhole(found, groups, graph, envelope);
}

/** Share of its rows' neighbors that a cluster in what is apart may have outside of it. */
const LOOSE = 1 / 3;

/**
 * Whether clusters are what a part is made of: they hold half of it or, where the rest may be a body, one stands out from that by
 * the neighbors of its rows.
 */
function divided({ clusters }: Clustering, rows: Uint32Array, lists: NeighborLists, body: boolean): boolean {
  const held = clusters.reduce((sum, { size }) => sum + size, 0);
  if (2 * held >= rows.length) return true;
  if (!body) return false;
  return clusters.some(({ members }) => {
    const own = members.map((v) => rows[v]);
    return shareOutside(own, lists) <= LOOSE;
  });
}

/** Clusters of each part, by a null of its own; a part that is apart and that nothing divides is one. */
async function clusterParts(
  graph: Graph,
  lists: NeighborLists,
  groups: PointGroups,
  parts: readonly Part[],
  config: ClusterConfig,
  options: SearchOptions,
  nullOf: (taken: Uint32Array) => NullPoints,
): Promise<Clustering> {
  const found: { rows: Uint32Array; clustering: Clustering }[] = [];
  for (const { rows, apart } of parts) {
    const inside = inducedSubgraph(graph, rows);
    const clustering = await clusterPart(inside, groupsWithin(groups, rows), config, options, nullOf(rows));
    const whole = apart && !divided(clustering, rows, lists, config.refine !== "modularity");
    found.push({ rows, clustering: whole ? { ...clustering, clusters: [wholeCluster(rows.keys())] } : clustering });
  }
  return joined(graph, found);
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
