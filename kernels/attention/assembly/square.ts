// A square of scores of the backward pass: 64 queries by 64 keys.
import { exp4 } from "../../common/assembly/exp";
import { first, sumOf } from "../../common/assembly/lanes";
import { BLOCK } from "./heads";

/** Bytes of a row and of a square: rows are a little apart, so that a column's elements are not all in one set of a cache. */
export const SQUARE_ROW: usize = 288;
export const SQUARE: usize = <usize>BLOCK * SQUARE_ROW;

/**
 * Makes p of scaled scores, in their place. On the diagonal, keys after a row's own that share its last vector get zeros, in dp too:
 * they may be no numbers. Four rows at a time: one chain of dependent operations would leave the processor idle.
 */
export function weigh(p: usize, dp: usize, rows: u32, diagonal: bool, lses: usize): void {
  const all = i32x4.splat(-1);
  for (let i: u32 = 0; i < rows; i += 4) {
    const last = lastVector(i, diagonal);
    for (let at: usize = 0; at < last; at += 16) weighRows(p + at, lses, all, all, all);
    if (!diagonal) weighRows(p + last, lses, all, all, all);
    else {
      weighRows(p + last, lses, first(1), first(2), first(3));
      keepFirst(dp + last, 1);
      keepFirst(dp + last + SQUARE_ROW, 2);
      keepFirst(dp + last + 2 * SQUARE_ROW, 3);
    }
    p += 4 * SQUARE_ROW;
    dp += 4 * SQUARE_ROW;
    lses += 16;
  }
}

/**
 * The mean of dp that p weighs, of each row of the squares of queries t to t + rows: of the same numbers, and over the same sum of p,
 * that `slopes` takes it off.
 */
export function averages(p: usize, dp: usize, rows: u32, t: u32, means: usize): void {
  for (let i: u32 = 0; i < rows; i += 4) {
    let a = f32x4.splat(0);
    let b = f32x4.splat(0);
    let c = f32x4.splat(0);
    let d = f32x4.splat(0);
    let sumA = f32x4.splat(0);
    let sumB = f32x4.splat(0);
    let sumC = f32x4.splat(0);
    let sumD = f32x4.splat(0);
    for (let s: u32 = 0, square: usize = 0; s <= t; s += BLOCK, square += SQUARE) {
      const end = square + lastVector(i, s == t) + 16;
      for (let at = square; at < end; at += 16) {
        let weight = v128.load(p + at);
        sumA = f32x4.add(sumA, weight);
        a = f32x4.add(a, f32x4.mul(weight, v128.load(dp + at)));
        weight = v128.load(p + at, SQUARE_ROW);
        sumB = f32x4.add(sumB, weight);
        b = f32x4.add(b, f32x4.mul(weight, v128.load(dp + at, SQUARE_ROW)));
        weight = v128.load(p + at, 2 * SQUARE_ROW);
        sumC = f32x4.add(sumC, weight);
        c = f32x4.add(c, f32x4.mul(weight, v128.load(dp + at, 2 * SQUARE_ROW)));
        weight = v128.load(p + at, 3 * SQUARE_ROW);
        sumD = f32x4.add(sumD, weight);
        d = f32x4.add(d, f32x4.mul(weight, v128.load(dp + at, 3 * SQUARE_ROW)));
      }
    }
    store<f32>(means, sumOf(a) / sumOf(sumA));
    store<f32>(means, sumOf(b) / sumOf(sumB), 4);
    store<f32>(means, sumOf(c) / sumOf(sumC), 8);
    store<f32>(means, sumOf(d) / sumOf(sumD), 12);
    p += 4 * SQUARE_ROW;
    dp += 4 * SQUARE_ROW;
    means += 16;
  }
}

/** Makes p (dp - mean) of dp, in its place. */
export function slopes(p: usize, dp: usize, rows: u32, diagonal: bool, means: usize): void {
  for (let i: u32 = 0; i < rows; i += 4) {
    const end = lastVector(i, diagonal) + 16;
    const a = v128.load32_splat(means);
    const b = v128.load32_splat(means, 4);
    const c = v128.load32_splat(means, 8);
    const d = v128.load32_splat(means, 12);
    for (let at: usize = 0; at < end; at += 16) {
      slope(p + at, dp + at, a);
      slope(p + at + SQUARE_ROW, dp + at + SQUARE_ROW, b);
      slope(p + at + 2 * SQUARE_ROW, dp + at + 2 * SQUARE_ROW, c);
      slope(p + at + 3 * SQUARE_ROW, dp + at + 3 * SQUARE_ROW, d);
    }
    p += 4 * SQUARE_ROW;
    dp += 4 * SQUARE_ROW;
    means += 16;
  }
}

/** Where the last vector begins that rows i to i + 3 see. */
// @ts-ignore: decorator
@inline
function lastVector(i: u32, diagonal: bool): usize {
  return <usize>((diagonal ? i >>> 2 : (BLOCK >>> 2) - 1) << 4);
}

// @ts-ignore: decorator
@inline
function keepFirst(at: usize, count: u32): void {
  v128.store(at, v128.and(v128.load(at), first(count)));
}

// @ts-ignore: decorator
@inline
function slope(p: usize, dp: usize, mean: v128): void {
  v128.store(dp, f32x4.mul(v128.load(p), f32x4.sub(v128.load(dp), mean)));
}

/** A vector of each of four rows; the masks are those of the first three, the fourth sees all. */
// @ts-ignore: decorator
@inline
function weighRows(p: usize, lses: usize, mask0: v128, mask1: v128, mask2: v128): void {
  const a = v128.and(weight4(v128.load(p), v128.load32_splat(lses)), mask0);
  const b = v128.and(weight4(v128.load(p, SQUARE_ROW), v128.load32_splat(lses, 4)), mask1);
  const c = v128.and(weight4(v128.load(p, 2 * SQUARE_ROW), v128.load32_splat(lses, 8)), mask2);
  const d = weight4(v128.load(p, 3 * SQUARE_ROW), v128.load32_splat(lses, 12));
  v128.store(p, a);
  v128.store(p, b, SQUARE_ROW);
  v128.store(p, c, 2 * SQUARE_ROW);
  v128.store(p, d, 3 * SQUARE_ROW);
}

// @ts-ignore: decorator
@inline
function weight4(score: v128, lse: v128): v128 {
  const exponent = f32x4.pmin(f32x4.sub(score, lse), f32x4.splat(0));
  return exp4(f32x4.pmax(exponent, f32x4.splat(-80)));
}
