// Per-token losses of an unembedding, without a buffer of logits.
//
// logit[r, v] = sum_d x[r, d] w[v, d];  lse[r] = log sum_v exp(logit[r, v]);  losses[r] = lse[r] - logit[r, targets[r]]
//
// x [G?, R, D] (output of the final LayerNorm), w [G?, V, D], targets [G?, R] u32 below V; losses, lse [G, R], in nats.
// An invocation owns 4 rows and walks the vocabulary in tiles of 16 with a running maximum and sum; a workgroup owns 32 rows.
// Any R, V and D: rows past the end repeat the last one, entries past V are masked, columns past D are zero.
// Deterministic: fixed order of summation, nothing shared between invocations.
// Numerics: every exponent has its row's running maximum subtracted; the target's logit comes from the same tile as the
// sum, so that their rounding errors cancel where the target dominates.

struct Params { G: u32, R: u32, V: u32, D: u32, stride_x: u32, stride_w: u32, stride_targets: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> targets: array<u32>;
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;
@group(0) @binding(4) var<storage, read_write> lse: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let first = id.x * 4u;
  if (first >= params.R) { return; }
  let rows = min(vec4u(first, first + 1u, first + 2u, first + 3u), vec4u(params.R - 1u));
  let xi = vec4u(id.z * params.stride_x) + rows * params.D;
  let ti = vec4u(id.z * params.stride_targets) + rows;
  let y = vec4u(targets[ti.x], targets[ti.y], targets[ti.z], targets[ti.w]);
  let wi = id.z * params.stride_w;

  var m = vec4f(LOWEST);
  var s = vec4f();
  var t = vec4f();
  for (var v = 0u; v < params.V; v += 16u) {
    var a0 = mat4x4f();
    var a1 = mat4x4f();
    var a2 = mat4x4f();
    var a3 = mat4x4f();
    for (var k = 0u; k < params.D; k += 4u) {
      let xt = transpose(mat4x4f(x4(xi.x, k), x4(xi.y, k), x4(xi.z, k), x4(xi.w, k)));
      a0 += xt * w_tile(wi, v, k);
      a1 += xt * w_tile(wi, v + 4u, k);
      a2 += xt * w_tile(wi, v + 8u, k);
      a3 += xt * w_tile(wi, v + 12u, k);
    }
    let e = v + FOUR;
    a0 = mask_tile(a0, e, params.V);
    a1 = mask_tile(a1, e + 4u, params.V);
    a2 = mask_tile(a2, e + 8u, params.V);
    a3 = mask_tile(a3, e + 12u, params.V);
    t = pick_tile(pick_tile(t, a0, e, y), a1, e + 4u, y);
    t = pick_tile(pick_tile(t, a2, e + 8u, y), a3, e + 12u, y);
    let n = max(m, max(max(max_tile(a0), max_tile(a1)), max(max_tile(a2), max_tile(a3))));
    let chunk = (sum_tile(exp_tile(a0, n)) + sum_tile(exp_tile(a1, n)))
      + (sum_tile(exp_tile(a2, n)) + sum_tile(exp_tile(a3, n)));
    s = s * safe_exp(m - n) + chunk;
    m = n;
  }
  let total = m + log(s);
  for (var i = 0u; i < 4u && first + i < params.R; i++) {
    let o = id.z * params.R + first + i;
    lse[o] = total[i];
    losses[o] = log(s[i]) + (m[i] - t[i]);
  }
}

/// Vocabulary entries v to v + 3 as columns, four components from k; entries past V repeat the last one.
fn w_tile(base: u32, v: u32, k: u32) -> mat4x4f {
  let i = vec4u(base) + min(vec4u(v, v + 1u, v + 2u, v + 3u), vec4u(params.V - 1u)) * params.D;
  return mat4x4f(w4(i.x, k), w4(i.y, k), w4(i.z, k), w4(i.w, k));
}
