// Sum of two or three tensors, four elements at a time.
//
// y = a + b + (use_c ? c : 0)
//
// a [G?, R, D], b [G?, R, D], c [Gc, Rc, Dc], y [G?, R, D]; c is as large as y (Gc may be 1: shared by all groups) or, when
// use_c is 0, anything. R*D and the strides are multiples of 4.
// An invocation owns four neighboring elements, a workgroup 256 of one group.
// Deterministic: (a + b) + c; bit-equal to plain.

struct Params {
  G: u32, R: u32, D: u32, Gc: u32, Rc: u32, Dc: u32,
  stride_a: u32, stride_b: u32, stride_y: u32,
  use_c: u32,
}

@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read> c: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  let g = id.z;
  let size = params.R * params.D / 4u;
  if (i >= size) { return; }
  var sum = a[g * (params.stride_a / 4u) + i] + b[g * (params.stride_b / 4u) + i];
  if (params.use_c != 0u) {
    sum += c[select(g, 0u, params.Gc == 1u) * size + i];
  }
  y[g * (params.stride_y / 4u) + i] = sum;
}
