// Causal self-attention with an online softmax, for heads of width 8; keys and values loaded once for four lanes.
//
// p[t,s] = exp(scale q[t].k[s] - lse[t]) for s <= t, lse[t] = log sum_(s<=t) exp(scale q[t].k[s]), out[t] = sum_s p[t,s] v[s]
//
// qkv [S]: q [..,H,8], k and v [..,KV,8] as ../common/heads.ts lays them; out [G,B,T,H,8], lse [G,B,T,H].
// An invocation owns four neighboring rows t of a head, a workgroup is one quad and owns 16. It walks the keys up to its
// last row in blocks of four, of which each lane loads one (../matmul/quad.wgsl). Right for any subgroup size.
// Deterministic: keys ascend in blocks of four.
// No T x T buffer: a running maximum per row, rescaled by block; masked scores are finite and weigh 0; the arguments of
// exp are at most 0 and clamped from below.

struct Params {
  G: u32, B: u32, T: u32, H: u32, KV: u32, K: u32,
  scale: f32,
  q_first: u32, q_row: u32, q_head: u32, k_first: u32, v_first: u32, kv_row: u32, kv_head: u32,
}

@group(0) @binding(0) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> lse: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const LOWEST = -3.0e38;

fn largest(v: vec4f) -> f32 {
  return max(max(v.x, v.y), max(v.z, v.w));
}

fn sum(v: vec4f) -> f32 {
  return v.x + v.y + v.z + v.w;
}

fn weights(scores: vec4f, top: f32, visible: vec4<bool>) -> vec4f {
  return select(vec4f(), exp(max(scores - top, vec4f(-80.0))), visible);
}

fn store(short: u32, t: u32, low: vec4f, high: vec4f, log_sum: f32) {
  if (t >= params.T) { return; }
  let row = short + t * params.H;
  out[row * 2u] = low;
  out[row * 2u + 1u] = high;
  lse[row] = log_sum;
}

@compute @workgroup_size(4)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
  @builtin(subgroup_invocation_id) invocation: u32,
) {
  let heads = params.G * params.B * params.H;
  let i = group.x + group.y * groups.x;
  let block = i / heads;
  if (block * 16u >= params.T) { return; }
  let lane = invocation & 3u;
  let batch = i % heads / params.H;
  let h = i % heads % params.H;
  let last = params.T - 1u;
  // The lane's first row.
  let t0 = block * 16u + local * 4u;
  let pitch = params.q_row / 4u;
  let first = query_rows(batch, h) / 4u;
  let a = first + min(t0 + 0u, last) * pitch;
  let b = first + min(t0 + 1u, last) * pitch;
  let c = first + min(t0 + 2u, last) * pitch;
  let d = first + min(t0 + 3u, last) * pitch;
  let kv_pitch = params.kv_row / 4u;
  let key = key_rows(batch, kv_of(h)) / 4u;
  let value = value_rows(batch, kv_of(h)) / 4u - key;
  let aq0 = params.scale * qkv[a]; let aq1 = params.scale * qkv[a + 1u];
  let bq0 = params.scale * qkv[b]; let bq1 = params.scale * qkv[b + 1u];
  let cq0 = params.scale * qkv[c]; let cq1 = params.scale * qkv[c + 1u];
  let dq0 = params.scale * qkv[d]; let dq1 = params.scale * qkv[d + 1u];
  var top = vec4f(LOWEST);
  var total = vec4f();
  var a0 = vec4f(); var a1 = vec4f();
  var b0 = vec4f(); var b1 = vec4f();
  var c0 = vec4f(); var c1 = vec4f();
  var d0 = vec4f(); var d1 = vec4f();
  for (var s0 = 0u; s0 < min(block * 16u + 16u, params.T); s0 += 4u) {
    let mine = key + min(s0 + lane, last) * kv_pitch;
    let k0 = quad(qkv[mine]);
    let k1 = quad(qkv[mine + 1u]);
    let v0 = quad(qkv[mine + value]);
    let v1 = quad(qkv[mine + value + 1u]);
    // Rows before the block of keys see none of it; their maximum is then that of earlier keys, score_a key 0 is seen by all.
    let keys = vec4u(s0, s0 + 1u, s0 + 2u, s0 + 3u);
    let see_a = keys <= vec4u(t0 + 0u);
    let score_a = select(vec4f(LOWEST), aq0 * k0 + aq1 * k1, see_a);
    let see_b = keys <= vec4u(t0 + 1u);
    let score_b = select(vec4f(LOWEST), bq0 * k0 + bq1 * k1, see_b);
    let see_c = keys <= vec4u(t0 + 2u);
    let score_c = select(vec4f(LOWEST), cq0 * k0 + cq1 * k1, see_c);
    let see_d = keys <= vec4u(t0 + 3u);
    let score_d = select(vec4f(LOWEST), dq0 * k0 + dq1 * k1, see_d);
    let before = top;
    top = max(top, vec4f(largest(score_a), largest(score_b), largest(score_c), largest(score_d)));
    let fade = exp(max(before - top, vec4f(-80.0)));
    let ap = weights(score_a, top.x, see_a);
    let bp = weights(score_b, top.y, see_b);
    let cp = weights(score_c, top.z, see_c);
    let dp = weights(score_d, top.w, see_d);
    total = total * fade + vec4f(sum(ap), sum(bp), sum(cp), sum(dp));
    a0 = a0 * fade.x + v0 * ap; a1 = a1 * fade.x + v1 * ap;
    b0 = b0 * fade.y + v0 * bp; b1 = b1 * fade.y + v1 * bp;
    c0 = c0 * fade.z + v0 * cp; c1 = c1 * fade.z + v1 * cp;
    d0 = d0 * fade.w + v0 * dp; d1 = d1 * fade.w + v1 * dp;
  }
  let short = batch * params.T * params.H + h;
  let logs = top + log(total);
  store(short, t0 + 0u, a0 / total.x, a1 / total.x, logs.x);
  store(short, t0 + 1u, b0 / total.y, b1 / total.y, logs.y);
  store(short, t0 + 2u, c0 / total.z, c1 / total.z, logs.z);
  store(short, t0 + 3u, d0 / total.w, d1 / total.w, logs.w);
}
