// The exact GELU, x Phi(x), as an activation (common/erf.wgsl).

fn activation(x: f32) -> f32 {
  return gelu_exact(x);
}

fn activation_slope(x: f32) -> f32 {
  return gelu_exact_derivative(x);
}
