// Gradients of layer normalization by its weight and bias, 16 slices of the rows at once, for GPUs.
//
// dweight = sum_r dy (x - mean) rstd,  dbias = sum_r dy
//
// dy [G, R, D], x [G?, R, D], mean [G, R], rstd [G, R], dweight [G?, D], dbias [G?, D].
// A workgroup of 256 owns 16 neighboring columns of one group; an invocation sums every 16th row of one column.
// Deterministic: rows ascend within a slice, then a binary tree over the slices; no atomics.
// The error grows with R/16 + 4 roundings.

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

const COLUMNS = 16u;
const SLICES = 16u;
var<workgroup> partial: array<vec2f, 256>;

@compute @workgroup_size(256)
fn main(
  @builtin(local_invocation_index) index: u32,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let d = (group.x + group.y * groups.x) * COLUMNS + index % COLUMNS;
  let slice = index / COLUMNS;
  let g = group.z;
  var sums = vec2f();
  if (d < params.D) {
    for (var r = slice; r < params.R; r += SLICES) {
      let row = g * params.R + r;
      let xhat = (x[g * params.stride_x + r * params.D + d] - mean[row]) * rstd[row];
      sums += dy[row * params.D + d] * vec2f(xhat, 1.0);
    }
  }
  partial[index] = sums;
  workgroupBarrier();
  for (var half = SLICES / 2u; half > 0u; half /= 2u) {
    if (slice < half) { partial[index] += partial[index + half * COLUMNS]; }
    workgroupBarrier();
  }
  if (slice == 0u && d < params.D) {
    dweight[g * params.stride_dweight + d] = partial[index].x;
    dbias[g * params.stride_dbias + d] = partial[index].y;
  }
}
