// Products of 4 rows x 8 columns in registers: eight sums, two halves of a step of B and four splats fit the registers of SSE.
//
// out[i, j] = sum_k A[i, k] B[k, j] (+ plus[i, j]) (+ more[i, j])
//
// B is a panel: eight columns, k by k, 32 bytes each. `plus` and `more` are 0 or the places of what is added, in this order; all
// strides are bytes.
// Deterministic: k ascends, one multiply-add a step, so that a sum depends on its row and its column alone.
// The loops take one step a turn: V8 moves the loads of a turn to its front, and those of two steps and more no longer fit the
// registers (a third slower where it was tried).

// @ts-ignore: decorator
@inline
function madd(sum: v128, a: v128, b: v128): v128 {
  return f32x4.add(sum, f32x4.mul(a, b));
}

/** Adds what a row adds and stores it. */
// @ts-ignore: decorator
@inline
function finish(low: v128, high: v128, out: usize, plus: usize, more: usize): void {
  if (plus) {
    low = f32x4.add(low, v128.load(plus));
    high = f32x4.add(high, v128.load(plus, 16));
  }
  if (more) {
    low = f32x4.add(low, v128.load(more));
    high = f32x4.add(high, v128.load(more, 16));
  }
  v128.store(out, low);
  v128.store(out, high, 16);
}

/** A lies by rows: `a0` to `a3` are the places of four rows' first elements, k by k. */
export function tileOfRows(
  a0: usize,
  a1: usize,
  a2: usize,
  a3: usize,
  b: usize,
  k: u32,
  plus: usize,
  plusRow: usize,
  more: usize,
  moreRow: usize,
  out: usize,
  outRow: usize,
): void {
  let s00 = f32x4.splat(0);
  let s01 = f32x4.splat(0);
  let s10 = f32x4.splat(0);
  let s11 = f32x4.splat(0);
  let s20 = f32x4.splat(0);
  let s21 = f32x4.splat(0);
  let s30 = f32x4.splat(0);
  let s31 = f32x4.splat(0);
  let a: v128, b0: v128, b1: v128;
  const end = b + (<usize>k << 5);
  while (b < end) {
    b0 = v128.load(b);
    b1 = v128.load(b, 16);
    a = v128.load32_splat(a0);
    s00 = madd(s00, a, b0);
    s01 = madd(s01, a, b1);
    a = v128.load32_splat(a1);
    s10 = madd(s10, a, b0);
    s11 = madd(s11, a, b1);
    a = v128.load32_splat(a2);
    s20 = madd(s20, a, b0);
    s21 = madd(s21, a, b1);
    a = v128.load32_splat(a3);
    s30 = madd(s30, a, b0);
    s31 = madd(s31, a, b1);
    a0 += 4;
    a1 += 4;
    a2 += 4;
    a3 += 4;
    b += 32;
  }
  finish(s00, s01, out, plus, more);
  finish(s10, s11, out + outRow, plus ? plus + plusRow : 0, more ? more + moreRow : 0);
  finish(s20, s21, out + 2 * outRow, plus ? plus + 2 * plusRow : 0, more ? more + 2 * moreRow : 0);
  finish(s30, s31, out + 3 * outRow, plus ? plus + 3 * plusRow : 0, more ? more + 3 * moreRow : 0);
}

/** A lies by columns: four neighbors at `a`, and `aStep` bytes on the four of the next k. */
export function tileOfColumns(
  a: usize,
  aStep: usize,
  b: usize,
  k: u32,
  plus: usize,
  plusRow: usize,
  more: usize,
  moreRow: usize,
  out: usize,
  outRow: usize,
): void {
  let s00 = f32x4.splat(0);
  let s01 = f32x4.splat(0);
  let s10 = f32x4.splat(0);
  let s11 = f32x4.splat(0);
  let s20 = f32x4.splat(0);
  let s21 = f32x4.splat(0);
  let s30 = f32x4.splat(0);
  let s31 = f32x4.splat(0);
  let c: v128, b0: v128, b1: v128;
  const end = b + (<usize>k << 5);
  while (b < end) {
    b0 = v128.load(b);
    b1 = v128.load(b, 16);
    c = v128.load32_splat(a);
    s00 = madd(s00, c, b0);
    s01 = madd(s01, c, b1);
    c = v128.load32_splat(a, 4);
    s10 = madd(s10, c, b0);
    s11 = madd(s11, c, b1);
    c = v128.load32_splat(a, 8);
    s20 = madd(s20, c, b0);
    s21 = madd(s21, c, b1);
    c = v128.load32_splat(a, 12);
    s30 = madd(s30, c, b0);
    s31 = madd(s31, c, b1);
    a += aStep;
    b += 32;
  }
  finish(s00, s01, out, plus, more);
  finish(s10, s11, out + outRow, plus ? plus + plusRow : 0, more ? more + moreRow : 0);
  finish(s20, s21, out + 2 * outRow, plus ? plus + 2 * plusRow : 0, more ? more + 2 * moreRow : 0);
  finish(s30, s31, out + 3 * outRow, plus ? plus + 3 * plusRow : 0, more ? more + 3 * moreRow : 0);
}
