import type { Dims } from "../kernel";

const roundUp = (value: number, to: number) => Math.ceil(value / to) * to;

/** Bytes of working memory of `assembly/forward.ts`: 16 queries, totals, four rows of sums, scores of 16 rows, values. */
export function forwardScratch({ T, K }: Dims): number {
  const [rows, padded] = [roundUp(T, 8), 4 * roundUp(K, 8)];
  return 16 * 4 * K + 32 + 4 * padded + rows * (64 + padded);
}

/** The same for `assembly/backward.ts`: two squares for each block of keys, a block's statistics, dq, q twice and dout, and five times all rows. */
export function backwardScratch({ T, K }: Dims): number {
  const [rows, padded] = [roundUp(T, 8), 4 * roundUp(K, 8)];
  return 2 * 64 * 288 * Math.ceil(T / 64) + 512 + 3 * 64 * padded + rows * (3 * padded + 8 * K) + 64 * 4 * K;
}
