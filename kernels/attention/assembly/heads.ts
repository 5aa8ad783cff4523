// Heads in packed queries, keys and values: where they lie, and how their rows are packed for the products.
import { packRows } from "../../matmul/assembly/panels";

/** Keys of a block: a piece of a sum over keys, and a side of the backward pass' square of scores. */
export const BLOCK: u32 = 64;

/** Panels of eight rows by `k` elements each, times `factor`; rows past the last repeat it. 32 k bytes a panel. */
export function packScaled(source: usize, row: usize, rows: u32, k: u32, factor: f32, target: usize): void {
  packRows(source, row, rows, k, target);
  if (factor == 1) return;
  const f = f32x4.splat(factor);
  const end = target + <usize>((rows + 7) >>> 3) * (<usize>k << 5);
  for (; target < end; target += 32) {
    v128.store(target, f32x4.mul(v128.load(target), f));
    v128.store(target, f32x4.mul(v128.load(target, 16), f), 16);
  }
}

/** `k` floats rounded up to whole panels, in bytes: a row of a sum that tiles write. */
// @ts-ignore: decorator
@inline
export function paddedRow(k: u32): usize {
  return <usize>((k + 7) & ~7) << 2;
}

/** Place of row i of `rows`, `row` bytes apart; the last one for those past it, whose results nobody reads. */
// @ts-ignore: decorator
@inline
export function rowAt(source: usize, row: usize, i: u32, rows: u32): usize {
  return source + <usize>min(i, rows - 1) * row;
}
