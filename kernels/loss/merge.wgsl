// Joins the losses of two neighboring parts of a vocabulary: a, the ids below `first`, and b, those from `first` on.
//
// lse[r] = log(exp(lse_a[r]) + exp(lse_b[r]));  losses[r] = losses_p[r] + (lse[r] - lse_p[r]),
// p = b where targets[r] >= first, else a
//
// losses_a, lse_a, losses_b, lse_b [G, R], targets [G?, R] u32; losses, lse [G, R], in nats.
// An invocation owns one row, a workgroup 64 neighbors of one group.
// Deterministic: every row on its own.
// Numerics: with u = exp(-|lse_a - lse_b|), lse is the larger plus log(1 + u), and lse - lse_p is log(1 + u) where p is the
// larger, plus the difference where it is the smaller: nothing cancels, and a loss near 0 stays good to its own size.
// log(1 + u) is written out, because WGSL has no log1p and allows log an absolute error of 5e-7 near 1: 2e-8 of itself from
// the series and two or three roundings; WGSL's exp adds 2e-7 at most.

struct Params { G: u32, R: u32, stride_targets: u32, first: u32 }

@group(0) @binding(0) var<storage, read> losses_a: array<f32>;
@group(0) @binding(1) var<storage, read> lse_a: array<f32>;
@group(0) @binding(2) var<storage, read> losses_b: array<f32>;
@group(0) @binding(3) var<storage, read> lse_b: array<f32>;
@group(0) @binding(4) var<storage, read> targets: array<u32>;
@group(0) @binding(5) var<storage, read_write> losses: array<f32>;
@group(0) @binding(6) var<storage, read_write> lse: array<f32>;
@group(0) @binding(7) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let r = id.x + id.y * groups.x * 64u;
  if (r >= params.R) { return; }
  let i = id.z * params.R + r;
  let a = lse_a[i];
  let b = lse_b[i];
  let more = log_1p(exp(max(-abs(a - b), -80.0)));
  lse[i] = max(a, b) + more;
  let in_b = targets[id.z * params.stride_targets + r] >= params.first;
  let own = select(losses_a[i], losses_b[i], in_b);
  losses[i] = own + (max(select(b - a, a - b, in_b), 0.0) + more);
}

/// log(1 + u) for 0 <= u <= 1: 2 artanh(s), s = u / (2 + u) <= 1/3. The first term left out, 2 s^15 / 15, is 1.4e-8 of the
/// whole at most.
fn log_1p(u: f32) -> f32 {
  let s = u / (2.0 + u);
  let q = s * s;
  let tail = 0.1111111111 + q * (0.09090909091 + q * 0.07692307692);
  return 2.0 * s + 2.0 * s * q * (0.3333333333 + q * (0.2 + q * (0.1428571429 + q * tail)));
}
