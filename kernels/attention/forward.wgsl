// Causal self-attention with an online softmax, for any size.
//
// p[t,s] = exp(scale q[t].k[s] - lse[t]) for s <= t, lse[t] = log sum_(s<=t) exp(scale q[t].k[s]), out[t] = sum_s p[t,s] v[s]
//
// qkv [S]: q [..,H,K], k and v [..,KV,K] as ../common/heads.ts lays them; out [G,B,T,H,K], lse [G,B,T,H], K at most 256.
// An invocation owns four neighboring rows t of a head and walks the keys in blocks of four; neighboring invocations own
// the same rows of neighboring heads, so that they walk equally far. A workgroup is 32 invocations.
// Deterministic: keys ascend in blocks of four.
// No T x T buffer: a running maximum per row, rescaled by block; masked scores are finite and weigh 0; the arguments of
// exp are at most 0 and clamped from below.
// The backward pass sums the same scores, to the bit: scaled queries, element by element.

struct Params {
  G: u32, B: u32, T: u32, H: u32, KV: u32, K: u32,
  scale: f32,
  q_first: u32, q_row: u32, q_head: u32, k_first: u32, v_first: u32, kv_row: u32, kv_head: u32,
}

@group(0) @binding(0) var<storage, read> qkv: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<storage, read_write> lse: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const LOWEST = -3.0e38;

// One element of four rows.
fn load(rows: vec4u, e: u32) -> vec4f {
  return vec4f(qkv[rows.x + e], qkv[rows.y + e], qkv[rows.z + e], qkv[rows.w + e]);
}

fn largest(v: vec4f) -> f32 {
  return max(max(v.x, v.y), max(v.z, v.w));
}

fn sum(v: vec4f) -> f32 {
  return v.x + v.y + v.z + v.w;
}

fn weights(scores: vec4f, top: f32, visible: vec4<bool>) -> vec4f {
  return select(vec4f(), exp(max(scores - top, vec4f(-80.0))), visible);
}

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 32u;
  let heads = params.G * params.B * params.H;
  let t0 = i / heads * 4u;
  if (t0 >= params.T) { return; }
  let batch = i % heads / params.H;
  let h = i % heads % params.H;
  let K = params.K;
  let key = key_rows(batch, kv_of(h));
  let values = vec4u(value_rows(batch, kv_of(h)) - key);
  let rows = min(vec4u(t0) + vec4u(0u, 1u, 2u, 3u), vec4u(params.T - 1u));
  let q = vec4u(query_rows(batch, h)) + rows * params.q_row;
  var top = vec4f(LOWEST);
  var total = vec4f();
  var acc = array<vec4f, 256>(); // by element, the four rows
  for (var s0 = 0u; s0 <= t0; s0 += 4u) {
    let keys = vec4u(s0) + vec4u(0u, 1u, 2u, 3u);
    let k = vec4u(key) + min(keys, vec4u(params.T - 1u)) * params.kv_row;
    var a = vec4f(); var b = vec4f(); var c = vec4f(); var d = vec4f();
    for (var e = 0u; e < K; e++) {
      let own = params.scale * load(q, e);
      let other = load(k, e);
      a += own.x * other;
      b += own.y * other;
      c += own.z * other;
      d += own.w * other;
    }
    // Key t0 and all before are visible to row t0, so every block has a visible key for every row.
    let see_a = keys <= vec4u(t0);
    let see_b = keys <= vec4u(t0 + 1u);
    let see_c = keys <= vec4u(t0 + 2u);
    let see_d = keys <= vec4u(t0 + 3u);
    a = select(vec4f(LOWEST), a, see_a);
    b = select(vec4f(LOWEST), b, see_b);
    c = select(vec4f(LOWEST), c, see_c);
    d = select(vec4f(LOWEST), d, see_d);
    let before = top;
    top = max(top, vec4f(largest(a), largest(b), largest(c), largest(d)));
    a = weights(a, top.x, see_a);
    b = weights(b, top.y, see_b);
    c = weights(c, top.z, see_c);
    d = weights(d, top.w, see_d);
    let fade = exp(max(before - top, vec4f(-80.0)));
    total = total * fade + vec4f(sum(a), sum(b), sum(c), sum(d));
    let p = mat4x4f(a, b, c, d);
    for (var e = 0u; e < K; e++) { acc[e] = acc[e] * fade + load(k + values, e) * p; }
  }
  for (var r = 0u; r < min(4u, params.T - t0); r++) {
    let row = (batch * params.T + t0 + r) * params.H + h;
    for (var e = 0u; e < K; e++) { out[row * K + e] = acc[e][r] / total[r]; }
    lse[row] = top[r] + log(total[r]);
  }
}
