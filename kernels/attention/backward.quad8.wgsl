// Gradient of causal self-attention, for heads of width 8; the other rows loaded once for four lanes.
//
// p[t,s] = exp(scale q[t].k[s] - lse[t]), delta[t] = dout[t].out[t], ds[t,s] = scale p[t,s] (dout[t].v[s] - delta[t])
// dq[t] = sum_(s<=t) ds[t,s] k[s], dk[s] = sum_(t>=s) ds[t,s] q[t], dv[s] = sum_(t>=s) p[t,s] dout[t]
//
// qkv [S]: q [..,H,8], k and v [..,KV,8] as ../common/heads.ts lays them; out [G,B,T,H,8], lse [G,B,T,H],
// dout [G,B,T,H,8], dqkv [S] as qkv.
// An invocation owns four neighboring rows of a head: first as queries (dq, over the keys before), then as keys (dk, dv,
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

// scores - lse to weights.
fn weights(exponents: vec4f, visible: vec4<bool>) -> vec4f {
  return select(vec4f(), exp(clamp(exponents, vec4f(-80.0), vec4f())), visible);
}

fn delta(row: u32) -> f32 {
  return dot(dout[row], out[row]) + dot(dout[row + 1u], out[row + 1u]);
}

fn store(t: u32, row: u32, low: vec4f, high: vec4f) {
  if (t >= params.T) { return; }
  dqkv[row] = low;
  dqkv[row + 1u] = high;
}

// Where a query head's rows begin in qkv and in lse; where its keys' do, how far behind them the values', and the row pitch of
// both; the lane's first row, and its place in the quad.
struct Place { first: u32, short: u32, key: u32, value: u32, pitch: u32, t0: u32, lane: u32 }

fn as_queries(at: Place, begin: u32) {
  let last = params.T - 1u;
  let q_pitch = params.q_row / 4u;
  let a = at.first + min(at.t0 + 0u, last) * q_pitch;
  let b = at.first + min(at.t0 + 1u, last) * q_pitch;
  let c = at.first + min(at.t0 + 2u, last) * q_pitch;
  let d = at.first + min(at.t0 + 3u, last) * q_pitch;
  let arow = at.short + min(at.t0 + 0u, last) * params.H;
  let aq0 = params.scale * qkv[a]; let aq1 = params.scale * qkv[a + 1u];
  let ag0 = dout[arow * 2u]; let ag1 = dout[arow * 2u + 1u];
  let brow = at.short + min(at.t0 + 1u, last) * params.H;
  let bq0 = params.scale * qkv[b]; let bq1 = params.scale * qkv[b + 1u];
  let bg0 = dout[brow * 2u]; let bg1 = dout[brow * 2u + 1u];
  let crow = at.short + min(at.t0 + 2u, last) * params.H;
  let cq0 = params.scale * qkv[c]; let cq1 = params.scale * qkv[c + 1u];
  let cg0 = dout[crow * 2u]; let cg1 = dout[crow * 2u + 1u];
  let drow = at.short + min(at.t0 + 3u, last) * params.H;
  let dq0 = params.scale * qkv[d]; let dq1 = params.scale * qkv[d + 1u];
  let dg0 = dout[drow * 2u]; let dg1 = dout[drow * 2u + 1u];
  let logs = vec4f(lse[arow], lse[brow], lse[crow], lse[drow]);
  let deltas = vec4f(delta(arow * 2u), delta(brow * 2u), delta(crow * 2u), delta(drow * 2u));
  var a0 = vec4f(); var a1 = vec4f();
  var b0 = vec4f(); var b1 = vec4f();
  var c0 = vec4f(); var c1 = vec4f();
  var d0 = vec4f(); var d1 = vec4f();
  for (var s0 = 0u; s0 < min(begin + 16u, params.T); s0 += 4u) {
    let mine = at.key + min(s0 + at.lane, last) * at.pitch;
    let k0 = quad(qkv[mine]);
    let k1 = quad(qkv[mine + 1u]);
    let v0 = quad(qkv[mine + at.value]);
    let v1 = quad(qkv[mine + at.value + 1u]);
    let keys = vec4u(s0, s0 + 1u, s0 + 2u, s0 + 3u);
    let ap = weights(aq0 * k0 + aq1 * k1 - logs.x, keys <= vec4u(at.t0 + 0u));
    let ds_a = ap * (ag0 * v0 + ag1 * v1 - deltas.x);
    a0 += k0 * ds_a; a1 += k1 * ds_a;
    let bp = weights(bq0 * k0 + bq1 * k1 - logs.y, keys <= vec4u(at.t0 + 1u));
    let ds_b = bp * (bg0 * v0 + bg1 * v1 - deltas.y);
    b0 += k0 * ds_b; b1 += k1 * ds_b;
    let cp = weights(cq0 * k0 + cq1 * k1 - logs.z, keys <= vec4u(at.t0 + 2u));
    let ds_c = cp * (cg0 * v0 + cg1 * v1 - deltas.z);
    c0 += k0 * ds_c; c1 += k1 * ds_c;
    let dp = weights(dq0 * k0 + dq1 * k1 - logs.w, keys <= vec4u(at.t0 + 3u));
    let ds_d = dp * (dg0 * v0 + dg1 * v1 - deltas.w);
    d0 += k0 * ds_d; d1 += k1 * ds_d;
  }
  store(at.t0 + 0u, a, params.scale * a0, params.scale * a1);
  store(at.t0 + 1u, b, params.scale * b0, params.scale * b1);
  store(at.t0 + 2u, c, params.scale * c0, params.scale * c1);
  store(at.t0 + 3u, d, params.scale * d0, params.scale * d1);
}

// For all `sharing` query heads from the place's own on.
fn as_keys(at: Place, begin: u32, sharing: u32) {
  let last = params.T - 1u;
  let q_pitch = params.q_row / 4u;
  let a = at.key + min(at.t0 + 0u, last) * at.pitch;
  let b = at.key + min(at.t0 + 1u, last) * at.pitch;
  let c = at.key + min(at.t0 + 2u, last) * at.pitch;
  let d = at.key + min(at.t0 + 3u, last) * at.pitch;
  let ak0 = qkv[a]; let ak1 = qkv[a + 1u];
  let av0 = qkv[a + at.value]; let av1 = qkv[a + at.value + 1u];
  let bk0 = qkv[b]; let bk1 = qkv[b + 1u];
  let bv0 = qkv[b + at.value]; let bv1 = qkv[b + at.value + 1u];
  let ck0 = qkv[c]; let ck1 = qkv[c + 1u];
  let cv0 = qkv[c + at.value]; let cv1 = qkv[c + at.value + 1u];
  let dk0 = qkv[d]; let dk1 = qkv[d + 1u];
  let dv0 = qkv[d + at.value]; let dv1 = qkv[d + at.value + 1u];
  var a0 = vec4f(); var a1 = vec4f(); var a2 = vec4f(); var a3 = vec4f();
  var b0 = vec4f(); var b1 = vec4f(); var b2 = vec4f(); var b3 = vec4f();
  var c0 = vec4f(); var c1 = vec4f(); var c2 = vec4f(); var c3 = vec4f();
  var d0 = vec4f(); var d1 = vec4f(); var d2 = vec4f(); var d3 = vec4f();
  for (var head = 0u; head < sharing; head++) {
    let first = at.first + head * params.q_head / 4u;
    for (var s0 = begin; s0 < params.T; s0 += 4u) {
      let s = min(s0 + at.lane, last);
      let mine = first + s * q_pitch;
      let row = at.short + head + s * params.H;
      let q0 = quad(params.scale * qkv[mine]);
      let q1 = quad(params.scale * qkv[mine + 1u]);
      let g0 = quad(dout[row * 2u]);
      let g1 = quad(dout[row * 2u + 1u]);
      let both = transpose(quad(vec4f(lse[row], delta(row * 2u), 0.0, 0.0)));
      let queries = vec4u(s0, s0 + 1u, s0 + 2u, s0 + 3u);
      let real = queries <= vec4u(last);
      let ap = weights(ak0 * q0 + ak1 * q1 - both[0], real & (queries >= vec4u(at.t0 + 0u)));
      let ds_a = ap * (av0 * g0 + av1 * g1 - both[1]);
      a0 += q0 * ds_a; a1 += q1 * ds_a; a2 += g0 * ap; a3 += g1 * ap;
      let bp = weights(bk0 * q0 + bk1 * q1 - both[0], real & (queries >= vec4u(at.t0 + 1u)));
      let ds_b = bp * (bv0 * g0 + bv1 * g1 - both[1]);
      b0 += q0 * ds_b; b1 += q1 * ds_b; b2 += g0 * bp; b3 += g1 * bp;
      let cp = weights(ck0 * q0 + ck1 * q1 - both[0], real & (queries >= vec4u(at.t0 + 2u)));
      let ds_c = cp * (cv0 * g0 + cv1 * g1 - both[1]);
      c0 += q0 * ds_c; c1 += q1 * ds_c; c2 += g0 * cp; c3 += g1 * cp;
      let dp = weights(dk0 * q0 + dk1 * q1 - both[0], real & (queries >= vec4u(at.t0 + 3u)));
      let ds_d = dp * (dv0 * g0 + dv1 * g1 - both[1]);
      d0 += q0 * ds_d; d1 += q1 * ds_d; d2 += g0 * dp; d3 += g1 * dp;
    }
  }
  store(at.t0 + 0u, a, a0, a1);
  store(at.t0 + 0u, a + at.value, a2, a3);
  store(at.t0 + 1u, b, b0, b1);
  store(at.t0 + 1u, b + at.value, b2, b3);
  store(at.t0 + 2u, c, c0, c1);
  store(at.t0 + 2u, c + at.value, c2, c3);
  store(at.t0 + 3u, d, d0, d1);
  store(at.t0 + 3u, d + at.value, d2, d3);
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
  // The lane's first row.
  let t0 = block * 16u + local * 4u;
  let short = batch * params.T * params.H + h;
  let key = key_rows(batch, kv_of(h)) / 4u;
  let value = value_rows(batch, kv_of(h)) / 4u - key;
  let at = Place(query_rows(batch, h) / 4u, short, key, value, params.kv_row / 4u, t0, lane);
  as_queries(at, block * 16u);
  let sharing = params.H / params.KV;
  if (h % sharing == 0u) { as_keys(at, block * 16u, sharing); }
}
