// Sum or mean over rows, a workgroup a group.
//
// out[g] = scale * sum over r of x[g, r]
//
// x [G, R], out [G].
// An invocation sums every 256th term; a workgroup owns a group and adds its 256 partial sums as a binary tree.
// Deterministic: a fixed order, another one than plain's.
// The error grows with R/256 + 8 roundings.

struct Params { G: u32, R: u32, scale: f32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

var<workgroup> partial: array<f32, 256>;

@compute @workgroup_size(256)
fn main(
  @builtin(local_invocation_index) lane: u32,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let g = group.x + group.y * groups.x;
  var sum = 0.0;
  // A group past the end takes part in the barriers and adds nothing.
  if (g < params.G) {
    for (var r = lane; r < params.R; r += 256u) {
      sum += x[g * params.R + r];
    }
  }
  partial[lane] = sum;
  workgroupBarrier();
  for (var half = 128u; half > 0u; half /= 2u) {
    if (lane < half) { partial[lane] += partial[lane + half]; }
    workgroupBarrier();
  }
  if (lane == 0u && g < params.G) { out[g] = params.scale * partial[0]; }
}
