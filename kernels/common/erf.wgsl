// The error function and the exact GELU with its derivative, from one pair of pieces.
//
// Phi(x) = 1/2 + x R(x^2)                                  for |x| < 1
// Phi(-a) = exp(-a^2/2) t P(t),  t = 1 / (1 + 0.28 a)      for a >= 1, and Phi(a) = 1 - Phi(-a)
// gelu(x) = x Phi(x),  gelu'(x) = Phi(x) + x phi(x),  erf(x) = 2 Phi(sqrt(2) x) - 1
//
// R and P are minimax fits of the relative error in f64 (7.1e-10 and 6.9e-8), made for this file.
// Bounds with f32 arithmetic: erf 1.6e-7 absolute; erf 3e-7 relative for |x| < 0.7; Phi 1.2e-7 absolute.
// The lower tail is never a difference, so gelu(x) for x < 0 keeps a relative error below 1e-6 + 1.5e-7 x^2: the
// argument of exp is rounded once and exp itself may be off by 3 + x^2 ulp. From |x| = 13 on Phi is 0 or 1 exactly.

// x R(x^2), Phi(-|x|) and exp(-x^2/2): the first holds for |x| < 1, the second from there on.
fn normal_pieces(x: f32) -> vec3f {
  // The clamp keeps squares finite and exp away from denormal results; beyond it the tail is below the smallest normal f32.
  let a = min(abs(x), 13.0);
  let s = a * a;
  let r = ((((-7.65420887e-6 * s + 1.13486373e-4) * s - 1.18632994e-3) * s + 9.97332341e-3) * s - 6.64903599e-2) * s
    + 0.398942280;
  let t = 1.0 / (1.0 + 0.28 * a);
  let p = (((((-0.0591437028 * t + 0.130584502) * t - 2.78026786e-3) * t + 0.109593935) * t + 0.0976712314) * t
    + 0.112323471) * t + 0.111673589;
  let e = select(0.0, exp(-0.5 * s), a < 13.0);
  return vec3f(clamp(x, -13.0, 13.0) * r, e * t * p, e);
}

// The normal distribution function from its pieces.
fn normal_below(x: f32, pieces: vec3f) -> f32 {
  return select(select(pieces.y, 1.0 - pieces.y, x > 0.0), 0.5 + pieces.x, abs(x) < 1.0);
}

fn erf_f32(x: f32) -> f32 {
  let z = 1.41421356 * clamp(x, -10.0, 10.0);
  let pieces = normal_pieces(z);
  return select(sign(z) * (1.0 - 2.0 * pieces.y), 2.0 * pieces.x, abs(z) < 1.0);
}

fn gelu_exact(x: f32) -> f32 {
  return x * normal_below(x, normal_pieces(x));
}

fn gelu_exact_derivative(x: f32) -> f32 {
  let pieces = normal_pieces(x);
  return normal_below(x, pieces) + x * pieces.z * 0.398942280;
}
