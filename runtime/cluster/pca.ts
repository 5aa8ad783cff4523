import { SpectroscopeError } from "../../kernels/errors";
import { deriveKey, normals } from "../../kernels/philox/philox";
import { Products } from "../../kernels/products/products";
import { checkMatrix, type Matrix } from "../statistics/matrix";

export interface PrincipalAxes {
  rank: number;
  /** `[rows, rank]`: the centered rows in the coordinates of the axes. */
  scores: Float64Array;
  /** `[rank]`: standard deviation along each axis, descending and positive. */
  deviations: Float64Array;
  /** `[cols, rank]`: orthonormal axes in columns, the largest entry of each positive. */
  axes: Float64Array;
  /** Share of the total variance that the axes hold. */
  explained: number;
}

/** Up to this many columns the covariance is diagonalized whole; beyond, by subspace iteration. */
const EXACT_COLS = 192;
const OVERSAMPLING = 8;
const ITERATIONS = 4;

/**
 * Principal axes of the rows about their mean, deterministic. Few columns: Jacobi on the covariance. Many: subspace
 * iteration from a seeded random start (Halko, Martinsson, Tropp 2011) with 8 extra directions and 4 rounds.
 * Axes of zero variance are left out, so `rank` may come back smaller than asked.
 */
export function principalAxes(matrix: Matrix, rank: number): PrincipalAxes {
  checkMatrix(matrix, "principal axes");
  const { rows, cols, data } = matrix;
  if (!Number.isInteger(rank) || rank < 1 || rank > Math.min(rows, cols))
    throw new SpectroscopeError(`rank ${rank} asked of a ${rows} x ${cols} matrix`, {
      hint: `give 1 .. ${Math.min(rows, cols)}`,
    });
  const mean = new Float64Array(cols);
  for (let i = 0; i < rows; i++) for (let c = 0; c < cols; c++) mean[c] += data[i * cols + c];
  for (let c = 0; c < cols; c++) mean[c] /= rows;
  let total = 0;
  for (let i = 0; i < rows; i++)
    for (let c = 0; c < cols; c++) {
      const x = data[i * cols + c] - mean[c];
      total += x * x;
    }

  const width = cols <= EXACT_COLS ? cols : Math.min(rank + OVERSAMPLING, rows, cols);
  const products = new Products({ rows, cols, data, origin: mean }, width);
  // A direction a row.
  let basis: Float64Array = new Float64Array(width * cols);
  if (width === cols) for (let c = 0; c < cols; c++) basis[c * cols + c] = 1;
  else {
    const start = normals(deriveKey("subspace iteration"), 0, cols * width);
    for (let c = 0; c < cols; c++) for (let j = 0; j < width; j++) basis[j * cols + c] = start[c * width + j];
    orthonormalize(basis, cols, width);
    for (let round = 0; round < ITERATIONS; round++) {
      basis = products.square(basis);
      orthonormalize(basis, cols, width);
    }
  }
  // Diagonalize within the basis: Gram matrix of the projected rows.
  const image = products.project(basis);
  const gram = new Float64Array(width * width);
  for (let i = 0; i < rows; i++)
    for (let a = 0; a < width; a++)
      for (let b = 0; b <= a; b++) gram[a * width + b] += image[i * width + a] * image[i * width + b];
  for (let a = 0; a < width; a++) for (let b = 0; b < a; b++) gram[b * width + a] = gram[a * width + b];
  const { values, vectors } = symmetricEigen(gram, width);

  let kept = Math.min(rank, width);
  while (kept > 0 && !(values[kept - 1] > 1e-14 * Math.max(values[0], 1e-300))) kept--;
  if (kept === 0)
    throw new SpectroscopeError(`the ${rows} x ${cols} matrix has no variance`, { hint: "all rows are equal" });
  const axes = new Float64Array(cols * kept);
  const scores = new Float64Array(rows * kept);
  const deviations = new Float64Array(kept);
  let held = 0;
  for (let j = 0; j < kept; j++) {
    let top = 0;
    for (let c = 0; c < cols; c++) {
      let sum = 0;
      for (let a = 0; a < width; a++) sum += basis[a * cols + c] * vectors[a * width + j];
      axes[c * kept + j] = sum;
      if (Math.abs(sum) > Math.abs(top)) top = sum;
    }
    const sign = top < 0 ? -1 : 1;
    for (let c = 0; c < cols; c++) axes[c * kept + j] *= sign;
    for (let i = 0; i < rows; i++) {
      let sum = 0;
      for (let a = 0; a < width; a++) sum += image[i * width + a] * vectors[a * width + j];
      scores[i * kept + j] = sum * sign;
    }
    deviations[j] = Math.sqrt(values[j] / rows);
    held += values[j];
  }
  return { rank: kept, scores, deviations, axes, explained: total > 0 ? held / total : 0 };
}

/** The rows in the coordinates of their first `most` axes, or as many as there are. [rows, axes]. */
export function principalScores(matrix: Matrix, most: number): Matrix {
  const { rows, cols } = matrix;
  const { scores, rank } = principalAxes(matrix, Math.min(most, rows - 1, cols));
  return { rows, cols: rank, data: scores };
}

/** Gram-Schmidt, each of `count` rows twice against the earlier ones; a dependent row becomes 0. */
function orthonormalize(basis: Float64Array, cols: number, count: number): void {
  for (let j = 0; j < count; j++) {
    const own = basis.subarray(j * cols, (j + 1) * cols);
    const before = norm(own);
    for (let pass = 0; pass < 2; pass++) {
      for (let k = 0; k < j; k++) {
        const other = basis.subarray(k * cols, (k + 1) * cols);
        let dot = 0;
        for (let c = 0; c < cols; c++) dot += own[c] * other[c];
        for (let c = 0; c < cols; c++) own[c] -= dot * other[c];
      }
    }
    const length = norm(own);
    const scale = length > 1e-12 * before ? 1 / length : 0;
    for (let c = 0; c < cols; c++) own[c] *= scale;
  }
}

function norm(values: Float64Array): number {
  let squares = 0;
  for (const x of values) squares += x * x;
  return Math.sqrt(squares);
}

/** Eigenvalues descending and eigenvectors in columns of a symmetric `[n, n]` matrix, by cyclic Jacobi rotations. */
export function symmetricEigen(input: Float64Array, n: number): { values: Float64Array; vectors: Float64Array } {
  const a = input.slice();
  const v = new Float64Array(n * n);
  let scale = 0;
  for (let i = 0; i < n; i++) v[i * n + i] = 1;
  for (const x of a) scale += x * x;
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) off += 2 * a[i * n + j] ** 2;
    if (off <= 1e-30 * scale) break;
    for (let p = 0; p < n - 1; p++) {
      for (let q = p + 1; q < n; q++) {
        const apq = a[p * n + q];
        if (apq === 0) continue;
        const theta = (a[q * n + q] - a[p * n + p]) / (2 * apq);
        const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(t * t + 1);
        const s = t * c;
        for (let k = 0; k < n; k++) {
          const kp = a[k * n + p];
          const kq = a[k * n + q];
          a[k * n + p] = c * kp - s * kq;
          a[k * n + q] = s * kp + c * kq;
        }
        for (let k = 0; k < n; k++) {
          const pk = a[p * n + k];
          const qk = a[q * n + k];
          a[p * n + k] = c * pk - s * qk;
          a[q * n + k] = s * pk + c * qk;
          const vp = v[k * n + p];
          const vq = v[k * n + q];
          v[k * n + p] = c * vp - s * vq;
          v[k * n + q] = s * vp + c * vq;
        }
      }
    }
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[j * n + j] - a[i * n + i] || i - j);
  const vectors = new Float64Array(n * n);
  for (let j = 0; j < n; j++) for (let i = 0; i < n; i++) vectors[i * n + j] = v[i * n + order[j]];
  return { values: Float64Array.from(order, (i) => a[i * n + i]), vectors };
}
