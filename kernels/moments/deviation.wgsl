// Adds one draw to the sum of squared deviations of x = d - phi from its mean, before moments/covariance takes the same draw.
//
// d = losses[g, n] - baseline[n];  mean = sum_d[g, n] / draws - phi_mean[g];  delta = d - phi[g] - mean
// m2[g, n] += delta^2 * draws / (draws + 1)
//
// losses [G, N] (of the draw), baseline [N] (losses at w*), phi [G]; phi_mean [G] and sum_d, c_d [G, N]: mean of phi and sum of d
// over the `draws` draws before this one; m2, c_m2 [G, N] update, zero before the first draw. Values are sum_d + c_d, m2 + c_m2.
// An invocation owns a token of a chain, a workgroup 64.
// Deterministic: draws are added in the order in which they come.
// Numerics: Youngs and Cramer's (Welford's) update, a sum of squares that are never subtracted: however far the mean lies from 0, m2
// keeps the digits of the losses. Additions lose nothing: common/two_sum.wgsl.

struct Params { G: u32, N: u32, draws: u32 }

@group(0) @binding(0) var<storage, read> losses: array<f32>;
@group(0) @binding(1) var<storage, read> baseline: array<f32>;
@group(0) @binding(2) var<storage, read> phi: array<f32>;
@group(0) @binding(3) var<storage, read> phi_mean: array<f32>;
@group(0) @binding(4) var<storage, read> sum_d: array<f32>;
@group(0) @binding(5) var<storage, read> c_d: array<f32>;
@group(0) @binding(6) var<storage, read_write> m2: array<f32>;
@group(0) @binding(7) var<storage, read_write> c_m2: array<f32>;
@group(0) @binding(8) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let n = id.x + id.y * groups.x * 64u;
  if (n >= params.N) { return; }
  let i = id.z * params.N + n;
  // The first draw deviates from nothing: its share is 0.
  let before = max(1.0, f32(params.draws));
  let share = f32(params.draws) / f32(params.draws + 1u);
  let mean = (sum_d[i] + c_d[i]) / before - phi_mean[id.z];
  let delta = opaque(losses[i] - baseline[n]) - phi[id.z] - mean;
  let added = two_sum(m2[i], opaque(delta * delta * share));
  m2[i] = added.x;
  c_m2[i] += added.y;
}
