// Per-token losses of an unembedding, without a buffer of logits.
//
// logit[r, v] = sum_d x[r, d] w[v, d];  lse[r] = log sum_v exp(logit[r, v])
// losses[r] = lse[r] - logit[r, targets[r] - first], or lse[r] where the target lies in another part of the vocabulary
//
// x [G?, R, D] (output of the final LayerNorm), w [G?, V, D], targets [G?, R] u32; losses, lse [G, R], in nats.
// An invocation owns 4 rows and walks the vocabulary in tiles of 16 with a running maximum and sum; a workgroup owns 32 rows.
// Any R, V and D: rows past the end repeat the last one, entries past V are masked, columns past D are zero.
// Deterministic: fixed order of summation, nothing shared between invocations.
// Numerics: every exponent has its row's running maximum subtracted; the target's logit comes from the same tile as the
// sum, so that their rounding errors cancel where the target dominates.

struct Params { G: u32, R: u32, V: u32, D: u32, stride_x: u32, stride_w: u32, stride_targets: u32, first: u32 }

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
  let y = targets_of(id.z, rows);
  let wi = id.z * params.stride_w;

  var m = vec4f(LOWEST);
  var s = vec4f();
  var t = vec4f();
  for (var v = 0u; v < params.V; v += 16u) {
    let tile = logits_16(xi, wi, v);
    let e = v + FOUR;
    var a0 = mask_tile(tile.a0, e, params.V);
    var a1 = mask_tile(tile.a1, e + 4u, params.V);
    var a2 = mask_tile(tile.a2, e + 8u, params.V);
    var a3 = mask_tile(tile.a3, e + 12u, params.V);
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
