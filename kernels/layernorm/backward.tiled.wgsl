// Gradient of layer normalization by its input, 16 lanes a row, for GPUs.
//
// xhat = (x - mean) rstd,  u = dy weight,  dx = rstd (u - mean_d(u) - xhat mean_d(u xhat)) + (use_add ? add : 0)
//
// dy [G, R, D], x [G?, R, D], mean [G, R], rstd [G, R], weight [G?, D], add [Ga, Ra, Da], dx [G, R, D]; add is as large as
// dx (Ga may be 1: shared by all groups) or, when use_add is 0, anything.
// 16 invocations own a row (neighbors read neighbors), a workgroup of 64 owns four rows of one group.
// Deterministic: a lane sums every 16th element, then a binary tree over the lanes.
// xhat is recomputed from the saved mean and rstd, so that forward and backward agree on it to the bit.

struct Params {
  G: u32, R: u32, D: u32, Ga: u32, Ra: u32, Da: u32,
  stride_x: u32, stride_weight: u32,
  use_add: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> mean: array<f32>;
@group(0) @binding(3) var<storage, read> rstd: array<f32>;
@group(0) @binding(4) var<storage, read> weight: array<f32>;
@group(0) @binding(5) var<storage, read> add: array<f32>;
@group(0) @binding(6) var<storage, read_write> dx: array<f32>;
@group(0) @binding(7) var<uniform> params: Params;

const LANES = 16u;
const ROWS = 4u;
var<workgroup> partial: array<vec2f, 64>;

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
  let inside = r < params.R;
  let D = select(0u, params.D, inside);
  let row = (g * params.R + r) * params.D;
  let row_x = g * params.stride_x + r * params.D;
  let w = g * params.stride_weight;
  let statistics = g * params.R + min(r, params.R - 1u);
  let m = mean[statistics];
  let s = rstd[statistics];
  var sums = vec2f();
  for (var d = lane; d < D; d += LANES) {
    let u = dy[row + d] * weight[w + d];
    sums += u * vec2f(1.0, (x[row_x + d] - m) * s);
  }
  partial[index] = sums;
  workgroupBarrier();
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    if (lane < half) { partial[index] += partial[index + half]; }
    workgroupBarrier();
  }
  let means = partial[index - lane] / f32(params.D);
  let row_add = (select(g, 0u, params.Ga == 1u) * params.R + r) * params.D;
  for (var d = lane; d < D; d += LANES) {
    let u = dy[row + d] * weight[w + d];
    var value = s * (u - means.x - (x[row_x + d] - m) * s * means.y);
    if (params.use_add != 0u) { value += add[row_add + d]; }
    dx[row + d] = value;
  }
}
