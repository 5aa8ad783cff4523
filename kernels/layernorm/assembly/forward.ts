// Layer normalization of rows.
//
// mean = 1/D sum_d x,  var = 1/D sum_d (x - mean)^2,  rstd = 1 / sqrt(var + eps),  y = (x - mean) rstd weight + bias
//
// Shapes as the WGSL. An item is 16 rows of a group. Deterministic: sixteen partial sums over d, four vectors of four, are added
// in a fixed order. The variance is a second pass over the row: a mean of squares would lose all digits of a row with a large mean.
import { first, storeFirst, sumOf } from "../../common/assembly/lanes";
import * as abi from "../../../dist/abi/layernorm/forward";

/** Rows of an item. */
const ROWS: u32 = 16;

export function layernorm_forward(block: usize, from: u32, to: u32, _scratch: usize): void {
  const R = abi.R(block);
  const D = abi.D(block);
  const eps = abi.eps(block);
  const perGroup = (R + ROWS - 1) / ROWS;
  for (let item = from; item < to; item++) {
    const g = item / perGroup;
    const top = (item - g * perGroup) * ROWS;
    const bottom = min(R, top + ROWS);
    const x = abi.x(block) + (<usize>(g * abi.stride_x(block)) << 2);
    const weight = abi.weight(block) + (<usize>(g * abi.stride_weight(block)) << 2);
    const bias = abi.bias(block) + (<usize>(g * abi.stride_bias(block)) << 2);
    for (let r = top; r < bottom; r++) {
      const row = <usize>g * R + r;
      const at = x + (<usize>r * D << 2);
      const mean = sumOfRow(at, D) / <f32>D;
      const rstd = <f32>1 / sqrt<f32>(squaresOfRow(at, mean, D) / <f32>D + eps);
      normalize(at, weight, bias, mean, rstd, D, abi.y(block) + (row * D << 2));
      store<f32>(abi.mean(block) + (row << 2), mean);
      store<f32>(abi.rstd(block) + (row << 2), rstd);
    }
  }
}

// @ts-ignore: decorator
@inline
function sumOfRow(x: usize, D: u32): f32 {
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  const end = x + (<usize>D << 2);
  for (; x + 64 <= end; x += 64) {
    a = f32x4.add(a, v128.load(x));
    b = f32x4.add(b, v128.load(x, 16));
    c = f32x4.add(c, v128.load(x, 32));
    d = f32x4.add(d, v128.load(x, 48));
  }
  for (; x + 16 <= end; x += 16) a = f32x4.add(a, v128.load(x));
  if (x < end) b = f32x4.add(b, v128.and(v128.load(x), first(<i32>(end - x) >> 2)));
  return sumOf(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
}

// @ts-ignore: decorator
@inline
function square(x: v128, mean: v128): v128 {
  const centered = f32x4.sub(x, mean);
  return f32x4.mul(centered, centered);
}

// @ts-ignore: decorator
@inline
function squaresOfRow(x: usize, mean: f32, D: u32): f32 {
  const m = f32x4.splat(mean);
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  const end = x + (<usize>D << 2);
  for (; x + 64 <= end; x += 64) {
    a = f32x4.add(a, square(v128.load(x), m));
    b = f32x4.add(b, square(v128.load(x, 16), m));
    c = f32x4.add(c, square(v128.load(x, 32), m));
    d = f32x4.add(d, square(v128.load(x, 48), m));
  }
  for (; x + 16 <= end; x += 16) a = f32x4.add(a, square(v128.load(x), m));
  if (x < end) b = f32x4.add(b, v128.and(square(v128.load(x), m), first(<i32>(end - x) >> 2)));
  return sumOf(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
}

// @ts-ignore: decorator
@inline
function normalize(x: usize, weight: usize, bias: usize, mean: f32, rstd: f32, D: u32, y: usize): void {
  const m = f32x4.splat(mean);
  const s = f32x4.splat(rstd);
  const bytes = <usize>D << 2;
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(y + i, scaled(x + i, weight + i, bias + i, m, s));
  if (i < bytes) storeFirst(y + i, scaled(x + i, weight + i, bias + i, m, s), <u32>(bytes - i) >> 2);
}

// @ts-ignore: decorator
@inline
function scaled(x: usize, weight: usize, bias: usize, mean: v128, rstd: v128): v128 {
  const xhat = f32x4.mul(f32x4.sub(v128.load(x), mean), rstd);
  return f32x4.add(f32x4.mul(xhat, v128.load(weight)), v128.load(bias));
}
