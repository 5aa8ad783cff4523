import type { Matrix } from "../../statistics/matrix";
import { makeRandom } from "../random";
import { exactNeighbors } from "./exact";

/** How many of the neighbors are right, by the exact answers to some queries. */
export interface Recall {
  /** Share of the ids no farther than the exact k-th neighbor: of equally far points any is right. */
  readonly value: number;
  /** Standard error of `value`, between queries. */
  readonly error: number;
  readonly queries: number;
}

/** Recall of `ids` [rows, k] on the rows `queries`. */
export async function measureRecall(
  points: Matrix,
  k: number,
  ids: Uint32Array,
  queries: Uint32Array,
  threads?: number,
): Promise<Recall> {
  const exact = await exactNeighbors(points, k, { queries, threads });
  const { cols, data } = points;
  const distance = (i: number, j: number) => {
    let sum = 0;
    for (let c = 0; c < cols; c++) sum += (data[i * cols + c] - data[j * cols + c]) ** 2;
    return sum;
  };
  let sum = 0;
  let squares = 0;
  for (let q = 0; q < queries.length; q++) {
    const row = queries[q];
    const limit = distance(row, exact[q * k + k - 1]);
    let right = 0;
    for (let n = 0; n < k; n++) if (distance(row, ids[row * k + n]) <= limit) right++;
    sum += right / k;
    squares += (right / k) ** 2;
  }
  const count = queries.length;
  const value = sum / count;
  const variance = Math.max(0, squares / count - value ** 2);
  return { value, error: count > 1 ? Math.sqrt(variance / (count - 1)) : 0, queries: count };
}

/** `count` distinct rows at random, all when there are fewer. */
export function drawQueries(rows: number, count: number, seed: number): Uint32Array {
  const order = Uint32Array.from({ length: rows }, (_, i) => i);
  const { uniform } = makeRandom(seed);
  const drawn = Math.min(rows, count);
  for (let i = 0; i < drawn; i++) {
    const j = i + Math.floor(uniform() * (rows - i));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order.slice(0, drawn);
}
