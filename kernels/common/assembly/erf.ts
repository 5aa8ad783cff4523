// The exact GELU and its derivative, four at a time: the pieces, coefficients and bounds of common/erf.wgsl.
//
// gelu(x) = x Phi(x),  gelu'(x) = Phi(x) + x phi(x)
// Phi(x) = 1/2 + x R(x^2) for |x| < 1;  Phi(-a) = exp(-a^2/2) t P(t), t = 1 / (1 + 0.28 a), and Phi(a) = 1 - Phi(-a) beyond
//
// From |x| = 13 on Phi is 0 or 1 exactly. NaN gives NaN.
import { exp4 } from "./exp";

const INVERSE_ROOT_2_PI: f32 = 0.398942280;
/** From here on exp(-x^2/2) counts as 0. */
const FAR: f32 = 13;

/** exp(-a^2/2) of a >= 0. */
// @ts-ignore: decorator
@inline
function bell4(a: v128): v128 {
  const e = exp4(f32x4.mul(f32x4.mul(a, a), f32x4.splat(-0.5)));
  return v128.and(e, f32x4.lt(a, f32x4.splat(FAR)));
}

/** Phi(x), given |x| and exp(-x^2/2). Both pieces are computed: lanes differ. */
// @ts-ignore: decorator
@inline
function below4(x: v128, a: v128, bell: v128): v128 {
  const one = f32x4.splat(1);
  const s = f32x4.mul(a, a);
  let r = f32x4.add(f32x4.mul(s, f32x4.splat(-7.65420887e-6)), f32x4.splat(1.13486373e-4));
  r = f32x4.add(f32x4.mul(s, r), f32x4.splat(-1.18632994e-3));
  r = f32x4.add(f32x4.mul(s, r), f32x4.splat(9.97332341e-3));
  r = f32x4.add(f32x4.mul(s, r), f32x4.splat(-6.64903599e-2));
  r = f32x4.add(f32x4.mul(s, r), f32x4.splat(INVERSE_ROOT_2_PI));
  const near = f32x4.add(f32x4.mul(x, r), f32x4.splat(0.5));
  const t = f32x4.div(one, f32x4.add(f32x4.mul(a, f32x4.splat(0.28)), one));
  let p = f32x4.add(f32x4.mul(t, f32x4.splat(-0.0591437028)), f32x4.splat(0.130584502));
  p = f32x4.add(f32x4.mul(t, p), f32x4.splat(-2.78026786e-3));
  p = f32x4.add(f32x4.mul(t, p), f32x4.splat(0.109593935));
  p = f32x4.add(f32x4.mul(t, p), f32x4.splat(0.0976712314));
  p = f32x4.add(f32x4.mul(t, p), f32x4.splat(0.112323471));
  p = f32x4.add(f32x4.mul(t, p), f32x4.splat(0.111673589));
  const tail = f32x4.mul(f32x4.mul(bell, t), p);
  const far = v128.bitselect(f32x4.sub(one, tail), tail, f32x4.gt(x, f32x4.splat(0)));
  return v128.bitselect(near, far, f32x4.lt(a, one));
}

/** |x|, at most FAR: its square is finite. */
// @ts-ignore: decorator
@inline
function size4(x: v128): v128 {
  return f32x4.pmin(f32x4.abs(x), f32x4.splat(FAR));
}

/** x Phi(x) of four numbers. */
// @ts-ignore: decorator
@inline
export function gelu4(x: v128): v128 {
  const a = size4(x);
  return f32x4.mul(x, below4(x, a, bell4(a)));
}

/** Phi(x) + x phi(x) of four numbers. */
// @ts-ignore: decorator
@inline
export function geluSlope4(x: v128): v128 {
  const a = size4(x);
  const bell = bell4(a);
  return f32x4.add(below4(x, a, bell), f32x4.mul(f32x4.mul(x, bell), f32x4.splat(INVERSE_ROOT_2_PI)));
}
