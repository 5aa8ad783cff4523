// What follows the product in matmul/nt: bias, then the residual, each where its flag is set.
//
// An unused binding may hold any tensor: it is never read.
fn epilogue(g: u32, m: u32, n: u32, product: f32) -> f32 {
  var value = product;
  if (params.use_bias != 0u) { value += bias[g * params.stride_bias + n]; }
  if (params.use_residual != 0u) { value += residual[g * params.stride_residual + m * params.N + n]; }
  return value;
}
