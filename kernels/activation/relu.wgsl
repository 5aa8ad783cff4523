// The rectified linear unit, max(x, 0), as an activation; its slope at 0 is 0, as in PyTorch.

fn activation(x: f32) -> f32 {
  return max(x, 0.0);
}

fn activation_slope(x: f32) -> f32 {
  return select(0.0, 1.0, x > 0.0);
}
