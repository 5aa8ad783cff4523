// One BAOAB step of every chain (underdamped Langevin; Leimkuhler and Matthews 2013): kick, half a drift, friction and
// noise, half a drift, walls, in one pass. The closing half kick of an update and the opening one of the next are one.
//
// h = sqrt(lr), the mass is 1
// p <- p - kick * h * (n_beta * g + localization * (w - center) + weight_decay * w)
// w <- w + h/2 * p
// p <- persistence * p + noise_level * sqrt(1 - persistence^2) * xi
// w <- w + h/2 * p
// `kick` is 1, and 1/2 at the first update of a chain, which has no update before it.
// Walls at center +- bounding_box_size, each weight for itself (0: none): what comes beyond is put on the wall, and its
// momentum turned inwards. The pull of weight_decay is towards 0.
// xi ~ N(0, 1) of element e is Philox normal e of (keys[g], step), see common/philox.wgsl.
//
// w, p [G, P] update, g [G, P], center [G?, P] (the trained weights w*), keys [G, 2] u32.
// P is a component's packed parameter block. An invocation owns one Philox block: 4 neighboring elements of one chain.
// Deterministic: an element depends on its key, step and index only, not on G, P or the workgroup.
// Numerics: 1 - persistence^2 is taken as a product, which keeps its digits where the friction is small.
// The walls are comparisons and not a clamp, which may turn a NaN into a bound: a chain that diverged must be seen.

struct Params {
  G: u32, P: u32, stride_center: u32,
  lr: f32, n_beta: f32, localization: f32, weight_decay: f32, bounding_box_size: f32, noise_level: f32,
  persistence: f32, kick: f32, step: u32
}

@group(0) @binding(0) var<storage, read_write> w: array<f32>;
@group(0) @binding(1) var<storage, read_write> p: array<f32>;
@group(0) @binding(2) var<storage, read> g: array<f32>;
@group(0) @binding(3) var<storage, read> center: array<f32>;
@group(0) @binding(4) var<storage, read> keys: array<u32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let part = id.x + id.y * groups.x * 64u;
  let chain = id.z;
  if (part * 4u >= params.P) { return; }
  let z = philox_normals(vec2u(keys[2u * chain], keys[2u * chain + 1u]), part, params.step);
  let h = sqrt(params.lr);
  let fresh = params.noise_level * sqrt((1.0 - params.persistence) * (1.0 + params.persistence));
  let first = part * 4u;
  let count = min(4u, params.P - first);
  for (var j = 0u; j < count; j++) {
    let i = chain * params.P + first + j;
    let i_center = chain * params.stride_center + first + j;
    let here = w[i];
    let there = center[i_center];
    let drift = params.n_beta * g[i] + params.localization * (here - there) + params.weight_decay * here;
    let kicked = p[i] - params.kick * h * drift;
    var momentum = params.persistence * kicked + fresh * z[j];
    var next = here + 0.5 * h * (kicked + momentum);
    if (params.bounding_box_size > 0.0) {
      let low = there - params.bounding_box_size;
      let high = there + params.bounding_box_size;
      momentum = select(select(momentum, abs(momentum), next < low), -abs(momentum), next > high);
      next = select(select(next, low, next < low), high, next > high);
    }
    p[i] = momentum;
    w[i] = next;
  }
}
