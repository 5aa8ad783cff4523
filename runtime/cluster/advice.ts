/** What a reader of a clustering should know about its input, in words: stated rules, never a refusal. */
import type { Graph } from "../../kernels/graph/csr";
import type { Matrix } from "../statistics/matrix";
import { type ClusterConfig, defaultMinSize, withNull } from "./config";
import type { Points } from "./normalize";

/**
 * Points of fewer dimensions than this are warned of: without structure a few of them cluster all the same. In Gaussian matrices
 * of 500 and 1,500 rows and 1 to 4 dimensions, three seeds each, the default settings found 1 or 2 clusters of 6 to 13 points in
 * 7 of 36; with more dimensions in 3 of 42, one cluster each.
 */
export const FEW_DIMENSIONS = 5;
/** Columns named in a line. */
const NAMED = 8;

const lost = { none: "", center: "centered ", standardize: "standardized " };

/** What gives points more dimensions. Columns that are there and count for nothing come before new ones. */
function remedyOf(config: ClusterConfig, weightless: number): string {
  const more = "raise sampler.num_draws or sampler.num_chains, or set column_weights=none";
  if (weightless > 0) return config.rows === "none" ? more : `${more}, or rows=none`;
  return config.rows === "none" ? "measure more columns" : "set rows=none, or measure more columns";
}

/** Of a matrix that was made into points. */
export function pointAdvice(matrix: Matrix, points: Points, config: ClusterConfig): string[] {
  const said: string[] = [];
  const { constantColumns, constantRows, dimensions } = points;
  if (constantColumns.length > 0) {
    const named = constantColumns.slice(0, NAMED).join(", ");
    const more = constantColumns.length > NAMED ? `, and ${constantColumns.length - NAMED} more` : "";
    said.push(`columns of one value are left out: ${constantColumns.length} of ${matrix.cols} (${named}${more})`);
  }
  if (constantRows > 0)
    said.push(`rows of one value lie at the origin, all in one place: ${constantRows} of ${matrix.rows}`);
  const { weightlessColumns: weightless } = points;
  const remedy = remedyOf(config, weightless);
  if (weightless > 0 && constantColumns.length + weightless === matrix.cols) {
    said.push(
      `nothing was clustered: none of the ${weightless} columns that vary has weight, for the chains do not agree about them; ${remedyOf({ ...config, rows: "none" }, weightless)}`,
    );
  } else if (dimensions < 1) {
    said.push(
      `nothing was clustered: ${lost[config.rows]}rows of ${points.cols} columns with weight that vary have no dimension to differ in; ${remedy}`,
    );
  } else if (dimensions < FEW_DIMENSIONS) {
    said.push(
      `${lost[config.rows]}rows of ${points.cols} columns have ${dimensions} dimension${dimensions > 1 ? "s" : ""} to differ in: ` +
        `noise clusters there too, so believe no cluster that other data do not show; ${remedy}`,
    );
  }
  return said;
}

/** Of a graph as it was given. */
export function graphAdvice({ nodes, isolated }: { nodes: number; isolated: number }): string[] {
  return isolated > 0 ? [`nodes without an edge stay in no cluster: ${isolated} of ${nodes}`] : [];
}

/** A piece of this share is all there is: no limit of size keeps it from being a cluster. */
const ALL = 0.95;
/** A piece in no cluster is told of from this share of the nodes on. */
const TOLD = 0.1;

/** The largest connected piece of what is in no cluster. */
export interface LeftOut {
  readonly nodes: number;
  /** Of the graph's volume. */
  readonly share: number;
}

/** The largest piece in no cluster, of those that edges hold together; null where that is below a tenth of the nodes. */
export function leftOut(graph: Graph, labels: Int32Array): LeftOut | null {
  const { n, offsets, neighbors, degree, volume } = graph;
  const seen = new Uint8Array(n);
  for (let v = 0; v < n; v++) if (labels[v] >= 0) seen[v] = 1;
  const stack = new Uint32Array(n);
  let largest = { nodes: 0, share: 0 };
  for (let v = 0; v < n; v++) {
    if (seen[v] === 1) continue;
    let top = 0;
    let nodes = 0;
    let inside = 0;
    seen[v] = 1;
    stack[top++] = v;
    while (top > 0) {
      const u = stack[--top];
      nodes++;
      inside += degree[u];
      for (let e = offsets[u]; e < offsets[u + 1]; e++) {
        if (seen[neighbors[e]] === 1) continue;
        seen[neighbors[e]] = 1;
        stack[top++] = neighbors[e];
      }
    }
    if (nodes > largest.nodes) largest = { nodes, share: volume > 0 ? inside / volume : 0 };
  }
  return largest.nodes > 1 && largest.nodes >= TOLD * n ? largest : null;
}

/** What a reader should know of such a piece: how large it is, why it is no cluster, and the key that changes that. */
export function leftOutAdvice(left: LeftOut | null, config: ClusterConfig, unit: string, count: number): string[] {
  if (left === null) return [];
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  const said = `in no cluster, in one piece: ${left.nodes} of ${count} ${unit}, ${percent(left.share)} of the volume. `;
  const { largest, maxShare } = withNull(config);
  const minSize = config.min_size ?? defaultMinSize(count, config.null);
  if (left.nodes < 2 * minSize)
    return [`${said}It is too small to be divided into clusters of min_size (${minSize}) or more; set min_size lower`];
  const limit = Math.min(largest, maxShare);
  if (left.share > limit && (left.share < ALL || config.max_share !== null))
    return [
      `${said}It may be a body without clusters: nothing bounds it, and what is larger than max_share (${percent(limit)}) counts as ` +
        `one; if it should be a cluster set max_share=${Math.min(1, Math.ceil(20 * left.share) / 20)}`,
    ];
  const points =
    unit === "rows" && config.refine !== "modularity"
      ? "--preset points divides rows that nearly all belong somewhere"
      : "";
  if (config.excess_min === 0) return [`${said}Nothing divides it${points && `; ${points}`}`];
  const held = config.null === "none" ? "a random one" : `those of null=${config.null}`;
  return [
    `${said}No set in it is more separate than ${held} by excess_min (${config.excess_min}); ` +
      `a smaller excess_min finds weaker clusters${points && `, and ${points}`}`,
  ];
}
