// Row gather: token embeddings, or cached activations by row number.
//
// y[g, r, :] = table[g, ids[g, r], :]
//
// table [G?, V, D], ids [G?, R] u32, y [G, R, D].
// An invocation owns one element, a workgroup 64 neighbors of one group.
// Deterministic: a copy, bit for bit.
// An id past the end is the caller's mistake; it is clamped so that it cannot read another tensor.

struct Params { G: u32, R: u32, V: u32, D: u32, stride_table: u32, stride_ids: u32 }

@group(0) @binding(0) var<storage, read> table: array<f32>;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  let g = id.z;
  if (i >= params.R * params.D) { return; }
  let r = i / params.D;
  let d = i - r * params.D;
  let v = min(ids[g * params.stride_ids + r], params.V - 1u);
  y[g * params.R * params.D + i] = table[g * params.stride_table + v * params.D + d];
}
