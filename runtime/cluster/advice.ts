/** What a reader of a clustering should know about its input, in words: stated rules, never a refusal. */
import type { Matrix } from "../statistics/matrix";
import type { ClusterConfig } from "./config";
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
