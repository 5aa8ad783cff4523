import type { Matrix } from "../statistics/matrix";
import { checkK } from "./neighbors/points";

/** Another search: points to `[rows, k]` ids by ascending distance, ties by id, the point itself left out. */
export type NeighborSearch = (points: Matrix, k: number) => Uint32Array | Promise<Uint32Array>;

/** Queries that share one pass over the points, so that a block of points stays in cache. */
const QUERY_BLOCK = 8;

/**
 * Exact k nearest neighbors by squared Euclidean distance in f64; ties by id. O(rows^2 * cols) in plain loops: the definition
 * that the searches of `neighbors/` are held to.
 * @returns `[rows, k]` ids, nearest first
 */
export function nearestNeighbors(points: Matrix, k: number): Uint32Array {
  const { rows, cols, data } = points;
  checkK(rows, k);
  const x = data instanceof Float64Array ? data : Float64Array.from(data);
  const ids = new Uint32Array(rows * k);
  const far = new Float64Array(QUERY_BLOCK * k);
  const held = new Uint32Array(QUERY_BLOCK);
  for (let start = 0; start < rows; start += QUERY_BLOCK) {
    const stop = Math.min(start + QUERY_BLOCK, rows);
    held.fill(0);
    for (let j = 0; j < rows; j++) {
      for (let i = start; i < stop; i++) {
        if (i === j) continue;
        const base = (i - start) * k;
        const count = held[i - start];
        const limit = count === k ? far[base + k - 1] : Infinity;
        let distance = 0;
        for (let c = 0, a = i * cols, b = j * cols; c < cols; c++) {
          const gap = x[a + c] - x[b + c];
          distance += gap * gap;
        }
        if (distance >= limit) continue;
        // Candidates come in id order, so a strict comparison leaves equal distances in id order too.
        let at = count === k ? k - 1 : count;
        for (; at > 0 && far[base + at - 1] > distance; at--) {
          far[base + at] = far[base + at - 1];
          ids[i * k + at] = ids[i * k + at - 1];
        }
        far[base + at] = distance;
        ids[i * k + at] = j;
        if (count < k) held[i - start] = count + 1;
      }
    }
  }
  return ids;
}
