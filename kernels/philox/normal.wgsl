// Standard normals by Philox and Box-Muller.
//
// out[g, e] = normal e of keys[g] at `step`; see common/philox.wgsl.
//
// keys [G, 2] u32, out [G, P] f32. An invocation owns one block: 4 neighboring elements of one group.
// Deterministic: an element depends on its key, step and index only.
// Numerics: those of common/philox.wgsl.

struct Params { G: u32, P: u32, step: u32 }

@group(0) @binding(0) var<storage, read> keys: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let part = id.x + id.y * groups.x * 64u;
  let g = id.z;
  if (part * 4u >= params.P) { return; }
  let z = philox_normals(vec2u(keys[2u * g], keys[2u * g + 1u]), part, params.step);
  let first = part * 4u;
  let count = min(4u, params.P - first);
  for (var i = 0u; i < count; i++) {
    out[g * params.P + first + i] = z[i];
  }
}
