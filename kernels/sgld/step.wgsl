// One SGLD step of every chain: drift, pulls, noise, update and box in one pass.
//
// w <- w - lr/2 * (n_beta * g + localization * (w - center) + weight_decay * w) + noise_level * sqrt(lr) * xi
// Weights then stay in center +- bounding_box_size, each for itself; 0: no box. The pull of weight_decay is towards 0.
// xi ~ N(0, 1) of element e is Philox normal e of (keys[g], step), see common/philox.wgsl.
//
// w [G, P] update, g [G, P], center [G?, P] (the trained weights w*), keys [G, 2] u32.
// P is a component's packed parameter block. An invocation owns one Philox block: 4 neighboring elements of one chain.
// Deterministic: an element depends on its key, step and index only, not on G, P or the workgroup.
// Numerics: w is of order 1 and a step of order sqrt(lr), so rounding of w (6e-8 |w|) is far below the noise it receives.
// The box is comparisons and not a clamp, which may turn a NaN into a bound: a chain that diverged must be seen.

struct Params {
  G: u32, P: u32, stride_center: u32,
  lr: f32, n_beta: f32, localization: f32, weight_decay: f32, bounding_box_size: f32, noise_level: f32, step: u32
}

@group(0) @binding(0) var<storage, read_write> w: array<f32>;
@group(0) @binding(1) var<storage, read> g: array<f32>;
@group(0) @binding(2) var<storage, read> center: array<f32>;
@group(0) @binding(3) var<storage, read> keys: array<u32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let part = id.x + id.y * groups.x * 64u;
  let chain = id.z;
  if (part * 4u >= params.P) { return; }
  let z = philox_normals(vec2u(keys[2u * chain], keys[2u * chain + 1u]), part, params.step);
  let noise = params.noise_level * sqrt(params.lr);
  let first = part * 4u;
  let count = min(4u, params.P - first);
  for (var j = 0u; j < count; j++) {
    let i = chain * params.P + first + j;
    let i_center = chain * params.stride_center + first + j;
    let here = w[i];
    let there = center[i_center];
    let drift = params.n_beta * g[i] + params.localization * (here - there) + params.weight_decay * here;
    var next = here - 0.5 * params.lr * drift + noise * z[j];
    if (params.bounding_box_size > 0.0) {
      let low = there - params.bounding_box_size;
      let high = there + params.bounding_box_size;
      next = select(select(next, low, next < low), high, next > high);
    }
    w[i] = next;
  }
}
