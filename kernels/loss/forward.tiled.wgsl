// Per-token losses of an unembedding, without a buffer of logits; tiles in workgroup memory.
//
// logit[r, v] = sum_d x[r, d] w[v, d];  lse[r] = log sum_v exp(logit[r, v])
// losses[r] = lse[r] - logit[r, targets[r] - first], or lse[r] where the target lies in another part of the vocabulary
//
// x [G?, R, D], w [G?, V, D], targets [G?, R] u32; losses, lse [G, R], in nats.
// A workgroup owns 32 rows and walks the vocabulary in tiles of 64; an invocation owns 4 rows x 4 entries of each tile, with
// a running maximum and sum of its own. Its 16 peers' are merged at the end.
// Any R, V and D: rows past the end repeat the last one, entries past V are masked, columns past D are zero.
// Deterministic: fixed order of summation and of merging.
// Numerics: those of forward.wgsl. The variant f16 is this file with tiles of half precision (common/half.wgsl): x and w lose
// 2^-11 of their size; sums are in f32.

struct Params { G: u32, R: u32, V: u32, D: u32, stride_x: u32, stride_w: u32, stride_targets: u32, first: u32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> targets: array<u32>;
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;
@group(0) @binding(4) var<storage, read_write> lse: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

var<workgroup> merge: array<array<vec4f, 128>, 3>; // maximum, sum, target's logit: [16][8]

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let g = group.z;
  let first = group.x * 32u;
  let tr = local % 8u;
  let tv = local / 8u;
  let y = targets_of(g, min(first + 4u * tr + FOUR, vec4u(params.R - 1u)));
  var m = vec4f(LOWEST);
  var s = vec4f();
  var t = vec4f();
  for (var v = 0u; v < params.V; v += 64u) {
    var a = logits_tile(g, first, v, local);
    let mine = v + 4u * tv + FOUR;
    a = mask_tile(a, mine, params.V);
    t = pick_tile(t, a, mine, y);
    let n = max(m, max_tile(a));
    s = s * safe_exp(m - n) + select(vec4f(), sum_tile(exp_tile(a, n)), mine.x < params.V);
    m = n;
  }
  merge[0][local] = m;
  merge[1][local] = s;
  merge[2][local] = t;
  workgroupBarrier();
  if (local >= 8u) { return; }
  for (var i = 1u; i < 16u; i++) { m = max(m, merge[0][i * 8u + tr]); }
  s = vec4f();
  t = vec4f();
  for (var i = 0u; i < 16u; i++) {
    s += merge[1][i * 8u + tr] * safe_exp(merge[0][i * 8u + tr] - m);
    t += merge[2][i * 8u + tr];
  }
  let total = m + log(s);
  let loss = log(s) + (m - t);
  for (var i = 0u; i < 4u && first + 4u * tr + i < params.R; i++) {
    let o = g * params.R + first + 4u * tr + i;
    lse[o] = total[i];
    losses[o] = loss[i];
  }
}
