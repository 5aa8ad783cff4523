import { SpectroscopeError } from "../../kernels/errors";
import { scale, toCommonScale } from "../../kernels/power-of-two";
import { checkMatrix, type Matrix, takeRows } from "../statistics/matrix";
import { normalScores } from "../statistics/ranks";
import { ledoitWolf, type WhitenRule, whitenBy, whitenByRank } from "./whiten";

export const COLUMN_RULES = ["zscore", "asinh", "rank", "none"] as const;
export type ColumnRule = (typeof COLUMN_RULES)[number];
export const ROW_RULES = ["none", "center", "standardize"] as const;
export type RowRule = (typeof ROW_RULES)[number];
/** Dimensions that treated rows lose: centered rows sum to 0, standardized ones are of one length besides. */
export const ROWS_LOSE: Readonly<Record<RowRule, number>> = { none: 0, center: 1, standardize: 2 };

export interface NormalizeOptions {
  columns: ColumnRule;
  rows: RowRule;
  /** By default none. */
  whiten?: WhitenRule;
  /** With `rank`: keep this many principal axes, each scaled to variance 1. */
  whitenRank?: number;
  /**
   * With `shrinkage`: the same rows and columns as two halves of the measurement have them. Then it is their noise that is
   * whitened, the covariance of half their difference; otherwise the covariance of the points themselves.
   */
  halves?: readonly [Matrix, Matrix];
  /** `[cols]`, not negative: each normalized column is multiplied by its weight; weight 0 drops it. */
  weights?: ArrayLike<number>;
  /** Rows that points are made of, columns having been normalized over all; by default all. */
  taken?: Uint32Array;
  /** Changes the normalized columns in place before the rows are treated: how a null matrix is made. */
  between?: (columns: Matrix & { data: Float64Array }) => void;
}

/** Points for the kNN graph, and what became of the matrix on the way. */
export interface Points extends Matrix {
  data: Float64Array;
  /** Columns that vary and have no weight. */
  weightlessColumns: number;
  /** Columns of one value: they tell no rows apart and are left out. Ascending. */
  constantColumns: number[];
  /** Rows of one value after the columns were normalized: all at the origin. 0 when rows are left as they are. */
  constantRows: number;
  /** Dimensions that the points can fill: standardized rows of D columns lie on a sphere of D - 2. */
  dimensions: number;
  /** How far the covariance was shrunk, when it was. */
  shrinkage?: number;
}

/** Values of up to 2^this, and down to 2^-this, stay as they are. */
const ORDINARY = 128;

/**
 * Tokens x components to points for the kNN graph: columns, weights, rows, whitening. Returns f64, input unchanged. A
 * constant column is left out; a constant row becomes 0. Without a column that varies there are points of no dimensions.
 * Columns that are left as they are get a common scale, a power of two, where their squares' squares might overflow or vanish:
 * distances compare the same.
 */
export function normalize(matrix: Matrix, options: NormalizeOptions): Points {
  const { rows } = matrix;
  const columns = normalizeColumns(matrix, options.columns);
  const exponent = options.columns === "none" ? toCommonScale(columns.data, ORDINARY) : 0;
  const constantColumns = flatColumns(columns);
  const weights = columnFactors(matrix.cols, options.weights, constantColumns);
  const weightlessColumns = weights.reduce((sum, weight) => sum + (weight > 0 ? 0 : 1), 0) - constantColumns.length;
  const none = { constantColumns, weightlessColumns, constantRows: 0, dimensions: 0 };
  if (!weights.some((weight) => weight > 0)) return { rows, cols: 0, data: new Float64Array(0), ...none };
  const points = weighColumns(options.taken ? takeRows(columns, options.taken) : columns, weights);
  options.between?.(points);
  const constantRows = treatRows(points, options.rows);
  const facts = {
    ...{ constantColumns, weightlessColumns, constantRows },
    dimensions: Math.max(0, points.cols - ROWS_LOSE[options.rows]),
  };
  if (options.whiten === "rank" && facts.dimensions > 0) {
    const white = whitenByRank(points, options.whitenRank ?? 0);
    return { ...white, ...facts, dimensions: Math.min(facts.dimensions, white.cols) };
  }
  if (options.whiten === "shrinkage" && facts.dimensions > 0) {
    const halves = options.halves?.map((half) => {
      const scaled = normalizeColumns(half, options.columns);
      // In the unit of the whole, for it is the whole's points that are whitened by them.
      scale(scaled.data, exponent);
      const own = weighColumns(scaled, weights);
      treatRows(own, options.rows);
      return own;
    });
    const { covariance, shrinkage } = halves ? ledoitWolf(halfDifference(halves[0], halves[1])) : ledoitWolf(points);
    return { ...whitenBy(covariance, points), ...facts, shrinkage };
  }
  return { ...points, ...facts };
}

/** (a - b) / 2: the noise of the mean of two independent halves has the same covariance. */
function halfDifference(a: Matrix, b: Matrix): Matrix {
  return { rows: a.rows, cols: a.cols, data: Float64Array.from(a.data, (x, i) => (x - b.data[i]) / 2) };
}

/** Centers or standardizes each row in place; returns how many have one value. */
function treatRows({ rows, cols, data }: Matrix & { data: Float64Array }, rule: RowRule): number {
  let flat = 0;
  if (rule === "none") return flat;
  for (let i = 0; i < rows; i++) {
    const row = data.subarray(i * cols, (i + 1) * cols);
    if (row.every((x) => x === row[0])) flat++;
    if (rule === "center") center(row);
    else zscore(row);
  }
  return flat;
}

/** Normalized columns that are 0 throughout. */
function flatColumns({ rows, cols, data }: Matrix): number[] {
  return Array.from({ length: cols }, (_, c) => c).filter((c) => {
    for (let i = 0; i < rows; i++) if (data[i * cols + c] !== 0) return false;
    return true;
  });
}

/** Median absolute deviation of a normal variable with standard deviation 1. */
const MAD_OF_NORMAL = 0.6744897501960817;

/**
 * `zscore`: mean 0, variance 1. `asinh`: asinh of the distance from the median in units of the robust standard deviation,
 * then z-scored, so that a few tokens cannot rule a heavy-tailed column. `rank`: normal scores of the ranks. `none`: as it is.
 * A constant column becomes 0.
 */
export function normalizeColumns(matrix: Matrix, rule: ColumnRule): Matrix & { data: Float64Array } {
  checkMatrix(matrix, "normalize");
  const { rows, cols } = matrix;
  const data = Float64Array.from(matrix.data);
  const column = new Float64Array(rows);
  for (let c = 0; c < cols; c++) {
    for (let i = 0; i < rows; i++) column[i] = data[i * cols + c];
    if (rule === "none") {
      if (column.every((value) => value === column[0])) column.fill(0);
    } else {
      // No digit changes, and no sum or difference overflows.
      toCommonScale(column);
      if (rule === "asinh") squash(column);
      if (rule === "rank") column.set(normalScores(column));
      zscore(column);
    }
    for (let i = 0; i < rows; i++) data[i * cols + c] = column[i];
  }
  return { rows, cols, data };
}

/** Checked weights, 0 for columns that do not vary. */
function columnFactors(cols: number, weights: ArrayLike<number> | undefined, flat: readonly number[]): Float64Array {
  if (weights && weights.length !== cols)
    throw new SpectroscopeError(`normalize: ${weights.length} weights for ${cols} columns`, {
      hint: "give one for each column",
    });
  const factors = Float64Array.from({ length: cols }, (_, c) => (weights ? weights[c] : 1));
  for (let c = 0; c < cols; c++)
    if (!(factors[c] >= 0 && factors[c] < Infinity))
      throw new SpectroscopeError(`normalize: weight ${factors[c]} of column ${c}`, { hint: "give 0 or more" });
  for (const c of flat) factors[c] = 0;
  return factors;
}

/** The columns with a weight, times it. */
function weighColumns(matrix: Matrix, weights: Float64Array): Matrix & { data: Float64Array } {
  const { rows, cols, data } = matrix;
  const kept = Array.from(weights.keys()).filter((c) => weights[c] > 0);
  const out = new Float64Array(rows * kept.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < kept.length; j++) out[i * kept.length + j] = data[i * cols + kept[j]] * weights[kept[j]];
  return { rows, cols: kept.length, data: out };
}

function center(values: Float64Array): void {
  let sum = 0;
  for (const x of values) sum += x;
  const mean = sum / values.length;
  for (let i = 0; i < values.length; i++) values[i] -= mean;
}

function zscore(values: Float64Array): void {
  // Scaling by the largest magnitude first keeps squares in range and makes the flatness test relative.
  let top = 0;
  for (const x of values) top = Math.max(top, Math.abs(x));
  if (top > 0) for (let i = 0; i < values.length; i++) values[i] /= top;
  center(values);
  let squares = 0;
  for (const x of values) squares += x * x;
  const deviation = Math.sqrt(squares / values.length);
  if (deviation < 1e-12) values.fill(0);
  else for (let i = 0; i < values.length; i++) values[i] /= deviation;
}

function squash(values: Float64Array): void {
  const median = medianOf(values);
  for (let i = 0; i < values.length; i++) values[i] -= median;
  let unit = medianOf(values.map(Math.abs)) / MAD_OF_NORMAL;
  if (unit === 0) {
    // More than half of the column is one value: the mean deviation still gives one.
    for (const x of values) unit += Math.abs(x) / values.length;
  }
  if (unit > 0) for (let i = 0; i < values.length; i++) values[i] = Math.asinh(values[i] / unit);
}

function medianOf(values: Float64Array): number {
  const sorted = values.slice().sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
