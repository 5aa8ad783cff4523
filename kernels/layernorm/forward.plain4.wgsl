// Layer normalization of rows, four elements at a time.
//
// mean = 1/D sum_d x,  var = 1/D sum_d (x - mean)^2,  rstd = 1 / sqrt(var + eps),  y = (x - mean) rstd weight + bias
//
// x [G?, R, D], weight [G?, D], bias [G?, D], y [G, R, D], mean [G, R], rstd [G, R]; D and the strides are multiples of 4.
// An invocation owns one row, a workgroup 64 neighboring rows of one group.
// Deterministic: four sums over every fourth element, d ascending, then (x + y) + (z + w).
// The variance is a second pass over the row: a mean of squares would lose all digits of a row with a large mean.

struct Params {
  G: u32, R: u32, D: u32,
  stride_x: u32, stride_weight: u32, stride_bias: u32,
  eps: f32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> mean: array<f32>;
@group(0) @binding(5) var<storage, read_write> rstd: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

fn total(v: vec4f) -> f32 { return (v.x + v.y) + (v.z + v.w); }

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let r = id.x + id.y * groups.x * 64u;
  let g = id.z;
  if (r >= params.R) { return; }
  let width = params.D / 4u;
  let row = g * (params.stride_x / 4u) + r * width;
  var sum = vec4f();
  for (var d = 0u; d < width; d++) { sum += x[row + d]; }
  let m = total(sum) / f32(params.D);
  var squares = vec4f();
  for (var d = 0u; d < width; d++) {
    let centered = x[row + d] - m;
    squares += centered * centered;
  }
  let s = 1.0 / sqrt(total(squares) / f32(params.D) + params.eps);
  let out = (g * params.R + r) * width;
  let w = g * (params.stride_weight / 4u);
  let b = g * (params.stride_bias / 4u);
  for (var d = 0u; d < width; d++) {
    y[out + d] = (x[row + d] - m) * s * weight[w + d] + bias[b + d];
  }
  mean[g * params.R + r] = m;
  rstd[g * params.R + r] = s;
}
