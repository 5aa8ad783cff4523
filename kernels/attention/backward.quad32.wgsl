// Gradient of causal self-attention, for heads of width 32; the other rows loaded once for four lanes.
//
// p[t,s] = exp(scale q[t].k[s] - lse[t]), delta[t] = dout[t].out[t], ds[t,s] = scale p[t,s] (dout[t].v[s] - delta[t])
// dq[t] = sum_(s<=t) ds[t,s] k[s], dk[s] = sum_(t>=s) ds[t,s] q[t], dv[s] = sum_(t>=s) p[t,s] dout[t]
//
// qkv [S]: q [..,H,32], k and v [..,KV,32] as ../common/heads.ts lays them; out [G,B,T,H,32], lse [G,B,T,H],
// dout [G,B,T,H,32], dqkv [S] as qkv.
// An invocation owns neighboring rows of a head: four as queries (dq, over the keys before), then two and two as keys (dk, dv,
// over the queries after, of every query head that shares them). A workgroup is one quad and owns 16 rows; of every block of
// four other rows each lane loads one (../common/quad.wgsl). Right for any subgroup size.
// Deterministic: the other rows ascend in blocks of four.
// Where softmax is saturated ds is 0, and what rounding leaves of it is multiplied by keys. So scores are summed as in the forward
// pass, from scaled queries, and delta as dout.v: of equal scores and rows they are equal to the bit.
// No T x T buffer; p comes from lse with its exponent clamped to [-80, 0].

struct Params {
  G: u32, B: u32, T: u32, H: u32, KV: u32, K: u32,
  scale: f32,
  q_first: u32, q_row: u32, q_head: u32, k_first: u32, v_first: u32, kv_row: u32, kv_head: u32,
}

@group(0) @binding(0) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(1) var<storage, read> out: array<vec4f>;
@group(0) @binding(2) var<storage, read> lse: array<f32>;
@group(0) @binding(3) var<storage, read> dout: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dqkv: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;

fn load(i: u32) -> Row {
  return Row(qkv[i], qkv[i + 1u], qkv[i + 2u], qkv[i + 3u], qkv[i + 4u], qkv[i + 5u], qkv[i + 6u], qkv[i + 7u]);
}

fn quads(row: Row) -> Rows {
  return Rows(quad(row.a), quad(row.b), quad(row.c), quad(row.d), quad(row.e), quad(row.f), quad(row.g), quad(row.h));
}

fn load_dout(i: u32) -> Row {
  return Row(dout[i], dout[i + 1u], dout[i + 2u], dout[i + 3u], dout[i + 4u], dout[i + 5u], dout[i + 6u], dout[i + 7u]);
}

// scores - lse to weights.
fn weights(exponents: vec4f, visible: vec4<bool>) -> vec4f {
  return select(vec4f(), exp(clamp(exponents, vec4f(-80.0), vec4f())), visible);
}

fn delta(i: u32) -> f32 {
  var sum = 0.0;
  for (var j = i; j < i + 8u; j++) { sum += dot(dout[j], out[j]); }
  return sum;
}

fn store(t: u32, i: u32, row: Row) {
  if (t >= params.T) { return; }
  dqkv[i + 0u] = row.a;
  dqkv[i + 1u] = row.b;
  dqkv[i + 2u] = row.c;
  dqkv[i + 3u] = row.d;
  dqkv[i + 4u] = row.e;
  dqkv[i + 5u] = row.f;
  dqkv[i + 6u] = row.g;
  dqkv[i + 7u] = row.h;
}

// Where a query head's rows begin in qkv and in lse; where its keys' do, and how far behind them the values'; the invocation's
// place in the quad.
struct Place { first: u32, short: u32, key: u32, value: u32, lane: u32 }

// A row as a query: scaled, with its gradient, log-sum-exp and delta.
struct Query { t: u32, q: Row, g: Row, log_sum: f32, delta: f32 }

fn query(at: Place, t: u32) -> Query {
  let real = min(t, params.T - 1u);
  let row = at.short + real * params.H;
  let q = scaled(load(at.first + real * (params.q_row / 4u)), params.scale);
  return Query(t, q, load_dout(row * 8u), lse[row], delta(row * 8u));
}

fn add_key(sum: Row, own: Query, keys: Rows, values: Rows, at: vec4u) -> Row {
  let p = weights(dots(own.q, keys) - own.log_sum, at <= vec4u(own.t));
  return gather(sum, keys, p * (dots(own.g, values) - own.delta));
}

fn as_queries(at: Place, t0: u32, end: u32) {
  let last = params.T - 1u;
  let pitch = params.q_row / 4u;
  let kv_pitch = params.kv_row / 4u;
  let own0 = query(at, t0 + 0u);
  let own1 = query(at, t0 + 1u);
  let own2 = query(at, t0 + 2u);
  let own3 = query(at, t0 + 3u);
  var sum0 = Row();
  var sum1 = Row();
  var sum2 = Row();
  var sum3 = Row();
  for (var s = 0u; s < end; s += 4u) {
    let mine = at.key + min(s + at.lane, last) * kv_pitch;
    let keys = quads(load(mine));
    let values = quads(load(mine + at.value));
    let four = vec4u(s, s + 1u, s + 2u, s + 3u);
    sum0 = add_key(sum0, own0, keys, values, four);
    sum1 = add_key(sum1, own1, keys, values, four);
    sum2 = add_key(sum2, own2, keys, values, four);
    sum3 = add_key(sum3, own3, keys, values, four);
  }
  store(t0 + 0u, at.first + (t0 + 0u) * pitch, scaled(sum0, params.scale));
  store(t0 + 1u, at.first + (t0 + 1u) * pitch, scaled(sum1, params.scale));
  store(t0 + 2u, at.first + (t0 + 2u) * pitch, scaled(sum2, params.scale));
  store(t0 + 3u, at.first + (t0 + 3u) * pitch, scaled(sum3, params.scale));
}

// A row as a key and value: both, and what is gathered for them.
struct Key { t: u32, k: Row, v: Row, dk: Row, dv: Row }

fn key(at: Place, t: u32) -> Key {
  let i = at.key + min(t, params.T - 1u) * (params.kv_row / 4u);
  return Key(t, load(i), load(i + at.value), Row(), Row());
}

fn add_query(own: Key, q: Rows, g: Rows, log_sums: vec4f, deltas: vec4f, at: vec4u, real: vec4<bool>) -> Key {
  let p = weights(dots(own.k, q) - log_sums, real & (at >= vec4u(own.t)));
  let ds = p * (dots(own.v, g) - deltas);
  return Key(own.t, own.k, own.v, gather(own.dk, q, ds), gather(own.dv, g, p));
}

fn store_key(at: Place, own: Key) {
  let i = at.key + own.t * (params.kv_row / 4u);
  store(own.t, i, own.dk);
  store(own.t, i + at.value, own.dv);
}

// For all `sharing` query heads from the place's own on.
fn as_keys(at: Place, begin: u32, t0: u32, sharing: u32) {
  let last = params.T - 1u;
  let pitch = params.q_row / 4u;
  var own0 = key(at, t0);
  var own1 = key(at, t0 + 1u);
  for (var head = 0u; head < sharing; head++) {
    let first = at.first + head * params.q_head / 4u;
    for (var s = begin; s < params.T; s += 4u) {
      let mine = min(s + at.lane, last);
      let row = at.short + head + mine * params.H;
      let q = quads(scaled(load(first + mine * pitch), params.scale));
      let g = quads(load_dout(row * 8u));
      let both = transpose(quad(vec4f(lse[row], delta(row * 8u), 0.0, 0.0)));
      let four = vec4u(s, s + 1u, s + 2u, s + 3u);
      let real = four <= vec4u(last);
      own0 = add_query(own0, q, g, both[0], both[1], four, real);
      own1 = add_query(own1, q, g, both[0], both[1], four, real);
    }
  }
  store_key(at, own0);
  store_key(at, own1);
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
  let batch = i % heads / params.H;
  let h = i % heads % params.H;
  let key = key_rows(batch, kv_of(h)) / 4u;
  let value = value_rows(batch, kv_of(h)) / 4u - key;
  let at = Place(query_rows(batch, h) / 4u, batch * params.T * params.H + h, key, value, invocation & 3u);
  // The lane's first row.
  let t0 = block * 16u + local * 4u;
  as_queries(at, t0, min(block * 16u + 16u, params.T));
  let sharing = params.H / params.KV;
  if (h % sharing != 0u) { return; }
  as_keys(at, block * 16u, t0, sharing);
  as_keys(at, block * 16u, t0 + 2u, sharing);
}
