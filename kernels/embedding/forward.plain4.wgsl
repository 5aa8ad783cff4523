// Row gather, four elements at a time.
//
// y[g, r, :] = table[g, ids[g, r], :]
//
// table [G?, V, D], ids [G?, R] u32, y [G, R, D]; D and the stride of table are multiples of 4.
// An invocation owns four neighboring elements of a row, a workgroup 256 neighbors of one group.
// Deterministic: a copy, bit for bit.
// An id past the end is the caller's mistake; it is clamped so that it cannot read another tensor.

struct Params { G: u32, R: u32, V: u32, D: u32, stride_table: u32, stride_ids: u32 }

@group(0) @binding(0) var<storage, read> table: array<vec4f>;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  let g = id.z;
  let width = params.D / 4u;
  if (i >= params.R * width) { return; }
  let r = i / width;
  let d = i - r * width;
  let v = min(ids[g * params.stride_ids + r], params.V - 1u);
  y[g * params.R * width + i] = table[g * (params.stride_table / 4u) + v * width + d];
}
