// Sum of two tensors, four elements at a time.
//
// y = a + b
//
// a [G?, R, D], b [G?, R, D], y [G?, R, D]. R*D and the strides are multiples of 4.
// An invocation owns four neighboring elements, a workgroup 256 of one group.
// Deterministic: one sum an element; bit-equal to plain.

struct Params {
  G: u32, R: u32, D: u32,
  stride_a: u32, stride_b: u32, stride_y: u32,
}

@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  let g = id.z;
  let size = params.R * params.D / 4u;
  if (i >= size) { return; }
  y[g * (params.stride_y / 4u) + i] = a[g * (params.stride_a / 4u) + i] + b[g * (params.stride_b / 4u) + i];
}
