// Adds one draw to the streaming sums from which susceptibilities are made.
//
// d = losses[g, n] - baseline[n];  sum_d[g, n] += d;  sum_phi_d[g, n] += phi[g] * d
//
// losses [G, N] (of the draw), baseline [N] (losses at w*), phi [G]; sum_d, sum_phi_d, c_d, c_phi_d [G, N] update, zero
// before the first draw. The sums' values are sum_d + c_d and sum_phi_d + c_phi_d, to be added in f64.
// An invocation owns a token of a chain, a workgroup 64.
// Deterministic: draws are added in the order in which they come.
// Numerics: a sum of S draws would lose log2(S) bits, and covariances cancel. So each addition is Knuth's TwoSum, and its exact
// rounding error is kept beside the sum: common/two_sum.wgsl.

struct Params { G: u32, N: u32 }

@group(0) @binding(0) var<storage, read> losses: array<f32>;
@group(0) @binding(1) var<storage, read> baseline: array<f32>;
@group(0) @binding(2) var<storage, read> phi: array<f32>;
@group(0) @binding(3) var<storage, read_write> sum_d: array<f32>;
@group(0) @binding(4) var<storage, read_write> sum_phi_d: array<f32>;
@group(0) @binding(5) var<storage, read_write> c_d: array<f32>;
@group(0) @binding(6) var<storage, read_write> c_phi_d: array<f32>;
@group(0) @binding(7) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let n = id.x + id.y * groups.x * 64u;
  if (n >= params.N) { return; }
  let i = id.z * params.N + n;
  let d = opaque(losses[i] - baseline[n]);
  let first = two_sum(sum_d[i], d);
  sum_d[i] = first.x;
  c_d[i] += first.y;
  let second = two_sum(sum_phi_d[i], opaque(phi[id.z] * d));
  sum_phi_d[i] = second.x;
  c_phi_d[i] += second.y;
}
