// Gradient of layer normalization by its input, with another gradient of the same input added on request.
//
// xhat = (x - mean) rstd,  u = dy weight,  dx = rstd (u - mean_d(u) - xhat mean_d(u xhat)) + (use_add ? add : 0)
//
// dy [G, R, D], x [G?, R, D], mean [G, R], rstd [G, R], weight [G?, D], add [Ga, Ra, Da], dx [G, R, D]; add is as large as
// dx (Ga may be 1: shared by all groups) or, when use_add is 0, anything.
// An invocation owns one row, a workgroup 64 neighboring rows of one group.
// Deterministic: d ascends.
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

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let r = id.x + id.y * groups.x * 64u;
  let g = id.z;
  if (r >= params.R) { return; }
  let D = params.D;
  let row = (g * params.R + r) * D;
  let row_x = g * params.stride_x + r * D;
  let w = g * params.stride_weight;
  let m = mean[g * params.R + r];
  let s = rstd[g * params.R + r];
  var sum_u = 0.0;
  var sum_ux = 0.0;
  for (var d = 0u; d < D; d++) {
    let u = dy[row + d] * weight[w + d];
    sum_u += u;
    sum_ux += u * (x[row_x + d] - m) * s;
  }
  let mean_u = sum_u / f32(D);
  let mean_ux = sum_ux / f32(D);
  let row_add = (select(g, 0u, params.Ga == 1u) * params.R + r) * D;
  for (var d = 0u; d < D; d++) {
    let u = dy[row + d] * weight[w + d];
    var value = s * (u - mean_u - (x[row_x + d] - m) * s * mean_ux);
    if (params.use_add != 0u) { value += add[row_add + d]; }
    dx[row + d] = value;
  }
}
