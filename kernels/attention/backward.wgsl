// Gradient of causal self-attention, for any size.
//
// p[t,s] = exp(scale q[t].k[s] - lse[t]), delta[t] = dout[t].out[t], ds[t,s] = scale p[t,s] (dout[t].v[s] - delta[t])
// dq[t] = sum_(s<=t) ds[t,s] k[s], dk[s] = sum_(t>=s) ds[t,s] q[t], dv[s] = sum_(t>=s) p[t,s] dout[t]
//
// qkv [S]: q [..,H,K], k and v [..,KV,K] as ../common/heads.ts lays them; out [G,B,T,H,K], lse [G,B,T,H],
// dout [G,B,T,H,K], dqkv [S] as qkv; K at most 256.
// An invocation owns four neighboring rows of a head: first as queries (dq, over the keys before), then as keys (dk, dv,
// over the queries after, of every query head that shares them). So every element of dqkv has one writer, and scores are
// computed twice. Neighboring invocations own the same rows of neighboring heads. A workgroup is 32 invocations.
// Deterministic: the other rows ascend in blocks of four.
// Where softmax is saturated ds is 0, and what rounding leaves of it is multiplied by keys. So scores are summed as in the forward
// pass, from scaled queries, and delta as dout.v: of equal scores and rows they are equal to the bit.
// No T x T buffer; p comes from lse with its exponent clamped to [-80, 0].

struct Params {
  G: u32, B: u32, T: u32, H: u32, KV: u32, K: u32,
  scale: f32,
  q_first: u32, q_row: u32, q_head: u32, k_first: u32, v_first: u32, kv_row: u32, kv_head: u32,
}

@group(0) @binding(0) var<storage, read> qkv: array<f32>;
@group(0) @binding(1) var<storage, read> out: array<f32>;
@group(0) @binding(2) var<storage, read> lse: array<f32>;
@group(0) @binding(3) var<storage, read> dout: array<f32>;
@group(0) @binding(4) var<storage, read_write> dqkv: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

// By element, the block's four rows: first dq, then dk; dv.
var<private> acc: array<vec4f, 256>;
var<private> more: array<vec4f, 256>;

// One element of four rows.
fn load(rows: vec4u, e: u32) -> vec4f {
  return vec4f(qkv[rows.x + e], qkv[rows.y + e], qkv[rows.z + e], qkv[rows.w + e]);
}

fn load_dout(rows: vec4u, e: u32) -> vec4f {
  return vec4f(dout[rows.x + e], dout[rows.y + e], dout[rows.z + e], dout[rows.w + e]);
}

fn load_out(rows: vec4u, e: u32) -> vec4f {
  return vec4f(out[rows.x + e], out[rows.y + e], out[rows.z + e], out[rows.w + e]);
}

fn weights(scores: vec4f, lse: vec4f, visible: vec4<bool>) -> vec4f {
  return select(vec4f(), exp(clamp(scores - lse, vec4f(-80.0), vec4f())), visible);
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
  let kv = kv_of(h);
  let values = vec4u(value_rows(batch, kv) - key_rows(batch, kv));
  // Row t of lse; times K, of out and dout.
  let short = batch * params.T * params.H + h;
  let steps = vec4u(0u, 1u, 2u, 3u);
  let last = vec4u(params.T - 1u);
  let rows = min(vec4u(t0) + steps, last);
  let own = vec4u(query_rows(batch, h)) + rows * params.q_row;
  let own_key = vec4u(key_rows(batch, kv)) + rows * params.kv_row;
  let own_short = vec4u(short) + rows * params.H;
  let own_out = own_short * K;

  // As queries.
  let own_lse = vec4f(lse[own_short.x], lse[own_short.y], lse[own_short.z], lse[own_short.w]);
  var own_delta = vec4f();
  for (var e = 0u; e < K; e++) {
    own_delta += load_dout(own_out, e) * load_out(own_out, e);
    acc[e] = vec4f();
    more[e] = vec4f();
  }
  for (var s0 = 0u; s0 <= t0; s0 += 4u) {
    let keys = vec4u(s0) + steps;
    let other = vec4u(key_rows(batch, kv)) + min(keys, last) * params.kv_row;
    var a = vec4f(); var b = vec4f(); var c = vec4f(); var d = vec4f();
    var da = vec4f(); var db = vec4f(); var dc = vec4f(); var dd = vec4f();
    for (var e = 0u; e < K; e++) {
      let q = params.scale * load(own, e);
      let k = load(other, e);
      a += q.x * k;
      b += q.y * k;
      c += q.z * k;
      d += q.w * k;
      let gradient = load_dout(own_out, e);
      let v = load(other + values, e);
      da += gradient.x * v;
      db += gradient.y * v;
      dc += gradient.z * v;
      dd += gradient.w * v;
    }
    a = params.scale * weights(a, vec4f(own_lse.x), keys <= vec4u(t0)) * (da - own_delta.x);
    b = params.scale * weights(b, vec4f(own_lse.y), keys <= vec4u(t0 + 1u)) * (db - own_delta.y);
    c = params.scale * weights(c, vec4f(own_lse.z), keys <= vec4u(t0 + 2u)) * (dc - own_delta.z);
    d = params.scale * weights(d, vec4f(own_lse.w), keys <= vec4u(t0 + 3u)) * (dd - own_delta.w);
    let ds = mat4x4f(a, b, c, d);
    for (var e = 0u; e < K; e++) { acc[e] += load(other, e) * ds; }
  }
  let count = min(4u, params.T - t0);
  for (var r = 0u; r < count; r++) {
    for (var e = 0u; e < K; e++) { dqkv[own[r] + e] = acc[e][r]; }
  }

  // As keys, of all query heads that share them.
  let sharing = params.H / params.KV;
  if (h % sharing != 0u) { return; }
  for (var e = 0u; e < K; e++) { acc[e] = vec4f(); }
  for (var head = h; head < h + sharing; head++) { add_queries(batch, head, t0, own_key, values); }
  for (var r = 0u; r < count; r++) {
    for (var e = 0u; e < K; e++) {
      dqkv[own_key[r] + e] = acc[e][r];
      dqkv[own_key[r] + values.x + e] = more[e][r];
    }
  }
}

// Adds what the rows of a query head from t0 on give to four keys and their values.
fn add_queries(batch: u32, h: u32, t0: u32, own: vec4u, values: vec4u) {
  let K = params.K;
  let first = query_rows(batch, h);
  let short = batch * params.T * params.H + h;
  let last = vec4u(params.T - 1u);
  for (var s0 = t0; s0 < params.T; s0 += 4u) {
    let queries = vec4u(s0) + vec4u(0u, 1u, 2u, 3u);
    let real = queries <= last;
    let clamped = min(queries, last);
    let other = vec4u(first) + clamped * params.q_row;
    let other_short = vec4u(short) + clamped * params.H;
    let other_out = other_short * K;
    var a = vec4f(); var b = vec4f(); var c = vec4f(); var d = vec4f();
    var da = vec4f(); var db = vec4f(); var dc = vec4f(); var dd = vec4f();
    var deltas = vec4f();
    for (var e = 0u; e < K; e++) {
      let q = params.scale * load(other, e);
      let k = load(own, e);
      a += k.x * q;
      b += k.y * q;
      c += k.z * q;
      d += k.w * q;
      let gradient = load_dout(other_out, e);
      let v = load(own + values, e);
      da += v.x * gradient;
      db += v.y * gradient;
      dc += v.z * gradient;
      dd += v.w * gradient;
      deltas += gradient * load_out(other_out, e);
    }
    let lses = vec4f(lse[other_short.x], lse[other_short.y], lse[other_short.z], lse[other_short.w]);
    a = weights(a, lses, real & (queries >= vec4u(t0)));
    b = weights(b, lses, real & (queries >= vec4u(t0 + 1u)));
    c = weights(c, lses, real & (queries >= vec4u(t0 + 2u)));
    d = weights(d, lses, real & (queries >= vec4u(t0 + 3u)));
    da = params.scale * a * (da - deltas);
    db = params.scale * b * (db - deltas);
    dc = params.scale * c * (dc - deltas);
    dd = params.scale * d * (dd - deltas);
    let p = mat4x4f(a, b, c, d);
    let ds = mat4x4f(da, db, dc, dd);
    for (var e = 0u; e < K; e++) {
      acc[e] += load(other, e) * ds;
      more[e] += load_dout(other_out, e) * p;
    }
  }
}
