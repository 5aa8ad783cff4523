import { SpectroscopeError } from "../../../kernels/errors";
import { checkMatrix, type Matrix } from "../../statistics/matrix";

/** Throws SpectroscopeError unless the points are finite, k of them can be neighbors, and their distances are f64 numbers. */
export function checkSearch(points: Matrix, k: number): void {
  checkMatrix(points, "neighbors");
  checkK(points.rows, k);
  let largest = 0;
  for (let i = 0; i < points.data.length; i++) {
    const size = Math.abs(points.data[i]);
    if (size > largest) largest = size;
  }
  if (!Number.isFinite(points.cols * (2 * largest) ** 2))
    throw new SpectroscopeError(`neighbors: squared distances of values as large as ${largest} overflow`, {
      hint: "scale the columns first, for instance with columns: zscore",
    });
}

/** Throws SpectroscopeError unless k of `rows` points can be neighbors of each. */
export function checkK(rows: number, k: number): void {
  if (!Number.isInteger(k) || k < 1 || k >= rows)
    throw new SpectroscopeError(`k = ${k} neighbors asked of ${rows} points`, { hint: "k must be 1 .. rows - 1" });
}
