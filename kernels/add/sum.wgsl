// Sum of two tensors.
//
// y = a + b
//
// a [G?, R, D], b [G?, R, D], y [G?, R, D].
// An invocation owns one element, a workgroup 64 neighbors of one group.
// Deterministic: one sum an element.

struct Params {
  G: u32, R: u32, D: u32,
  stride_a: u32, stride_b: u32, stride_y: u32,
}

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  let g = id.z;
  let size = params.R * params.D;
  if (i >= size) { return; }
  y[g * params.stride_y + i] = a[g * params.stride_a + i] + b[g * params.stride_b + i];
}
