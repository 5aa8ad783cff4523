// Flash loss: per-token losses of an unembedding and their gradient in x, in one pass and without a buffer of logits.
//
// logit[r, v] = sum_d x[r, d] w[v, d];  lse[r] = log sum_v exp(logit[r, v]);  losses[r] = lse[r] - logit[r, targets[r]]
// dx[r] = scale * (sum_v exp(logit[r, v] - lse[r]) w[v] - w[targets[r]])
//
// x [G?, R, D] (output of the final LayerNorm), w [G?, V, D], targets [G?, R] u32 below V; losses, lse [G, R], in
// nats; dx [G, R, D].
// An invocation owns 4 rows and walks the vocabulary in tiles of 16 with a running maximum and sum. The running sum of dx
// lives in dx itself and is rescaled when the maximum moves, so that any D works. A workgroup owns 32 rows.
// Any R, V and D: rows past the end repeat the invocation's last one and store the same values over it, entries past V are
// masked, columns past D are zero.
// Deterministic: fixed order of summation, nothing shared between invocations.
// Numerics: every exponent has its row's running maximum subtracted; the target's logit comes from the same tile as the
// sum, so that their rounding errors cancel where the target dominates. A rescaling rounds once a tile, of what is then at most
// the whole sum: an error of V/16 units in the last place at worst, in practice of a few.

struct Params { G: u32, R: u32, V: u32, D: u32, stride_x: u32, stride_w: u32, stride_targets: u32, scale: f32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> targets: array<u32>;
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;
@group(0) @binding(4) var<storage, read_write> lse: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let first = id.x * 4u;
  if (first >= params.R) { return; }
  let rows = min(vec4u(first, first + 1u, first + 2u, first + 3u), vec4u(params.R - 1u));
  let xi = vec4u(id.z * params.stride_x) + rows * params.D;
  let ti = vec4u(id.z * params.stride_targets) + rows;
  let y = vec4u(targets[ti.x], targets[ti.y], targets[ti.z], targets[ti.w]);
  let wi = id.z * params.stride_w;
  let oi = (vec4u(id.z * params.R) + rows) * params.D;

  var m = vec4f(LOWEST);
  var s = vec4f();
  var t = vec4f();
  for (var k = 0u; k < params.D; k += 4u) { put_rows(oi, k, mat4x4f()); }
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
    let f = safe_exp(m - n);
    a0 = exp_tile(a0, n);
    a1 = exp_tile(a1, n);
    a2 = exp_tile(a2, n);
    a3 = exp_tile(a3, n);
    s = s * f + ((sum_tile(a0) + sum_tile(a1)) + (sum_tile(a2) + sum_tile(a3)));
    m = n;
    a0 = transpose(a0);
    a1 = transpose(a1);
    a2 = transpose(a2);
    a3 = transpose(a3);
    for (var k = 0u; k < params.D; k += 4u) {
      var d = scaled_rows(oi, k, f);
      d += w_tile(wi, v, k) * a0;
      d += w_tile(wi, v + 4u, k) * a1;
      d += w_tile(wi, v + 8u, k) * a2;
      d += w_tile(wi, v + 12u, k) * a3;
      put_rows(oi, k, d);
    }
  }
  let inverse = params.scale / s;
  let yi = vec4u(wi) + y * params.D;
  for (var k = 0u; k < params.D; k += 4u) {
    let own = mat4x4f(w4(yi.x, k), w4(yi.y, k), w4(yi.z, k), w4(yi.w, k));
    put_rows(oi, k, scaled_rows(oi, k, inverse) - params.scale * own);
  }
  let total = m + log(s);
  for (var i = 0u; i < 4u && first + i < params.R; i++) {
    let o = id.z * params.R + first + i;
    lse[o] = total[i];
    losses[o] = log(s[i]) + (m[i] - t[i]);
  }
}

/// Four columns from k of four rows of dx, each row times its factor.
fn scaled_rows(i: vec4u, k: u32, f: vec4f) -> mat4x4f {
  return mat4x4f(f.x * dx4(i.x, k), f.y * dx4(i.y, k), f.z * dx4(i.z, k), f.w * dx4(i.w, k));
}

fn dx4(row: u32, k: u32) -> vec4f {
  let last = params.D - 1u;
  return vec4f(dx[row + k], dx[row + min(k + 1u, last)], dx[row + min(k + 2u, last)], dx[row + min(k + 3u, last)]);
}

fn put_rows(i: vec4u, k: u32, d: mat4x4f) {
  let count = min(4u, params.D - k);
  for (var j = 0u; j < 4u; j++) {
    for (var c = 0u; c < count; c++) { dx[i[j] + k + c] = d[j][c]; }
  }
}
