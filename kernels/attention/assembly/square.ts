// A square of scores of the backward pass: 64 queries by 64 keys.
import { exp4 } from "../../common/assembly/exp";
import { first } from "../../common/assembly/lanes";
import { BLOCK } from "./heads";

/** Bytes of a row and of a square: rows are a little apart, so that a column's elements are not all in one set of a cache. */
export const SQUARE_ROW: usize = 288;
export const SQUARE: usize = <usize>BLOCK * SQUARE_ROW;

/**
 * Makes p of scaled scores and ds of the products dout.v, in their places. On the diagonal, keys after a row's own that share its last
 * vector get zeros. Four rows at a time: one chain of dependent operations would leave the processor idle.
 */
export function weigh(
  p: usize,
  ds: usize,
  rows: u32,
  diagonal: bool,
  lses: usize,
  deltas: usize,
): void {
  const all = i32x4.splat(-1);
  for (let i: u32 = 0; i < rows; i += 4) {
    const last = <usize>((diagonal ? i >>> 2 : (BLOCK >>> 2) - 1) << 4);
    for (let at: usize = 0; at < last; at += 16) fourRows(p + at, ds + at, lses, deltas, all, all, all);
    if (!diagonal) fourRows(p + last, ds + last, lses, deltas, all, all, all);
    else fourRows(p + last, ds + last, lses, deltas, first(1), first(2), first(3));
    p += 4 * SQUARE_ROW;
    ds += 4 * SQUARE_ROW;
    lses += 16;
    deltas += 16;
  }
}

/** A vector of each of four rows; the masks are those of the first three, the fourth sees all. */
// @ts-ignore: decorator
@inline
function fourRows(
  p: usize,
  ds: usize,
  lses: usize,
  deltas: usize,
  mask0: v128,
  mask1: v128,
  mask2: v128,
): void {
  const a = v128.and(weight4(v128.load(p), v128.load32_splat(lses)), mask0);
  const b = v128.and(weight4(v128.load(p, SQUARE_ROW), v128.load32_splat(lses, 4)), mask1);
  const c = v128.and(weight4(v128.load(p, 2 * SQUARE_ROW), v128.load32_splat(lses, 8)), mask2);
  const d = weight4(v128.load(p, 3 * SQUARE_ROW), v128.load32_splat(lses, 12));
  v128.store(p, a);
  v128.store(p, b, SQUARE_ROW);
  v128.store(p, c, 2 * SQUARE_ROW);
  v128.store(p, d, 3 * SQUARE_ROW);
  const e = v128.and(slope4(a, v128.load(ds), v128.load32_splat(deltas)), mask0);
  const f = v128.and(slope4(b, v128.load(ds, SQUARE_ROW), v128.load32_splat(deltas, 4)), mask1);
  const g = v128.and(slope4(c, v128.load(ds, 2 * SQUARE_ROW), v128.load32_splat(deltas, 8)), mask2);
  const h = slope4(d, v128.load(ds, 3 * SQUARE_ROW), v128.load32_splat(deltas, 12));
  v128.store(ds, e);
  v128.store(ds, f, SQUARE_ROW);
  v128.store(ds, g, 2 * SQUARE_ROW);
  v128.store(ds, h, 3 * SQUARE_ROW);
}

// @ts-ignore: decorator
@inline
function weight4(score: v128, lse: v128): v128 {
  const exponent = f32x4.pmin(f32x4.sub(score, lse), f32x4.splat(0));
  return exp4(f32x4.pmax(exponent, f32x4.splat(-80)));
}

// @ts-ignore: decorator
@inline
function slope4(weight: v128, product: v128, delta: v128): v128 {
  return f32x4.mul(weight, f32x4.sub(product, delta));
}
