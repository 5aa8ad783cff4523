// Gradient of causal self-attention, for heads of width 8; the other rows loaded once for four lanes.
//
// p[t,s] = exp(scale q[t].k[s] - lse[t]), delta[t] = dout[t].out[t], ds[t,s] = scale p[t,s] (dout[t].v[s] - delta[t])
// dq[t] = sum_(s<=t) ds[t,s] k[s], dk[s] = sum_(t>=s) ds[t,s] q[t], dv[s] = sum_(t>=s) p[t,s] dout[t]
//
// qkv [G,B,T,H,3,8], out [G,B,T,H,8], lse [G,B,T,H], dout [G,B,T,H,8], dqkv [G,B,T,H,3,8].
// An invocation owns four neighboring rows of a head: first as queries (dq, over the keys before), then as keys (dk, dv,
// over the queries after). A workgroup is one quad and owns 16 rows; of every block of four other rows each lane loads one
// (../matmul/quad.wgsl). Right for any subgroup size.
// Deterministic: the other rows ascend in blocks of four.
// No T x T buffer; p comes from lse with its exponent clamped to [-80, 0].

struct Params {
  G: u32, B: u32, T: u32, H: u32, K: u32,
  scale: f32,
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

// Where a head's rows begin in qkv and in lse, the lane's first row, and its place in the quad.
struct Place { first: u32, short: u32, t0: u32, lane: u32 }

fn as_queries(at: Place, begin: u32, a: u32, b: u32, c: u32, d: u32) {
  let last = params.T - 1u;
  let pitch = params.H * 6u;
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
    let mine = at.first + min(s0 + at.lane, last) * pitch + 2u;
    let k0 = quad(qkv[mine]);
    let k1 = quad(qkv[mine + 1u]);
    let v0 = quad(qkv[mine + 2u]);
    let v1 = quad(qkv[mine + 3u]);
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

fn as_keys(at: Place, begin: u32, a: u32, b: u32, c: u32, d: u32) {
  let last = params.T - 1u;
  let pitch = params.H * 6u;
  let ak0 = params.scale * qkv[a + 2u]; let ak1 = params.scale * qkv[a + 3u];
  let av0 = qkv[a + 4u]; let av1 = qkv[a + 5u];
  let bk0 = params.scale * qkv[b + 2u]; let bk1 = params.scale * qkv[b + 3u];
  let bv0 = qkv[b + 4u]; let bv1 = qkv[b + 5u];
  let ck0 = params.scale * qkv[c + 2u]; let ck1 = params.scale * qkv[c + 3u];
  let cv0 = qkv[c + 4u]; let cv1 = qkv[c + 5u];
  let dk0 = params.scale * qkv[d + 2u]; let dk1 = params.scale * qkv[d + 3u];
  let dv0 = qkv[d + 4u]; let dv1 = qkv[d + 5u];
  var a0 = vec4f(); var a1 = vec4f(); var a2 = vec4f(); var a3 = vec4f();
  var b0 = vec4f(); var b1 = vec4f(); var b2 = vec4f(); var b3 = vec4f();
  var c0 = vec4f(); var c1 = vec4f(); var c2 = vec4f(); var c3 = vec4f();
  var d0 = vec4f(); var d1 = vec4f(); var d2 = vec4f(); var d3 = vec4f();
  for (var s0 = begin; s0 < params.T; s0 += 4u) {
    let s = min(s0 + at.lane, last);
    let mine = at.first + s * pitch;
    let row = at.short + s * params.H;
    let q0 = quad(qkv[mine]);
    let q1 = quad(qkv[mine + 1u]);
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
  store(at.t0 + 0u, a + 2u, params.scale * a0, params.scale * a1);
  store(at.t0 + 0u, a + 4u, a2, a3);
  store(at.t0 + 1u, b + 2u, params.scale * b0, params.scale * b1);
  store(at.t0 + 1u, b + 4u, b2, b3);
  store(at.t0 + 2u, c + 2u, params.scale * c0, params.scale * c1);
  store(at.t0 + 2u, c + 4u, c2, c3);
  store(at.t0 + 3u, d + 2u, params.scale * d0, params.scale * d1);
  store(at.t0 + 3u, d + 4u, d2, d3);
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
  // A row of qkv is 6 vec4 a head: q, k, v; a row of out and dout is 2.
  let pitch = params.H * 6u;
  let first = batch * params.T * pitch + h * 6u;
  let short = batch * params.T * params.H + h;
  let a = first + min(t0 + 0u, last) * pitch;
  let b = first + min(t0 + 1u, last) * pitch;
  let c = first + min(t0 + 2u, last) * pitch;
  let d = first + min(t0 + 3u, last) * pitch;
  as_queries(Place(first, short, t0, lane), block * 16u, a, b, c, d);
  as_keys(Place(first, short, t0, lane), block * 16u, a, b, c, d);
}
