// Flash loss: per-token losses of an unembedding and their gradient in x, in one pass and without a buffer of logits; tiles
// in workgroup memory.
//
// logit[r, v] = sum_d x[r, d] w[v, d];  lse[r] = log sum_v exp(logit[r, v]);  losses[r] = lse[r] - logit[r, targets[r]]
// dx[r] = scale * (sum_v exp(logit[r, v] - lse[r]) w[v] - w[targets[r]])
//
// x [G?, R, D], w [G?, V, D], targets [G?, R] u32 below V; losses, lse [G, R], in nats; dx [G, R, D].
// A workgroup owns 32 rows and walks the vocabulary in tiles of 64 with a running maximum and sum a row. An invocation owns
// 4 rows x 4 entries of each tile of logits, and 4 rows x 4 columns of each 32 x 64 tile of dx, which only it reads and
// writes: the running sum of dx lives in dx itself and is rescaled when the maximum moves.
// Any R, V and D: rows past the end repeat the last one and are not stored, entries past V are masked, columns past D zero.
// Deterministic: fixed order of summation.
// Numerics: those of forward_backward.wgsl. The variant f16 is this file with tiles of half precision (common/half.wgsl): x, w and
// the softmax's weights lose 2^-11 of their size, weights below 3e-8 of the largest vanish from dx; sums are in f32.

struct Params { G: u32, R: u32, V: u32, D: u32, stride_x: u32, stride_w: u32, stride_targets: u32, scale: f32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> targets: array<u32>;
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;
@group(0) @binding(4) var<storage, read_write> lse: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

var<workgroup> peers: array<vec4f, 128>; // [16][8 groups of 4 rows]

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let g = group.z;
  let first = group.x * 32u;
  let tr = local % 8u;
  let tv = local / 8u;
  let row = first + 4u * tr;
  let y = four_targets(g, row);
  var m = vec4f(LOWEST);
  var s = vec4f();
  var t = vec4f();
  for (var v = 0u; v < params.V; v += 64u) {
    var a = logits_tile(g, first, v, local);
    let mine = v + 4u * tv + FOUR;
    a = mask_tile(a, mine, params.V);
    t = pick_tile(t, a, mine, y);
    peers[local] = max_tile(a);
    workgroupBarrier();
    var n = m;
    for (var i = 0u; i < 16u; i++) { n = max(n, peers[i * 8u + tr]); }
    let factor = safe_exp(m - n);
    m = n;
    // Entries past V give exp(-80), which is nothing beside the maximum's 1.
    let p = exp_tile(a, n);
    s = s * factor + sum_tile(p);
    for (var j = 0u; j < 4u; j++) { ps[(4u * tv + j) * 8u + tr] = narrow(p[j]); }

    for (var d = 0u; d < params.D; d += 64u) {
      // Column j of c: component j of this invocation's four columns of dx, over its four rows.
      var c = mix_tile(g, v, d, local);
      let column = d + 4u * tv;
      // The tile is summed before it joins the running sum, whose roundings would else grow with V and not with V / 64.
      if (v > 0u) { c += old_dx(g, row, column, factor); }
      put_dx(g, row, column, c);
    }
  }

  s = sum_peers(s, local);
  t = sum_peers(t, local);
  for (var d = 4u * tv; d < params.D; d += 64u) {
    // Rounded as the staged ones are: where the target has all the weight, it cancels.
    let own = transpose(mat4x4f(staged_w(g, y.x, d), staged_w(g, y.y, d), staged_w(g, y.z, d), staged_w(g, y.w, d)));
    put_dx(g, row, d, old_dx(g, row, d, params.scale / s) - params.scale * own);
  }
  if (tv > 0u) { return; }
  let total = m + log(s);
  let loss = log(s) + (m - t);
  for (var i = 0u; i < 4u && row + i < params.R; i++) {
    lse[g * params.R + row + i] = total[i];
    losses[g * params.R + row + i] = loss[i];
  }
}

/// The sum of the 16 invocations that share rows; barriers in it part it from what came before.
fn sum_peers(mine: vec4f, local: u32) -> vec4f {
  workgroupBarrier();
  peers[local] = mine;
  workgroupBarrier();
  var sum = vec4f();
  for (var i = 0u; i < 16u; i++) { sum += peers[i * 8u + local % 8u]; }
  return sum;
}

fn staged_w(g: u32, v: u32, k: u32) -> vec4f {
  return rounded(row_w(g, v, k));
}

fn four_targets(g: u32, row: u32) -> vec4u {
  let i = vec4u(g * params.stride_targets) + min(vec4u(row, row + 1u, row + 2u, row + 3u), vec4u(params.R - 1u));
  return vec4u(targets[i.x], targets[i.y], targets[i.z], targets[i.w]);
}

/// Four columns from k of four rows of dx, times the rows' factors.
fn old_dx(g: u32, row: u32, k: u32, factor: vec4f) -> mat4x4f {
  var c = mat4x4f();
  for (var j = 0u; j < 4u; j++) {
    for (var i = 0u; i < 4u; i++) {
      if (row + i < params.R && k + j < params.D) {
        c[j][i] = factor[i] * dx[(g * params.R + row + i) * params.D + k + j];
      }
    }
  }
  return c;
}

fn put_dx(g: u32, row: u32, k: u32, c: mat4x4f) {
  for (var j = 0u; j < 4u; j++) {
    for (var i = 0u; i < 4u; i++) {
      if (row + i < params.R && k + j < params.D) {
        dx[(g * params.R + row + i) * params.D + k + j] = c[j][i];
      }
    }
  }
}
