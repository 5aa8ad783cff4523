// Flash loss: per-token losses of an unembedding and their gradient in x, in one pass and without a buffer of logits; four
// lanes share their loads.
//
// logit[r, v] = sum_d x[r, d] w[v, d];  lse[r] = log sum_v exp(logit[r, v]);  losses[r] = lse[r] - logit[r, targets[r]]
// dx[r] = scale * (sum_v exp(logit[r, v] - lse[r]) w[v] - w[targets[r]])
//
// x [G?, R, D], w [G?, V, D], targets [G?, R] u32 below V; losses, lse [G, R], in nats; dx [G, R, D].
// An invocation owns 8 rows and walks the vocabulary in tiles of 16 with a running maximum and sum, and keeps the running
// sum of dx in dx itself; each lane of its quad loads 4 of the 16 entries and passes them round. A workgroup owns 64 rows.
// D and the strides are multiples of 4. Rows past the end repeat the invocation's last one and store the same values over
// it; invocations without any row compute along, for their quad, and store nothing. Entries past V are masked.
// Deterministic: fixed order of summation whatever the subgroup size. Lanes hold the entries of a tile in different orders
// but add them in the same pairs, so that a row's bits do not depend on its lane.
// Numerics: those of forward_backward.wgsl.

struct Params { G: u32, R: u32, V: u32, D: u32, stride_x: u32, stride_w: u32, stride_targets: u32, scale: f32 }

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> w: array<vec4f>;
@group(0) @binding(2) var<storage, read> targets: array<u32>;
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;
@group(0) @binding(4) var<storage, read_write> lse: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let first = id.x * 8u;
  let D4 = params.D / 4u;
  let last = vec4u(params.R - 1u);
  let rows0 = min(vec4u(first, first + 1u, first + 2u, first + 3u), last);
  let rows1 = min(vec4u(first + 4u, first + 5u, first + 6u, first + 7u), last);
  let base = id.z * (params.stride_x / 4u);
  let x0 = vec4u(base) + rows0 * D4;
  let x1 = vec4u(base) + rows1 * D4;
  let o = id.z * params.R;
  let o0 = (vec4u(o) + rows0) * D4;
  let o1 = (vec4u(o) + rows1) * D4;
  let owns = first < params.R;
  let y0 = targets_of(id.z, rows0);
  let y1 = targets_of(id.z, rows1);
  let wi = id.z * (params.stride_w / 4u);

  var m0 = vec4f(LOWEST);
  var m1 = vec4f(LOWEST);
  var s0 = vec4f();
  var s1 = vec4f();
  var t0 = vec4f();
  var t1 = vec4f();
  if (owns) {
    for (var k = 0u; k < D4; k++) {
      put_rows(o0, k, mat4x4f());
      put_rows(o1, k, mat4x4f());
    }
  }
  for (var v = 0u; v < params.V; v += 16u) {
    let mine = entries_of(wi, v, lane);
    let tile = logits_16(x0, x1, mine);
    let e = v + (FOUR ^ vec4u(lane & 3u));
    var a00 = mask_tile(tile.a00, e, params.V);
    var a01 = mask_tile(tile.a01, e + 4u, params.V);
    var a02 = mask_tile(tile.a02, e + 8u, params.V);
    var a03 = mask_tile(tile.a03, e + 12u, params.V);
    var a10 = mask_tile(tile.a10, e, params.V);
    var a11 = mask_tile(tile.a11, e + 4u, params.V);
    var a12 = mask_tile(tile.a12, e + 8u, params.V);
    var a13 = mask_tile(tile.a13, e + 12u, params.V);
    t0 = pick_tile(pick_tile(t0, a00, e, y0), a01, e + 4u, y0);
    t0 = pick_tile(pick_tile(t0, a02, e + 8u, y0), a03, e + 12u, y0);
    t1 = pick_tile(pick_tile(t1, a10, e, y1), a11, e + 4u, y1);
    t1 = pick_tile(pick_tile(t1, a12, e + 8u, y1), a13, e + 12u, y1);
    let n0 = max(m0, max(max(max_tile(a00), max_tile(a01)), max(max_tile(a02), max_tile(a03))));
    let n1 = max(m1, max(max(max_tile(a10), max_tile(a11)), max(max_tile(a12), max_tile(a13))));
    let f0 = safe_exp(m0 - n0);
    let f1 = safe_exp(m1 - n1);
    a00 = exp_tile(a00, n0);
    a01 = exp_tile(a01, n0);
    a02 = exp_tile(a02, n0);
    a03 = exp_tile(a03, n0);
    a10 = exp_tile(a10, n1);
    a11 = exp_tile(a11, n1);
    a12 = exp_tile(a12, n1);
    a13 = exp_tile(a13, n1);
    s0 = s0 * f0 + ((sum_tile(a00) + sum_tile(a01)) + (sum_tile(a02) + sum_tile(a03)));
    m0 = n0;
    s1 = s1 * f1 + ((sum_tile(a10) + sum_tile(a11)) + (sum_tile(a12) + sum_tile(a13)));
    m1 = n1;
    let p00 = transpose(a00);
    let p01 = transpose(a01);
    let p02 = transpose(a02);
    let p03 = transpose(a03);
    let p10 = transpose(a10);
    let p11 = transpose(a11);
    let p12 = transpose(a12);
    let p13 = transpose(a13);
    for (var k = 0u; k < D4; k++) {
      var d0 = scaled_rows(o0, k, f0);
      var d1 = scaled_rows(o1, k, f1);
      let w0 = quad_gather(w[mine.x + k]);
      d0 += quad_mix(w0, p00);
      d1 += quad_mix(w0, p10);
      let w1 = quad_gather(w[mine.y + k]);
      d0 += quad_mix(w1, p01);
      d1 += quad_mix(w1, p11);
      let w2 = quad_gather(w[mine.z + k]);
      d0 += quad_mix(w2, p02);
      d1 += quad_mix(w2, p12);
      let w3 = quad_gather(w[mine.w + k]);
      d0 += quad_mix(w3, p03);
      d1 += quad_mix(w3, p13);
      if (owns) {
        put_rows(o0, k, d0);
        put_rows(o1, k, d1);
      }
    }
  }
  if (!owns) { return; }
  let i0 = params.scale / s0;
  let i1 = params.scale / s1;
  for (var k = 0u; k < D4; k++) {
    let d0 = scaled_rows(o0, k, i0);
    let d1 = scaled_rows(o1, k, i1);
    put_rows(o0, k, d0 - target_rows(wi, y0 * D4 + k));
    put_rows(o1, k, d1 - target_rows(wi, y1 * D4 + k));
  }
  store_rows(id.z, first, m0, s0, t0);
  store_rows(id.z, first + 4u, m1, s1, t1);
}

fn targets_of(g: u32, rows: vec4u) -> vec4u {
  let i = vec4u(g * params.stride_targets) + rows;
  return vec4u(targets[i.x], targets[i.y], targets[i.z], targets[i.w]);
}

fn store_rows(g: u32, first: u32, m: vec4f, s: vec4f, t: vec4f) {
  let total = m + log(s);
  let loss = log(s) + (m - t);
  for (var i = 0u; i < 4u && first + i < params.R; i++) {
    lse[g * params.R + first + i] = total[i];
    losses[g * params.R + first + i] = loss[i];
  }
}

/// Four rows of dx, each times its factor, as columns.
fn scaled_rows(i: vec4u, k: u32, f: vec4f) -> mat4x4f {
  return mat4x4f(f.x * dx[i.x + k], f.y * dx[i.y + k], f.z * dx[i.z + k], f.w * dx[i.w + k]);
}

fn put_rows(i: vec4u, k: u32, d: mat4x4f) {
  dx[i.x + k] = d[0];
  dx[i.y + k] = d[1];
  dx[i.z + k] = d[2];
  dx[i.w + k] = d[3];
}

fn target_rows(base: u32, i: vec4u) -> mat4x4f {
  return params.scale * mat4x4f(w[base + i.x], w[base + i.y], w[base + i.z], w[base + i.w]);
}
