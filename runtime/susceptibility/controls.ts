import { deriveKey, normals, philox4x32 } from "../../kernels/philox/philox";
import type { Matrix } from "../cluster/matrix";

/** A stream of integers by Philox, for permutations. */
function integers(seed: number, ...purpose: (string | number)[]): (below: number) => number {
  const key = deriveKey(seed, ...purpose);
  let counter = 0;
  let block: Uint32Array = new Uint32Array(4);
  return (below) => {
    if ((counter & 3) === 0) block = philox4x32(key, [counter >>> 2, 0, 0, 0]);
    const word = block[counter & 3];
    counter++;
    return Math.floor((word * below) / 2 ** 32);
  };
}

/** A permutation of 0 to n - 1 without fixed points when n > 1 (Sattolo's: one cycle). */
export function cyclicPermutation(n: number, next: (below: number) => number): number[] {
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = next(i);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** For every chain, the draw whose phi is paired with each draw's losses in the shuffled-draws control. */
export function shuffledPairing(seed: number, component: string, chains: number, draws: number): number[][] {
  return Array.from({ length: chains }, (_, chain) =>
    cyclicPermutation(draws, integers(seed, component, chain, "shuffled draws")),
  );
}

/**
 * Traces with the draws of every token permuted on their own, within each chain: every token keeps its own values, and
 * what tokens share is gone. [draws, chains, tokens] in and out.
 */
export function shuffledTraces(
  traces: Float32Array,
  shape: { draws: number; chains: number; tokens: number },
  seed: number,
  component: string,
): Float32Array {
  const { draws, chains, tokens } = shape;
  const out = new Float32Array(traces.length);
  for (let m = 0; m < chains; m++) {
    const next = integers(seed, component, m, "shuffled traces");
    for (let i = 0; i < tokens; i++) {
      const order = cyclicPermutation(draws, next);
      for (let s = 0; s < draws; s++) out[(s * chains + m) * tokens + i] = traces[(order[s] * chains + m) * tokens + i];
    }
  }
  return out;
}

/**
 * A copy with each column permuted by itself, uniformly: every column keeps its values, and relations between columns
 * go. A column's permutation depends on the seed and its number alone.
 */
export function shuffledColumns(matrix: Matrix, seed: number): Matrix {
  const { rows, cols } = matrix;
  const data = matrix.data.slice();
  for (let c = 0; c < cols; c++) {
    const next = integers(seed, "shuffled columns", c);
    for (let i = rows - 1; i > 0; i--) {
      const j = next(i + 1);
      [data[i * cols + c], data[j * cols + c]] = [data[j * cols + c], data[i * cols + c]];
    }
  }
  return { rows, cols, data };
}

/** Independent standard normals, [rows, cols]. A value depends on the seed and its place alone. */
export function gaussianMatrix(rows: number, cols: number, seed: number): Matrix {
  const key = deriveKey(seed, "gaussian matrix");
  const data = new Float64Array(rows * cols);
  for (let c = 0; c < cols; c++) {
    const column = normals(key, c, rows);
    for (let i = 0; i < rows; i++) data[i * cols + c] = column[i];
  }
  return { rows, cols, data };
}
