// Draws from the localized prior, which is the posterior at n_beta = 0: no chain, every step an independent draw.
//
// w = center * localization / pull + noise_level * xi / sqrt(pull),  pull = localization[g] + weight_decay,  xi ~ N(0, 1)
// xi of element e is Philox normal e of (keys[g], step), see common/philox.wgsl.
//
// w [G, P] write, center [G?, P] (the trained weights w*), keys [G, 2] u32, localization [G].
// P is a component's packed parameter block. An invocation owns one Philox block: 4 neighboring elements of one chain.
// Deterministic: an element depends on its key, step and index only, not on G, P or the workgroup.
// Numerics: those of common/philox.wgsl, a quotient good to 2.5 ulp; without decay the mean is the center to the bit.

struct Params {
  G: u32, P: u32, stride_center: u32,
  weight_decay: f32, noise_level: f32, step: u32
}

@group(0) @binding(0) var<storage, read_write> w: array<f32>;
@group(0) @binding(1) var<storage, read> center: array<f32>;
@group(0) @binding(2) var<storage, read> keys: array<u32>;
@group(0) @binding(3) var<storage, read> localization: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let part = id.x + id.y * groups.x * 64u;
  let chain = id.z;
  if (part * 4u >= params.P) { return; }
  let pull = localization[chain] + params.weight_decay;
  let kept = select(1.0, localization[chain] / pull, params.weight_decay > 0.0);
  let spread = params.noise_level * inverseSqrt(pull);
  let z = philox_normals(vec2u(keys[2u * chain], keys[2u * chain + 1u]), part, params.step);
  let first = part * 4u;
  let count = min(4u, params.P - first);
  for (var j = 0u; j < count; j++) {
    let i = chain * params.P + first + j;
    let i_center = chain * params.stride_center + first + j;
    w[i] = kept * center[i_center] + z[j] * spread;
  }
}
