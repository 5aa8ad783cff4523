// A linear layer's bias gradient: dbias[g,n] = sum_m dy[g,m,n]; shapes as the WGSL.
//
// An item is 64 columns of a group. Blocks of 32 rows are summed by themselves first and then added to the whole:
// the rounding error of a long sum in one accumulator grows with its length. Deterministic: m ascends.
import * as abi from "../../../dist/abi/matmul/bias_backward";

const COLUMNS: u32 = 64;
const ROWS: u32 = 32;

export function matmul_bias_backward(block: usize, from: u32, to: u32, _scratch: usize): void {
  const M = abi.M(block);
  const N = abi.N(block);
  const stride = abi.stride_dbias(block);
  const row = <usize>N << 2;
  const perGroup = (N + COLUMNS - 1) / COLUMNS;
  for (let item = from; item < to; item++) {
    const g = item / perGroup;
    const n = (item - g * perGroup) * COLUMNS;
    const dy = abi.dy(block) + (<usize>g * M * N + n << 2);
    const out = abi.dbias(block) + (<usize>g * stride + n << 2);
    const bytes = <usize>min(COLUMNS, N - n) << 2;
    let j: usize = 0;
    for (; j + 64 <= bytes; j += 64) sixteen(dy + j, row, M, out + j);
    for (; j < bytes; j += 4) single(dy + j, row, M, out + j);
  }
}

function sixteen(dy: usize, row: usize, M: u32, out: usize): void {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (let m: u32 = 0; m < M; m += ROWS) {
    let b0 = f32x4.splat(0);
    let b1 = b0;
    let b2 = b0;
    let b3 = b0;
    for (let count = min(ROWS, M - m); count; count--) {
      b0 = f32x4.add(b0, v128.load(dy));
      b1 = f32x4.add(b1, v128.load(dy, 16));
      b2 = f32x4.add(b2, v128.load(dy, 32));
      b3 = f32x4.add(b3, v128.load(dy, 48));
      dy += row;
    }
    s0 = f32x4.add(s0, b0);
    s1 = f32x4.add(s1, b1);
    s2 = f32x4.add(s2, b2);
    s3 = f32x4.add(s3, b3);
  }
  v128.store(out, s0);
  v128.store(out, s1, 16);
  v128.store(out, s2, 32);
  v128.store(out, s3, 48);
}

function single(dy: usize, row: usize, M: u32, out: usize): void {
  let sum: f32 = 0;
  for (let m: u32 = 0; m < M; m += ROWS) {
    let piece: f32 = 0;
    for (let count = min(ROWS, M - m); count; count--) {
      piece += load<f32>(dy);
      dy += row;
    }
    sum += piece;
  }
  store<f32>(out, sum);
}
