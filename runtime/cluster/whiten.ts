/** Whitening: distances in units of a covariance's spread in their direction. By rank, or by a shrunk covariance. */
import { SpectroscopeError } from "../../kernels/errors";
import type { Matrix } from "../statistics/matrix";
import { principalAxes } from "./pca";

export const WHITEN_RULES = ["none", "rank", "shrinkage"] as const;
export type WhitenRule = (typeof WHITEN_RULES)[number];

export interface Shrunk {
  /** `[cols, cols]`: (1 - shrinkage) S + shrinkage mu I, with S the covariance (1 / rows) and mu its mean variance. */
  readonly covariance: Float64Array;
  /** 0 to 1. */
  readonly shrinkage: number;
}

/**
 * Covariance of the rows, shrunk towards the identity of the same mean variance. How far: Ledoit and Wolf, J. Multivariate
 * Analysis 88 (2004), lemma 3.3: the sampling variance of S over its squared distance from the target, at most 1.
 */
export function ledoitWolf(matrix: Matrix): Shrunk {
  const { rows, cols, data } = matrix;
  const mean = new Float64Array(cols);
  for (let i = 0; i < rows; i++) for (let c = 0; c < cols; c++) mean[c] += data[i * cols + c];
  for (let c = 0; c < cols; c++) mean[c] /= rows;
  const S = new Float64Array(cols * cols);
  const row = new Float64Array(cols);
  /** Sum over rows of |x|^4, the squared norm of x x'. */
  let fourth = 0;
  for (let i = 0; i < rows; i++) {
    let square = 0;
    for (let c = 0; c < cols; c++) {
      row[c] = data[i * cols + c] - mean[c];
      square += row[c] * row[c];
    }
    fourth += square * square;
    for (let a = 0; a < cols; a++) for (let b = 0; b <= a; b++) S[a * cols + b] += row[a] * row[b];
  }
  let mu = 0;
  let norm = 0;
  for (let a = 0; a < cols; a++) {
    for (let b = 0; b <= a; b++) {
      const value = S[a * cols + b] / rows;
      S[a * cols + b] = value;
      S[b * cols + a] = value;
      norm += a === b ? value * value : 2 * value * value;
    }
    mu += S[a * cols + a] / cols;
  }
  const distance = norm - cols * mu * mu;
  const variance = (fourth / rows - norm) / rows;
  const shrinkage = distance > 0 ? Math.min(1, Math.max(0, variance / distance)) : 1;
  for (let a = 0; a < cols; a++) {
    for (let b = 0; b < cols; b++) S[a * cols + b] *= 1 - shrinkage;
    S[a * cols + a] += shrinkage * mu;
  }
  return { covariance: S, shrinkage };
}

/**
 * Rows in coordinates in which a covariance is the identity: y with L y = x, where L L' is its Cholesky factorization. Squared
 * distances are Mahalanobis'. @throws SpectroscopeError when it is not positive definite
 */
export function whitenBy(covariance: Float64Array, matrix: Matrix): Matrix & { data: Float64Array } {
  const { rows, cols } = matrix;
  const L = cholesky(covariance, cols);
  const data = Float64Array.from(matrix.data);
  for (let i = 0; i < rows; i++) {
    const y = data.subarray(i * cols, (i + 1) * cols);
    for (let a = 0; a < cols; a++) {
      let sum = y[a];
      for (let b = 0; b < a; b++) sum -= L[a * cols + b] * y[b];
      y[a] = sum / L[a * cols + a];
    }
  }
  return { rows, cols, data };
}

/** Lower triangle with L L' = A. */
function cholesky(A: Float64Array, n: number): Float64Array {
  const L = new Float64Array(n * n);
  for (let a = 0; a < n; a++) {
    for (let b = 0; b <= a; b++) {
      let sum = A[a * n + b];
      for (let c = 0; c < b; c++) sum -= L[a * n + c] * L[b * n + c];
      if (b < a) L[a * n + b] = sum / L[b * n + b];
      else if (sum > 1e-12 * A[a * n + a]) L[a * n + a] = Math.sqrt(sum);
      else
        throw new SpectroscopeError(`whitening: the covariance of ${n} columns is singular at column ${a}`, {
          hint: "drop columns that follow from others, or whiten by rank (whiten=rank, whiten_rank)",
        });
    }
  }
  return L;
}

/** Coordinates along the principal axes of the rows, each scaled to variance 1; fewer than `rank` where variance ends. */
export function whitenByRank(matrix: Matrix, rank: number): Matrix & { data: Float64Array } {
  const { rows, cols } = matrix;
  if (!Number.isInteger(rank) || rank < 1 || rank > Math.min(rows, cols))
    throw new SpectroscopeError(`whiten_rank ${rank} is outside 1 .. ${Math.min(rows, cols)}`, {
      hint: `the matrix has ${rows} rows and ${cols} columns that vary`,
    });
  const axes = principalAxes(matrix, rank);
  const data = new Float64Array(rows * axes.rank);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < axes.rank; j++) data[i * axes.rank + j] = axes.scores[i * axes.rank + j] / axes.deviations[j];
  return { rows, cols: axes.rank, data };
}
