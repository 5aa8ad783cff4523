// Gradients of layer normalization by its weight and bias.
//
// dweight = sum_r dy (x - mean) rstd,  dbias = sum_r dy
//
// Shapes as the WGSL. An item is 16 columns of a group. Deterministic: blocks of 32 rows in order, then their sums in order.
// Blocks because R may be thousands: the error grows with 32 + R/32 roundings, not with R.
import { storeFirst } from "../../common/assembly/lanes";
import * as abi from "../../../dist/abi/layernorm/backward_params";

/** Columns of an item, rows of a block. */
const COLUMNS: u32 = 16;
const ROWS: u32 = 32;

export function layernorm_backward_params(block: usize, from: u32, to: u32, _scratch: usize): void {
  const R = abi.R(block);
  const D = abi.D(block);
  const perGroup = (D + COLUMNS - 1) / COLUMNS;
  for (let item = from; item < to; item++) {
    const g = item / perGroup;
    const d = (item - g * perGroup) * COLUMNS;
    const columns = min(COLUMNS, D - d);
    const dy = abi.dy(block) + (<usize>g * R * D + d << 2);
    const x = abi.x(block) + (<usize>(g * abi.stride_x(block) + d) << 2);
    const mean = abi.mean(block) + (<usize>g * R << 2);
    const rstd = abi.rstd(block) + (<usize>g * R << 2);
    const dweight = abi.dweight(block) + (<usize>(g * abi.stride_dweight(block) + d) << 2);
    const dbias = abi.dbias(block) + (<usize>(g * abi.stride_dbias(block) + d) << 2);
    let j: u32 = 0;
    for (; j + 8 <= columns; j += 8) {
      const at = <usize>j << 2;
      eightColumns(dy + at, x + at, mean, rstd, R, <usize>D << 2, dweight + at, dbias + at);
    }
    for (; j < columns; j += 4) {
      const at = <usize>j << 2;
      fourColumns(dy + at, x + at, mean, rstd, R, <usize>D << 2, columns - j, dweight + at, dbias + at);
    }
  }
}

function eightColumns(
  dy: usize,
  x: usize,
  mean: usize,
  rstd: usize,
  R: u32,
  row: usize,
  dweight: usize,
  dbias: usize,
): void {
  let weight0 = f32x4.splat(0);
  let weight1 = weight0;
  let bias0 = weight0;
  let bias1 = weight0;
  for (let r: u32 = 0; r < R; r += ROWS) {
    let w0 = f32x4.splat(0);
    let w1 = w0;
    let b0 = w0;
    let b1 = w0;
    for (let count = min(ROWS, R - r); count; count--) {
      const m = v128.load32_splat(mean);
      const s = v128.load32_splat(rstd);
      const dy0 = v128.load(dy);
      const dy1 = v128.load(dy, 16);
      b0 = f32x4.add(b0, dy0);
      b1 = f32x4.add(b1, dy1);
      w0 = f32x4.add(w0, f32x4.mul(dy0, f32x4.mul(f32x4.sub(v128.load(x), m), s)));
      w1 = f32x4.add(w1, f32x4.mul(dy1, f32x4.mul(f32x4.sub(v128.load(x, 16), m), s)));
      dy += row;
      x += row;
      mean += 4;
      rstd += 4;
    }
    weight0 = f32x4.add(weight0, w0);
    weight1 = f32x4.add(weight1, w1);
    bias0 = f32x4.add(bias0, b0);
    bias1 = f32x4.add(bias1, b1);
  }
  v128.store(dweight, weight0);
  v128.store(dweight, weight1, 16);
  v128.store(dbias, bias0);
  v128.store(dbias, bias1, 16);
}

/** The first `columns` of four. */
function fourColumns(
  dy: usize,
  x: usize,
  mean: usize,
  rstd: usize,
  R: u32,
  row: usize,
  columns: u32,
  dweight: usize,
  dbias: usize,
): void {
  let weight = f32x4.splat(0);
  let bias = weight;
  for (let r: u32 = 0; r < R; r += ROWS) {
    let w = f32x4.splat(0);
    let b = w;
    for (let count = min(ROWS, R - r); count; count--) {
      const value = v128.load(dy);
      const centered = f32x4.sub(v128.load(x), v128.load32_splat(mean));
      b = f32x4.add(b, value);
      w = f32x4.add(w, f32x4.mul(value, f32x4.mul(centered, v128.load32_splat(rstd))));
      dy += row;
      x += row;
      mean += 4;
      rstd += 4;
    }
    weight = f32x4.add(weight, w);
    bias = f32x4.add(bias, b);
  }
  storeFirst(dweight, weight, columns);
  storeFirst(dbias, bias, columns);
}
