/** Matrices without structure, for controls. */
import type { Matrix } from "./matrix";
import { makeRandom } from "./random";

/** Permutes each column on its own, in place: every marginal stays, every relation between columns goes. */
export function shuffleColumnsInPlace(matrix: Matrix, seed: number): void {
  const { rows, cols, data } = matrix;
  const { uniform } = makeRandom(seed);
  for (let c = 0; c < cols; c++) {
    for (let i = rows - 1; i > 0; i--) {
      const j = Math.floor(uniform() * (i + 1));
      const held = data[i * cols + c];
      data[i * cols + c] = data[j * cols + c];
      data[j * cols + c] = held;
    }
  }
}

/** A copy with each column permuted on its own. */
export function shuffleColumns(matrix: Matrix, seed: number): Matrix {
  const copy = { ...matrix, data: matrix.data.slice() };
  shuffleColumnsInPlace(copy, seed);
  return copy;
}

/** Independent standard normal values. */
export function gaussianMatrix(rows: number, cols: number, seed: number): Matrix {
  const { normal } = makeRandom(seed);
  return { rows, cols, data: Float64Array.from({ length: rows * cols }, normal) };
}
