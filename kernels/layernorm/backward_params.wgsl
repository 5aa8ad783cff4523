// Gradients of layer normalization by its weight and bias.
//
// dweight = sum_r dy (x - mean) rstd,  dbias = sum_r dy
//
// dy [G, R, D], x [G?, R, D], mean [G, R], rstd [G, R], dweight [G?, D], dbias [G?, D].
// An invocation owns one column of one group, a workgroup 64 neighboring columns.
// Deterministic: blocks of 32 rows in order, then their sums in order; no atomics.
// Blocks because R may be thousands: the error grows with 32 + R/32 roundings, not with R.

struct Params {
  G: u32, R: u32, D: u32,
  stride_x: u32, stride_dweight: u32, stride_dbias: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> mean: array<f32>;
@group(0) @binding(3) var<storage, read> rstd: array<f32>;
@group(0) @binding(4) var<storage, read_write> dweight: array<f32>;
@group(0) @binding(5) var<storage, read_write> dbias: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let d = id.x + id.y * groups.x * 64u;
  let g = id.z;
  if (d >= params.D) { return; }
  var weight_sum = 0.0;
  var bias_sum = 0.0;
  for (var first = 0u; first < params.R; first += 32u) {
    var weight_block = 0.0;
    var bias_block = 0.0;
    for (var r = first; r < min(first + 32u, params.R); r++) {
      let row = g * params.R + r;
      let value = dy[row * params.D + d];
      bias_block += value;
      weight_block += value * (x[g * params.stride_x + r * params.D + d] - mean[row]) * rstd[row];
    }
    weight_sum += weight_block;
    bias_sum += bias_block;
  }
  dweight[g * params.stride_dweight + d] = weight_sum;
  dbias[g * params.stride_dbias + d] = bias_sum;
}
