// Gradient of layer normalization by its input, with another gradient of the same input added on request.
//
// xhat = (x - mean) rstd,  u = dy weight,  dx = rstd (u - mean_d(u) - xhat mean_d(u xhat)) + (use_add ? add : 0)
//
// Shapes as the WGSL. An item is 16 rows of a group. Deterministic: eight partial sums over d, two vectors of four, are added in a
// fixed order. xhat is recomputed from the saved mean and rstd, so that forward and backward agree on it to the bit.
import { first, storeFirst, sumOf } from "../../common/assembly/lanes";
import * as abi from "../../../dist/abi/layernorm/backward";

/** Rows of an item. */
const ROWS: u32 = 16;

export function layernorm_backward(block: usize, from: u32, to: u32, _scratch: usize): void {
  const R = abi.R(block);
  const D = abi.D(block);
  const groupsOfAdd = abi.Ga(block);
  const useAdd = abi.use_add(block) != 0;
  const perGroup = (R + ROWS - 1) / ROWS;
  for (let item = from; item < to; item++) {
    const g = item / perGroup;
    const top = (item - g * perGroup) * ROWS;
    const bottom = min(R, top + ROWS);
    const x = abi.x(block) + (<usize>(g * abi.stride_x(block)) << 2);
    const weight = abi.weight(block) + (<usize>(g * abi.stride_weight(block)) << 2);
    for (let r = top; r < bottom; r++) {
      const row = <usize>g * R + r;
      const mean = load<f32>(abi.mean(block) + (row << 2));
      const rstd = load<f32>(abi.rstd(block) + (row << 2));
      const add = useAdd ? abi.add(block) + ((groupsOfAdd == 1 ? <usize>r : row) * D << 2) : 0;
      backwardRow(
        abi.dy(block) + (row * D << 2),
        x + (<usize>r * D << 2),
        weight,
        add,
        mean,
        rstd,
        D,
        abi.dx(block) + (row * D << 2),
      );
    }
  }
}

function backwardRow(
  dy: usize,
  x: usize,
  weight: usize,
  add: usize,
  mean: f32,
  rstd: f32,
  D: u32,
  dx: usize,
): void {
  const m = f32x4.splat(mean);
  const s = f32x4.splat(rstd);
  const bytes = <usize>D << 2;
  let u0 = f32x4.splat(0);
  let u1 = u0;
  let ux0 = u0;
  let ux1 = u0;
  let i: usize = 0;
  for (; i + 32 <= bytes; i += 32) {
    const a = f32x4.mul(v128.load(dy + i), v128.load(weight + i));
    const b = f32x4.mul(v128.load(dy + i, 16), v128.load(weight + i, 16));
    u0 = f32x4.add(u0, a);
    u1 = f32x4.add(u1, b);
    ux0 = f32x4.add(ux0, f32x4.mul(a, f32x4.sub(v128.load(x + i), m)));
    ux1 = f32x4.add(ux1, f32x4.mul(b, f32x4.sub(v128.load(x + i, 16), m)));
  }
  for (; i < bytes; i += 16) {
    const mask = first(<i32>(bytes - i) >> 2);
    const a = f32x4.mul(v128.load(dy + i), v128.load(weight + i));
    u0 = f32x4.add(u0, v128.and(a, mask));
    ux0 = f32x4.add(ux0, v128.and(f32x4.mul(a, f32x4.sub(v128.load(x + i), m)), mask));
  }
  const meanU = f32x4.splat(sumOf(f32x4.add(u0, u1)) / <f32>D);
  const meanUx = f32x4.splat((sumOf(f32x4.add(ux0, ux1)) * rstd) / <f32>D);
  for (i = 0; i + 16 <= bytes; i += 16) {
    v128.store(dx + i, gradient(dy + i, x + i, weight + i, add ? add + i : 0, m, s, meanU, meanUx));
  }
  if (i >= bytes) return;
  const value = gradient(dy + i, x + i, weight + i, add ? add + i : 0, m, s, meanU, meanUx);
  storeFirst(dx + i, value, <u32>(bytes - i) >> 2);
}

// @ts-ignore: decorator
@inline
function gradient(
  dy: usize,
  x: usize,
  weight: usize,
  add: usize,
  mean: v128,
  rstd: v128,
  meanU: v128,
  meanUx: v128,
): v128 {
  const u = f32x4.mul(v128.load(dy), v128.load(weight));
  const xhat = f32x4.mul(f32x4.sub(v128.load(x), mean), rstd);
  const value = f32x4.mul(rstd, f32x4.sub(f32x4.sub(u, meanU), f32x4.mul(xhat, meanUx)));
  return add ? f32x4.add(value, v128.load(add)) : value;
}
