// Causal self-attention with an online softmax, for heads of width 32; keys and values loaded once for four lanes.
//
// p[t,s] = exp(scale q[t].k[s] - lse[t]) for s <= t, lse[t] = log sum_(s<=t) exp(scale q[t].k[s]), out[t] = sum_s p[t,s] v[s]
//
// qkv [S]: q [..,H,32], k and v [..,KV,32] as ../common/heads.ts lays them; out [G,B,T,H,32], lse [G,B,T,H].
// An invocation owns four neighboring rows t of a head, a workgroup is one quad and owns 16. It walks the keys up to its
// last row in blocks of four, of which each lane loads one (../common/quad.wgsl). Right for any subgroup size.
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

fn load(i: u32) -> Row {
  return Row(qkv[i], qkv[i + 1u], qkv[i + 2u], qkv[i + 3u], qkv[i + 4u], qkv[i + 5u], qkv[i + 6u], qkv[i + 7u]);
}

fn loads(i: u32) -> Rows {
  return Rows(
    quad(qkv[i]), quad(qkv[i + 1u]), quad(qkv[i + 2u]), quad(qkv[i + 3u]),
    quad(qkv[i + 4u]), quad(qkv[i + 5u]), quad(qkv[i + 6u]), quad(qkv[i + 7u]),
  );
}

// What a row has gathered: its maximum, the sum of its weights and the weighted sum of values.
struct State { top: f32, total: f32, sum: Row }

fn weigh(state: State, q: Row, keys: Rows, values: Rows, seen: vec4<bool>) -> State {
  let scores = select(vec4f(LOWEST), dots(q, keys), seen);
  let top = max(state.top, max(max(scores.x, scores.y), max(scores.z, scores.w)));
  let fade = exp(max(state.top - top, -80.0));
  let p = select(vec4f(), exp(max(scores - top, vec4f(-80.0))), seen);
  let total = state.total * fade + (p.x + p.y + p.z + p.w);
  return State(top, total, gather(scaled(state.sum, fade), values, p));
}

fn store(short: u32, t: u32, state: State) {
  if (t >= params.T) { return; }
  let row = short + t * params.H;
  let i = row * 8u;
  let mean = scaled(state.sum, 1.0 / state.total);
  out[i + 0u] = mean.a;
  out[i + 1u] = mean.b;
  out[i + 2u] = mean.c;
  out[i + 3u] = mean.d;
  out[i + 4u] = mean.e;
  out[i + 5u] = mean.f;
  out[i + 6u] = mean.g;
  out[i + 7u] = mean.h;
  lse[row] = state.top + log(state.total);
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
  let kv_pitch = params.kv_row / 4u;
  let key = key_rows(batch, kv_of(h)) / 4u;
  let value = value_rows(batch, kv_of(h)) / 4u - key;
  let nothing = State(LOWEST, 0.0, Row());
  let q0 = scaled(load(first + min(t0 + 0u, last) * pitch), params.scale);
  let q1 = scaled(load(first + min(t0 + 1u, last) * pitch), params.scale);
  let q2 = scaled(load(first + min(t0 + 2u, last) * pitch), params.scale);
  let q3 = scaled(load(first + min(t0 + 3u, last) * pitch), params.scale);
  var s0 = nothing;
  var s1 = nothing;
  var s2 = nothing;
  var s3 = nothing;
  for (var s = 0u; s < min(block * 16u + 16u, params.T); s += 4u) {
    let mine = key + min(s + lane, last) * kv_pitch;
    let keys = loads(mine);
    let values = loads(mine + value);
    // Rows before the block of keys see none of it; their maximum is then that of earlier keys, and key 0 is seen by all.
    let at = vec4u(s, s + 1u, s + 2u, s + 3u);
    s0 = weigh(s0, q0, keys, values, at <= vec4u(t0 + 0u));
    s1 = weigh(s1, q1, keys, values, at <= vec4u(t0 + 1u));
    s2 = weigh(s2, q2, keys, values, at <= vec4u(t0 + 2u));
    s3 = weigh(s3, q3, keys, values, at <= vec4u(t0 + 3u));
  }
  let short = batch * params.T * params.H + h;
  store(short, t0 + 0u, s0);
  store(short, t0 + 1u, s1);
  store(short, t0 + 2u, s2);
  store(short, t0 + 3u, s3);
}
