// Gradients of layer normalization by its weight and bias, four columns at a time.
//
// dweight = sum_r dy (x - mean) rstd,  dbias = sum_r dy
//
// dy [G, R, D], x [G?, R, D], mean [G, R], rstd [G, R], dweight [G?, D], dbias [G?, D]; D and the strides are multiples of 4.
// An invocation owns four neighboring columns of one group, a workgroup of 8 owns 32.
// Deterministic: blocks of 32 rows in order, then their sums in order; no atomics. The operations of plain in the same order.
// Blocks because R may be thousands: the error grows with 32 + R/32 roundings, not with R.

struct Params {
  G: u32, R: u32, D: u32,
  stride_x: u32, stride_dweight: u32, stride_dbias: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<vec4f>;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> mean: array<f32>;
@group(0) @binding(3) var<storage, read> rstd: array<f32>;
@group(0) @binding(4) var<storage, read_write> dweight: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> dbias: array<vec4f>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let d = id.x + id.y * groups.x * 8u;
  let g = id.z;
  let width = params.D / 4u;
  if (d >= width) { return; }
  let start_x = g * (params.stride_x / 4u) + d;
  var weight_sum = vec4f();
  var bias_sum = vec4f();
  for (var first = 0u; first < params.R; first += 32u) {
    var weight_block = vec4f();
    var bias_block = vec4f();
    for (var r = first; r < min(first + 32u, params.R); r++) {
      let row = g * params.R + r;
      let value = dy[row * width + d];
      bias_block += value;
      weight_block += value * (x[start_x + r * width] - mean[row]) * rstd[row];
    }
    weight_sum += weight_block;
    bias_sum += bias_block;
  }
  dweight[g * (params.stride_dweight / 4u) + d] = weight_sum;
  dbias[g * (params.stride_dbias / 4u) + d] = bias_sum;
}
