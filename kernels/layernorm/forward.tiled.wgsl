// Layer normalization of rows, 16 lanes a row, for GPUs.
//
// mean = 1/D sum_d x,  var = 1/D sum_d (x - mean)^2,  rstd = 1 / sqrt(var + eps),  y = (x - mean) rstd weight + bias
//
// x [G?, R, D], weight [G?, D], bias [G?, D], y [G, R, D], mean [G, R], rstd [G, R].
// 16 invocations own a row (neighbors read neighbors), a workgroup of 64 owns four rows of one group.
// Deterministic: a lane sums every 16th element, then a binary tree over the lanes.
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

const LANES = 16u;
const ROWS = 4u;
var<workgroup> partial: array<f32, 64>;

// Sum over the lanes of a row, given to each of them.
fn row_sum(value: f32, index: u32) -> f32 {
  partial[index] = value;
  workgroupBarrier();
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    if (index % LANES < half) { partial[index] += partial[index + half]; }
    workgroupBarrier();
  }
  let sum = partial[index - index % LANES];
  workgroupBarrier();
  return sum;
}

@compute @workgroup_size(64)
fn main(
  @builtin(local_invocation_index) index: u32,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let r = (group.x + group.y * groups.x) * ROWS + index / LANES;
  let lane = index % LANES;
  let g = group.z;
  // Rows past the end take part in the barriers with no elements.
  let D = select(0u, params.D, r < params.R);
  let row = g * params.stride_x + r * params.D;
  var sum = 0.0;
  for (var d = lane; d < D; d += LANES) { sum += x[row + d]; }
  let m = row_sum(sum, index) / f32(params.D);
  var squares = 0.0;
  for (var d = lane; d < D; d += LANES) {
    let centered = x[row + d] - m;
    squares += centered * centered;
  }
  let s = 1.0 / sqrt(row_sum(squares, index) / f32(params.D) + params.eps);
  let out = (g * params.R + r) * params.D;
  let w = g * params.stride_weight;
  let b = g * params.stride_bias;
  for (var d = lane; d < D; d += LANES) {
    y[out + d] = (x[row + d] - m) * s * weight[w + d] + bias[b + d];
  }
  if (lane == 0u && r < params.R) {
    mean[g * params.R + r] = m;
    rstd[g * params.R + r] = s;
  }
}
