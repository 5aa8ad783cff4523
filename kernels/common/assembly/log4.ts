// log in f32, four at a time: `philox_log` of common/philox.wgsl.

/**
 * Natural logarithm of four positive normal numbers, relative error below 4e-7: also near 1, for a number is taken apart as 2^e m with m
 * in [1/sqrt 2, sqrt 2), where m - 1 is exact and e log 2 cancels nothing.
 */
// @ts-ignore: decorator
@inline
export function log4(u: v128): v128 {
  const bits = i32x4.sub(u, i32x4.splat(0x3f3504f3));
  const e = f32x4.convert_i32x4_s(i32x4.shr_s(bits, 23));
  const m = i32x4.add(v128.and(bits, i32x4.splat(0x007fffff)), i32x4.splat(0x3f3504f3));
  const f = f32x4.sub(m, f32x4.splat(1));
  // ln(1 + f) = 2 artanh(s), s = f / (2 + f), |s| < 0.172.
  const s = f32x4.div(f, f32x4.add(f, f32x4.splat(2)));
  const s2 = f32x4.mul(s, s);
  let tail = f32x4.add(f32x4.mul(s2, f32x4.splat(0.2222222222)), f32x4.splat(0.2857142857));
  tail = f32x4.add(f32x4.mul(s2, tail), f32x4.splat(0.4));
  tail = f32x4.add(f32x4.mul(s2, tail), f32x4.splat(0.6666666667));
  tail = f32x4.add(f32x4.mul(s2, tail), f32x4.splat(2));
  return f32x4.add(f32x4.mul(e, f32x4.splat(0.6931471806)), f32x4.mul(s, tail));
}
