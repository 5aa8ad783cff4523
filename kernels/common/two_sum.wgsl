// Knuth's TwoSum. WGSL lets a compiler reorder f32 additions, which would undo it: `opaque` passes every partial result through an
// integer operation with a zero that no compiler can know. For kernels whose `params` has a size N.

/// a + b rounded, and the exact error of that rounding.
fn two_sum(a: f32, b: f32) -> vec2f {
  let s = opaque(a + b);
  let b_part = opaque(s - a);
  let a_part = opaque(s - b_part);
  return vec2f(s, opaque(a - a_part) + opaque(b - b_part));
}

/// The value itself: sizes are below 2^31, but only the host knows.
fn opaque(value: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(value) ^ (params.N >> 31u));
}
