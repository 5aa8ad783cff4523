// Layer normalization of rows.
//
// mean = 1/D sum_d x,  var = 1/D sum_d (x - mean)^2,  rstd = 1 / sqrt(var + eps),  y = (x - mean) rstd weight + bias
//
// x [G?, R, D], weight [G?, D], bias [G?, D], y [G, R, D], mean [G, R], rstd [G, R].
// An invocation owns one row, a workgroup 64 neighboring rows of one group.
// Deterministic: d ascends.
// The variance is a second pass over the row: a mean of squares would lose all digits of a row with a large mean.

struct Params {
  G: u32, R: u32, D: u32,
  stride_x: u32, stride_weight: u32, stride_bias: u32,
  eps: f32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<storage, read_write> mean: array<f32>;
@group(0) @binding(5) var<storage, read_write> rstd: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let r = id.x + id.y * groups.x * 64u;
  let g = id.z;
  if (r >= params.R) { return; }
  let D = params.D;
  let row = g * params.stride_x + r * D;
  var sum = 0.0;
  for (var d = 0u; d < D; d++) { sum += x[row + d]; }
  let m = sum / f32(D);
  var squares = 0.0;
  for (var d = 0u; d < D; d++) {
    let centered = x[row + d] - m;
    squares += centered * centered;
  }
  let s = 1.0 / sqrt(squares / f32(D) + params.eps);
  let out = (g * params.R + r) * D;
  let w = g * params.stride_weight;
  let b = g * params.stride_bias;
  for (var d = 0u; d < D; d++) {
    y[out + d] = (x[row + d] - m) * s * weight[w + d] + bias[b + d];
  }
  mean[g * params.R + r] = m;
  rstd[g * params.R + r] = s;
}
