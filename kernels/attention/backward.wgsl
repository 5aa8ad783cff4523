// Gradient of causal self-attention, for any size.
//
// p[t,s] = exp(scale q[t].k[s] - lse[t]), delta[t] = dout[t].out[t], ds[t,s] = scale p[t,s] (dout[t].v[s] - delta[t])
// dq[t] = sum_(s<=t) ds[t,s] k[s], dk[s] = sum_(t>=s) ds[t,s] q[t], dv[s] = sum_(t>=s) p[t,s] dout[t]
//
// qkv [G,B,T,H,3,K], out [G,B,T,H,K], lse [G,B,T,H], dout [G,B,T,H,K], dqkv [G,B,T,H,3,K], K at most 256.
// An invocation owns four neighboring rows of a head: first as queries (dq, over the keys before), then as keys (dk, dv,
// over the queries after). So all of a row of dqkv has one writer, and scores are computed twice. Neighboring invocations
// own the same rows of neighboring heads. A workgroup is 32 invocations.
// Deterministic: the other rows ascend in blocks of four.
// No T x T buffer; p comes from lse with its exponent clamped to [-80, 0].

struct Params {
  G: u32, B: u32, T: u32, H: u32, K: u32,
  scale: f32,
}

@group(0) @binding(0) var<storage, read> qkv: array<f32>;
@group(0) @binding(1) var<storage, read> out: array<f32>;
@group(0) @binding(2) var<storage, read> lse: array<f32>;
@group(0) @binding(3) var<storage, read> dout: array<f32>;
@group(0) @binding(4) var<storage, read_write> dqkv: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

const QUARTERS = 64u; // of the widest head
var<private> acc: array<vec4f, 256>; // [row][quarter]
var<private> more: array<vec4f, 256>;

// Four places behind i, clamped to a row's last element, and whether they lie in the row.
fn places(row: u32, c: u32) -> vec4u {
  return vec4u(row) + min(vec4u(c) + vec4u(0u, 1u, 2u, 3u), vec4u(params.K - 1u));
}

fn inside(c: u32) -> vec4<bool> {
  return vec4u(c) + vec4u(0u, 1u, 2u, 3u) < vec4u(params.K);
}

fn load(row: u32, c: u32) -> vec4f {
  let i = places(row, c);
  return select(vec4f(), vec4f(qkv[i.x], qkv[i.y], qkv[i.z], qkv[i.w]), inside(c));
}

fn load_dout(row: u32, c: u32) -> vec4f {
  let i = places(row, c);
  return select(vec4f(), vec4f(dout[i.x], dout[i.y], dout[i.z], dout[i.w]), inside(c));
}

fn load_out(row: u32, c: u32) -> vec4f {
  let i = places(row, c);
  return select(vec4f(), vec4f(out[i.x], out[i.y], out[i.z], out[i.w]), inside(c));
}

fn delta(row: u32) -> f32 {
  var total = 0.0;
  for (var e = 0u; e < params.K; e += 4u) { total += dot(load_dout(row, e), load_out(row, e)); }
  return total;
}

fn weights(scores: vec4f, lse: vec4f, visible: vec4<bool>) -> vec4f {
  return select(vec4f(), exp(clamp(params.scale * scores - lse, vec4f(-80.0), vec4f())), visible);
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
  let pitch = params.H * 3u * K;
  let first = batch * params.T * pitch + h * 3u * K;
  // Row t of lse; times K, of out and dout.
  let short = batch * params.T * params.H + h;
  let steps = vec4u(0u, 1u, 2u, 3u);
  let last = vec4u(params.T - 1u);
  let rows = min(vec4u(t0) + steps, last);
  let own = vec4u(first) + rows * pitch;
  let own_short = vec4u(short) + rows * params.H;
  let own_out = own_short * K;

  // As queries.
  let own_lse = vec4f(lse[own_short.x], lse[own_short.y], lse[own_short.z], lse[own_short.w]);
  let own_delta = vec4f(delta(own_out.x), delta(own_out.y), delta(own_out.z), delta(own_out.w));
  clear();
  for (var s0 = 0u; s0 <= t0; s0 += 4u) {
    let keys = vec4u(s0) + steps;
    let other = vec4u(first) + min(keys, last) * pitch;
    var a = vec4f(); var b = vec4f(); var c = vec4f(); var d = vec4f();
    var da = vec4f(); var db = vec4f(); var dc = vec4f(); var dd = vec4f();
    for (var e = 0u; e < K; e += 4u) {
      let k = other + vec4u(K);
      let block = mat4x4f(load(k.x, e), load(k.y, e), load(k.z, e), load(k.w, e));
      a += load(own.x, e) * block;
      b += load(own.y, e) * block;
      c += load(own.z, e) * block;
      d += load(own.w, e) * block;
      let v = other + vec4u(2u * K);
      let values = mat4x4f(load(v.x, e), load(v.y, e), load(v.z, e), load(v.w, e));
      da += load_dout(own_out.x, e) * values;
      db += load_dout(own_out.y, e) * values;
      dc += load_dout(own_out.z, e) * values;
      dd += load_dout(own_out.w, e) * values;
    }
    a = params.scale * weights(a, vec4f(own_lse.x), keys <= vec4u(t0)) * (da - own_delta.x);
    b = params.scale * weights(b, vec4f(own_lse.y), keys <= vec4u(t0 + 1u)) * (db - own_delta.y);
    c = params.scale * weights(c, vec4f(own_lse.z), keys <= vec4u(t0 + 2u)) * (dc - own_delta.z);
    d = params.scale * weights(d, vec4f(own_lse.w), keys <= vec4u(t0 + 3u)) * (dd - own_delta.w);
    for (var e = 0u; e < K; e += 4u) {
      let k = other + vec4u(K);
      let block = mat4x4f(load(k.x, e), load(k.y, e), load(k.z, e), load(k.w, e));
      let j = e / 4u;
      acc[j] += block * a;
      acc[j + QUARTERS] += block * b;
      acc[j + 2u * QUARTERS] += block * c;
      acc[j + 3u * QUARTERS] += block * d;
    }
  }
  let count = min(4u, params.T - t0);
  for (var r = 0u; r < count; r++) {
    for (var e = 0u; e < K; e++) { dqkv[own[r] + e] = acc[r * QUARTERS + e / 4u][e % 4u]; }
  }

  // As keys.
  clear();
  for (var s0 = t0; s0 < params.T; s0 += 4u) {
    let queries = vec4u(s0) + steps;
    let real = queries <= last;
    let clamped = min(queries, last);
    let other = vec4u(first) + clamped * pitch;
    let other_short = vec4u(short) + clamped * params.H;
    let other_out = other_short * K;
    var a = vec4f(); var b = vec4f(); var c = vec4f(); var d = vec4f();
    var da = vec4f(); var db = vec4f(); var dc = vec4f(); var dd = vec4f();
    var deltas = vec4f();
    for (var e = 0u; e < K; e += 4u) {
      let block = mat4x4f(load(other.x, e), load(other.y, e), load(other.z, e), load(other.w, e));
      let k = own + vec4u(K);
      a += load(k.x, e) * block;
      b += load(k.y, e) * block;
      c += load(k.z, e) * block;
      d += load(k.w, e) * block;
      let o = other_out;
      let gradients = mat4x4f(load_dout(o.x, e), load_dout(o.y, e), load_dout(o.z, e), load_dout(o.w, e));
      let v = own + vec4u(2u * K);
      da += load(v.x, e) * gradients;
      db += load(v.y, e) * gradients;
      dc += load(v.z, e) * gradients;
      dd += load(v.w, e) * gradients;
      deltas += vec4f(
        dot(gradients[0], load_out(o.x, e)),
        dot(gradients[1], load_out(o.y, e)),
        dot(gradients[2], load_out(o.z, e)),
        dot(gradients[3], load_out(o.w, e)),
      );
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
    for (var e = 0u; e < K; e += 4u) {
      let block = mat4x4f(load(other.x, e), load(other.y, e), load(other.z, e), load(other.w, e));
      let o = other_out;
      let gradients = mat4x4f(load_dout(o.x, e), load_dout(o.y, e), load_dout(o.z, e), load_dout(o.w, e));
      let j = e / 4u;
      acc[j] += block * da;
      acc[j + QUARTERS] += block * db;
      acc[j + 2u * QUARTERS] += block * dc;
      acc[j + 3u * QUARTERS] += block * dd;
      more[j] += gradients * a;
      more[j + QUARTERS] += gradients * b;
      more[j + 2u * QUARTERS] += gradients * c;
      more[j + 3u * QUARTERS] += gradients * d;
    }
  }
  for (var r = 0u; r < count; r++) {
    for (var e = 0u; e < K; e++) {
      dqkv[own[r] + K + e] = acc[r * QUARTERS + e / 4u][e % 4u];
      dqkv[own[r] + 2u * K + e] = more[r * QUARTERS + e / 4u][e % 4u];
    }
  }
}

fn clear() {
  for (var r = 0u; r < 4u; r++) {
    for (var j = 0u; j < (params.K + 3u) / 4u; j++) {
      acc[r * QUARTERS + j] = vec4f();
      more[r * QUARTERS + j] = vec4f();
    }
  }
}
