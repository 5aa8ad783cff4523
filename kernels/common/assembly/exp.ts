// exp in f32, four at a time.
//
// exp(x) = 2^n exp(r),  n = round(x / log 2),  r = x - n log 2 in [-0.347, 0.347]
// exp(r) = 1 + r + r^2 Q(r),  Q of degree 4: a minimax fit of the relative error (4.4e-9 with f32 coefficients), made for this file.
//
// Relative error below 9e-8: the largest found was 8.1e-8, with every 37th number tried. n log 2 is taken off in two parts, of which
// the first has so few bits that its product is exact. The argument is clamped to [-87, 88], so that results are normal numbers:
// -infinity gives 1.6e-38, infinity 1.7e38. NaN counts as -87.

/** 3 * 2^22: a float of this size has no fraction, so that adding it rounds, and its last bits are an integer. */
const ROUNDER: f32 = 12582912;
const LOG2_E: f32 = 1.44269504;
const LOG_2_HIGH: f32 = 0.693359375;
const LOG_2_LOW: f32 = -2.12194440e-4;
const C0: f32 = 0.49999994;
const C1: f32 = 0.166665196;
const C2: f32 = 0.0416683927;
const C3: f32 = 0.00836878084;
const C4: f32 = 0.00138144672;

/** exp of four numbers; NaN counts as -87. */
// @ts-ignore: decorator
@inline
export function exp4(a: v128): v128 {
  // pmin and pmax are one instruction each; they return their first argument where the second is NaN.
  const x = f32x4.pmin(f32x4.splat(88), f32x4.pmax(f32x4.splat(-87), a));
  const t = f32x4.add(f32x4.mul(x, f32x4.splat(LOG2_E)), f32x4.splat(ROUNDER));
  const n = f32x4.sub(t, f32x4.splat(ROUNDER));
  let r = f32x4.sub(x, f32x4.mul(n, f32x4.splat(LOG_2_HIGH)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(LOG_2_LOW)));
  let q = f32x4.add(f32x4.mul(r, f32x4.splat(C4)), f32x4.splat(C3));
  q = f32x4.add(f32x4.mul(r, q), f32x4.splat(C2));
  q = f32x4.add(f32x4.mul(r, q), f32x4.splat(C1));
  q = f32x4.add(f32x4.mul(r, q), f32x4.splat(C0));
  q = f32x4.add(f32x4.mul(f32x4.mul(r, r), q), r);
  // The rounder's own bits leave by the shift; 127 is the exponent's bias.
  const scale = i32x4.add(i32x4.shl(t, 23), i32x4.splat(0x3f800000));
  return f32x4.mul(f32x4.add(q, f32x4.splat(1)), scale);
}

/** exp of a number: the same bits as a lane of `exp4`. */
// @ts-ignore: decorator
@inline
export function exp1(a: f32): f32 {
  return f32x4.extract_lane(exp4(f32x4.splat(a)), 0);
}
