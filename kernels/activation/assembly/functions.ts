// The GELU by tanh and the rectifier with their slopes, four at a time; formulas and care of gelu_tanh.wgsl and relu.wgsl.
//
// f(x) = x s,  s = 1 / (1 + exp(-2u)),  2u = 2 sqrt(2/pi) (x + 0.044715 x^3)
// f'(x) = s + x s (1 - s) 2 u'
//
// s and 1 - s are both quotients, never a difference. From |x| = 12 on s is 0 or 1 exactly.
import { exp4 } from "../../common/assembly/exp";

/** Bytes of an item of forward and backward. */
export const ITEM: usize = 8192;

/** The functions by number. */
export const GELU: i32 = 0;
export const GELU_TANH: i32 = 1;
export const RELU: i32 = 2;

const TWICE_ROOT: f32 = 1.59576912;
const FAR: f32 = 12;

/** exp(-2u) of 0 <= a <= FAR, 0 where it is below exp(-87). */
// @ts-ignore: decorator
@inline
function fall4(a: v128): v128 {
  const cubic = f32x4.add(f32x4.mul(f32x4.mul(a, a), f32x4.splat(0.044715)), f32x4.splat(1));
  const twice = f32x4.mul(f32x4.mul(a, f32x4.splat(TWICE_ROOT)), cubic);
  return v128.and(exp4(f32x4.neg(twice)), f32x4.lt(twice, f32x4.splat(87)));
}

/** x / 2 (1 + tanh u) of four numbers. */
// @ts-ignore: decorator
@inline
export function geluTanh4(x: v128): v128 {
  const one = f32x4.splat(1);
  const e = fall4(f32x4.pmin(f32x4.abs(x), f32x4.splat(FAR)));
  const high = f32x4.div(one, f32x4.add(one, e));
  const s = v128.bitselect(f32x4.mul(e, high), high, f32x4.lt(x, f32x4.splat(0)));
  return f32x4.mul(x, s);
}

/** Its slope. */
// @ts-ignore: decorator
@inline
export function geluTanhSlope4(x: v128): v128 {
  const one = f32x4.splat(1);
  // In this order a NaN stays one.
  const a = f32x4.pmax(f32x4.pmin(x, f32x4.splat(FAR)), f32x4.splat(-FAR));
  const e = fall4(f32x4.abs(a));
  const high = f32x4.div(one, f32x4.add(one, e));
  const low = f32x4.mul(e, high);
  const s = v128.bitselect(low, high, f32x4.lt(x, f32x4.splat(0)));
  const inner = f32x4.add(f32x4.mul(f32x4.mul(a, a), f32x4.splat(0.134145)), one);
  const rise = f32x4.mul(f32x4.mul(a, f32x4.mul(low, high)), f32x4.mul(f32x4.splat(TWICE_ROOT), inner));
  return f32x4.add(s, rise);
}

/** max(x, 0) of four numbers. */
// @ts-ignore: decorator
@inline
export function relu4(x: v128): v128 {
  return f32x4.pmax(x, f32x4.splat(0));
}

/** 1 above 0, 0 elsewhere. */
// @ts-ignore: decorator
@inline
export function reluSlope4(x: v128): v128 {
  return v128.and(f32x4.splat(1), f32x4.gt(x, f32x4.splat(0)));
}
