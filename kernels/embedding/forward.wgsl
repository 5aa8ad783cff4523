// Row gather: token embeddings, or cached activations by row number. The table may be a part of a larger one.
//
// y[g, r, :] = (add[g, r, :]) + (table[g, ids[g, r] - first, :] where first <= ids[g, r] < first + V, else 0)
//
// table [G?, V, D], ids [G?, R] u32, add [Ga, Ra, Da], y [G, R, D].
// An invocation owns one element, a workgroup 64 neighbors of one group.
// Deterministic: without `add`, and with an `add` of zeros, a copy, bit for bit.
// An id of no row of this part reads nothing: unsigned numbers wrap, so that one below `first` is past the end as well.

struct Params {
  G: u32, R: u32, V: u32, D: u32, Ga: u32, Ra: u32, Da: u32,
  stride_table: u32, stride_ids: u32,
  first: u32, use_add: u32,
}

@group(0) @binding(0) var<storage, read> table: array<f32>;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read> add: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  let g = id.z;
  if (i >= params.R * params.D) { return; }
  let r = i / params.D;
  let d = i - r * params.D;
  let v = ids[g * params.stride_ids + r] - params.first;
  let out = g * params.R * params.D + i;
  var value = 0.0;
  if (v < params.V) { value = table[g * params.stride_table + v * params.D + d]; }
  if (params.use_add != 0u) { value += add[out]; }
  y[out] = value;
}
