// The box around the center in which weights stay.

/** x within `size` of the center, each lane for itself. Comparisons in this order keep a NaN. */
// @ts-ignore: decorator
@inline
export function boxed4(x: v128, center: v128, size: f32): v128 {
  const s = f32x4.splat(size);
  // pmax and pmin return their first argument where a comparison with NaN fails.
  return f32x4.pmin(f32x4.pmax(x, f32x4.sub(center, s)), f32x4.add(center, s));
}

/** Momenta of what comes to x: turned inwards where that is beyond the box. A NaN of either stays. */
// @ts-ignore: decorator
@inline
export function inward4(momentum: v128, x: v128, center: v128, size: f32): v128 {
  const s = f32x4.splat(size);
  const away = f32x4.abs(momentum);
  const below = v128.bitselect(away, momentum, f32x4.lt(x, f32x4.sub(center, s)));
  return v128.bitselect(f32x4.neg(away), below, f32x4.gt(x, f32x4.add(center, s)));
}
