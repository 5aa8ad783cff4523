// Raw Philox words, to check the integers exactly.
//
// out[g, e] = word e mod 4 of philox4x32-10(keys[g], (e / 4, step, 0, 0))
//
// keys [G, 2] u32, out [G, P] u32. An invocation owns one block: 4 neighboring elements of one group.
// Deterministic: integers only.

struct Params { G: u32, P: u32, step: u32 }

@group(0) @binding(0) var<storage, read> keys: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let part = id.x + id.y * groups.x * 64u;
  let g = id.z;
  if (part * 4u >= params.P) { return; }
  let words = philox(vec2u(keys[2u * g], keys[2u * g + 1u]), vec4u(part, params.step, 0u, 0u));
  let first = part * 4u;
  let count = min(4u, params.P - first);
  for (var i = 0u; i < count; i++) {
    out[g * params.P + first + i] = words[i];
  }
}
