// Sum of two or three tensors: the residual stream.
//
// y = a + b + (use_c ? c : 0)
//
// a [G?, R, D], b [G?, R, D], c [Gc, Rc, Dc], y [G?, R, D]; c is as large as y (Gc may be 1: shared by all groups) or, when
// use_c is 0, anything.
// An invocation owns one element, a workgroup 64 neighbors of one group.
// Deterministic: (a + b) + c.

struct Params {
  G: u32, R: u32, D: u32, Gc: u32, Rc: u32, Dc: u32,
  stride_a: u32, stride_b: u32, stride_y: u32,
  use_c: u32,
}

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read> c: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  let g = id.z;
  let size = params.R * params.D;
  if (i >= size) { return; }
  var sum = a[g * params.stride_a + i] + b[g * params.stride_b + i];
  if (params.use_c != 0u) {
    sum += c[select(g, 0u, params.Gc == 1u) * size + i];
  }
  y[g * params.stride_y + i] = sum;
}
