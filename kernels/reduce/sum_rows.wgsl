// Sum or mean over rows, one number a group: the mean loss of every chain.
//
// out[g] = scale * sum over r of x[g, r]
//
// x [G, R], out [G].
// An invocation owns a group, a workgroup 64 groups.
// Deterministic: blocks of 64 terms in order, then their sums in order.
// The error of a blocked sum grows with 64 + R/64 roundings, not with R. It is not Kahan's, which a compiler that
// reorders f32 sums may undo.

struct Params { G: u32, R: u32, scale: f32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let g = id.x + id.y * groups.x * 64u;
  if (g >= params.G) { return; }
  var total = 0.0;
  for (var first = 0u; first < params.R; first += 64u) {
    var block = 0.0;
    for (var r = first; r < min(first + 64u, params.R); r++) {
      block += x[g * params.R + r];
    }
    total += block;
  }
  out[g] = params.scale * total;
}
