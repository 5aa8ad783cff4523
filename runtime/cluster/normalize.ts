import { SpectroscopeError } from "../../kernels/errors";
import { checkMatrix, type Matrix } from "./matrix";
import { principalAxes } from "./pca";

export const COLUMN_RULES = ["zscore", "asinh", "rank"] as const;
export type ColumnRule = (typeof COLUMN_RULES)[number];
export const ROW_RULES = ["none", "center", "standardize"] as const;
export type RowRule = (typeof ROW_RULES)[number];

export interface NormalizeOptions {
  columns: ColumnRule;
  rows: RowRule;
  /** Keep this many principal axes, each scaled to variance 1; 0 for no whitening. */
  whitenRank: number;
  /** `[cols]`, not negative: each normalized column is multiplied by its weight; weight 0 drops it. */
  weights?: ArrayLike<number>;
  /** Changes the normalized columns in place before the rows are treated: how a null matrix is made. */
  between?: (columns: Matrix & { data: Float64Array }) => void;
}

/** Median absolute deviation of a normal variable with standard deviation 1. */
const MAD_OF_NORMAL = 0.6744897501960817;

/**
 * Tokens x components to points for the kNN graph: columns, weights, rows, whitening. Returns f64, input unchanged.
 * A constant column becomes 0; a constant row stays 0.
 */
export function normalize(matrix: Matrix, options: NormalizeOptions): Matrix & { data: Float64Array } {
  let points = normalizeColumns(matrix, options.columns);
  if (options.weights) points = weighColumns(points, options.weights);
  options.between?.(points);
  const { rows, cols, data } = points;
  const { whitenRank } = options;
  if (!Number.isInteger(whitenRank) || whitenRank < 0 || whitenRank > Math.min(rows, cols))
    throw new SpectroscopeError(`whiten_rank ${whitenRank} is outside 0 .. ${Math.min(rows, cols)}`, {
      hint: "0 turns whitening off",
    });
  if (options.rows !== "none") {
    for (let i = 0; i < rows; i++) {
      const row = data.subarray(i * cols, (i + 1) * cols);
      if (options.rows === "center") center(row);
      else zscore(row);
    }
  }
  if (whitenRank === 0) return points;
  const axes = principalAxes(points, whitenRank);
  const white = new Float64Array(rows * axes.rank);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < axes.rank; j++) white[i * axes.rank + j] = axes.scores[i * axes.rank + j] / axes.deviations[j];
  return { rows, cols: axes.rank, data: white };
}

/**
 * `zscore`: mean 0, variance 1. `asinh`: asinh of the distance from the median in units of the robust standard deviation,
 * then z-scored, so that a few tokens cannot rule a heavy-tailed column. `rank`: normal scores of the mid-ranks.
 */
export function normalizeColumns(matrix: Matrix, rule: ColumnRule): Matrix & { data: Float64Array } {
  checkMatrix(matrix, "normalize");
  const { rows, cols } = matrix;
  const data = Float64Array.from(matrix.data);
  const column = new Float64Array(rows);
  for (let c = 0; c < cols; c++) {
    for (let i = 0; i < rows; i++) column[i] = data[i * cols + c];
    if (rule === "asinh") squash(column);
    if (rule === "rank") normalScores(column);
    zscore(column);
    for (let i = 0; i < rows; i++) data[i * cols + c] = column[i];
  }
  return { rows, cols, data };
}

function weighColumns(matrix: Matrix, weights: ArrayLike<number>): Matrix & { data: Float64Array } {
  const { rows, cols, data } = matrix;
  const kept: number[] = [];
  for (let c = 0; c < weights.length; c++) {
    if (!(weights[c] >= 0 && weights[c] < Infinity))
      throw new SpectroscopeError(`normalize: weight ${weights[c]} of column ${c}`, { hint: "give 0 or more" });
    if (weights[c] > 0) kept.push(c);
  }
  if (weights.length !== cols || kept.length === 0)
    throw new SpectroscopeError(`normalize: ${weights.length} weights, ${kept.length} positive, for ${cols} columns`, {
      hint: "give one for each column, at least one above 0",
    });
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
  let scale = medianOf(values.map(Math.abs)) / MAD_OF_NORMAL;
  if (scale === 0) {
    // More than half of the column is one value: the mean deviation still gives a scale.
    for (const x of values) scale += Math.abs(x) / values.length;
  }
  if (scale > 0) for (let i = 0; i < values.length; i++) values[i] = Math.asinh(values[i] / scale);
}

function medianOf(values: Float64Array): number {
  const sorted = values.slice().sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

function normalScores(values: Float64Array): void {
  const order = Array.from(values.keys()).sort((a, b) => values[a] - values[b] || a - b);
  const scores = new Float64Array(values.length);
  for (let i = 0; i < order.length; ) {
    let j = i;
    while (j < order.length && values[order[j]] === values[order[i]]) j++;
    const score = normalQuantile((i + j) / 2 / order.length);
    for (; i < j; i++) scores[order[i]] = score;
  }
  values.set(scores);
}

/**
 * Inverse of the standard normal distribution function for 0 < p < 1, to about 1e-9: bisection on the series
 * erf(x) = 2/sqrt(pi) * exp(-x^2) * sum_k 2^k x^(2k+1) / (1 * 3 * ... * (2k+1)), which has no cancellation.
 */
export function normalQuantile(p: number): number {
  if (p === 0.5) return 0;
  if (p > 0.5) return -normalQuantile(1 - p);
  let low = -9;
  let high = 0;
  for (let step = 0; step < 40; step++) {
    const mid = (low + high) / 2;
    const x = -mid / Math.SQRT2;
    let term = x;
    let sum = x;
    for (let k = 1; term > sum * 1e-17 && k < 400; k++) {
      term *= (2 * x * x) / (2 * k + 1);
      sum += term;
    }
    const below = 0.5 - (Math.exp(-x * x) * sum) / Math.sqrt(Math.PI);
    if (below < p) low = mid;
    else high = mid;
  }
  return (low + high) / 2;
}
