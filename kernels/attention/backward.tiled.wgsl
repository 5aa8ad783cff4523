// Gradient of causal self-attention, tiled through workgroup memory, for GPUs.
//
// p[t,s] = exp(scale q[t].k[s] - lse[t]), delta[t] = dout[t].out[t], ds[t,s] = scale p[t,s] (dout[t].v[s] - delta[t])
// dq[t] = sum_(s<=t) ds[t,s] k[s], dk[s] = sum_(t>=s) ds[t,s] q[t], dv[s] = sum_(t>=s) p[t,s] dout[t]
//
// qkv [S]: q [..,H,K], k and v [..,KV,K] as ../common/heads.ts lays them; out [G,B,T,H,K], lse [G,B,T,H],
// dout [G,B,T,H,K], dqkv [S] as qkv; K at most 256.
// A workgroup owns 16 rows of a head: first as queries (dq, over the keys before), then as keys (dk, dv, over the queries
// after, of every query head that shares them), in blocks of 16 other rows and slices of 32 of the head's width. Of its 64
// invocations four share a row: each owns four scores of a block and eight outputs of every slice.
// Deterministic: the other rows ascend in blocks of 16.
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

const TILE = 528u; // [16][33]: the odd pitch keeps rows off one memory bank
const Q = 0u;
const KEY = 1u;
const V = 2u;
const DOUT = 3u;

var<workgroup> tiles: array<f32, 2112>; // own q or k, other k or q, own dout or v, other v or dout
var<workgroup> gradients: array<f32, 272>; // ds, [16][17]
var<workgroup> weights: array<f32, 272>; // p
var<workgroup> parts: array<f32, 64>;

// The place of a row in lse; times K, in out and dout.
fn short(head: u32, t: u32) -> u32 {
  return (head / params.H * params.T + t) * params.H + head % params.H;
}

// The place of a row of part Q, KEY or V of a query head in qkv.
fn place(head: u32, part: u32, t: u32) -> u32 {
  let batch = head / params.H;
  let h = head % params.H;
  if (part == Q) { return query_rows(batch, h) + t * params.q_row; }
  return select(key_rows(batch, kv_of(h)), value_rows(batch, kv_of(h)), part == V) + t * params.kv_row;
}

// Slice c of 16 rows from t on, queries scaled; zeros past the ends.
fn fill(tile: u32, local: u32, head: u32, t: u32, part: u32, c: u32) {
  let gradient = part == DOUT;
  let first = select(place(head, part, 0u), short(head, 0u) * params.K, gradient);
  let pitch = select(select(params.kv_row, params.q_row, part == Q), params.H * params.K, gradient);
  let factor = select(1.0, params.scale, part == Q);
  for (var i = local; i < 512u; i += 64u) {
    let row = t + i / 32u;
    let e = c + i % 32u;
    var v = 0.0;
    if (row < params.T && e < params.K) {
      let at = first + row * pitch + e;
      if (gradient) { v = dout[at]; } else { v = factor * qkv[at]; }
    }
    tiles[tile * TILE + i / 32u * 33u + i % 32u] = v;
  }
}

// Leaves in `parts` a quarter each of the deltas of 16 rows from t on.
fn start_deltas(local: u32, head: u32, t: u32) {
  let row = t + local / 4u;
  var sum = 0.0;
  if (row < params.T) {
    let place = short(head, row) * params.K;
    for (var e = local % 4u; e < params.K; e += 4u) { sum += dout[place + e] * out[place + e]; }
  }
  parts[local] = sum;
}

fn delta(row: u32) -> f32 {
  return parts[row * 4u] + parts[row * 4u + 1u] + parts[row * 4u + 2u] + parts[row * 4u + 3u];
}

// Adds a slice to scores of row r with the rows u, u + 4, u + 8, u + 12 of the other tile, element by element, as the forward pass does.
fn products(before: vec4f, own: u32, other: u32, r: u32, u: u32) -> vec4f {
  var sum = before;
  for (var e = 0u; e < 32u; e++) {
    let k = other * TILE + u * 33u + e;
    sum += tiles[own * TILE + r * 33u + e] * vec4f(tiles[k], tiles[k + 132u], tiles[k + 264u], tiles[k + 396u]);
  }
  return sum;
}

// Products of row r with the rows u, u + 4, u + 8, u + 12 of the other tile, summed in four turns, as `parts` has deltas: where a row of
// out is a value to the bit, its delta is their product to the bit.
fn add_products(sums: ptr<function, array<vec4f, 4>>, own: u32, other: u32, r: u32, u: u32) {
  for (var e = 0u; e < 32u; e += 4u) {
    let i = own * TILE + r * 33u + e;
    let k = other * TILE + u * 33u + e;
    for (var j = 0u; j < 4u; j++) {
      let a = k + j;
      (*sums)[j] += tiles[i + j] * vec4f(tiles[a], tiles[a + 132u], tiles[a + 264u], tiles[a + 396u]);
    }
  }
}

fn eight(tile: u32, row: u32, u: u32, half: u32) -> vec4f {
  let v = tile * TILE + row * 33u + u * 8u + half * 4u;
  return vec4f(tiles[v], tiles[v + 1u], tiles[v + 2u], tiles[v + 3u]);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let heads = params.G * params.B * params.H;
  let i = group.x + group.y * groups.x;
  let head = i % heads;
  let begin = i / heads * 16u;
  if (begin >= params.T) { return; }
  let r = local / 4u;
  let u = local % 4u;
  let t = begin + r;
  let own_lse = lse[short(head, min(t, params.T - 1u))];
  start_deltas(local, head, begin);
  workgroupBarrier();
  let own_delta = delta(r);
  workgroupBarrier();
  var acc = array<vec4f, 16>();
  var more = array<vec4f, 16>();
  // Blocks 0 to begin/16 with the own rows as queries, then begin/16 to the last with the own rows as keys, once for every query head
  // that shares them: the first of these does it.
  let turn = begin / 16u + 1u;
  let after = (params.T + 15u) / 16u - begin / 16u;
  let sharing = select(0u, params.H / params.KV, head % (params.H / params.KV) == 0u);
  for (var block = 0u; block < turn + after * sharing; block++) {
    let as_keys = block >= turn;
    let s0 = select(block, begin / 16u + (block - turn) % after, as_keys) * 16u;
    // The head of the queries.
    let asking = select(head, head + (block - turn) / after, as_keys);
    if (block == turn) {
      write(Q, head, t, u, params.scale, &acc);
      acc = array<vec4f, 16>();
    }
    if (as_keys) { start_deltas(local, asking, s0); }
    var scores = vec4f();
    var turns = array<vec4f, 4>();
    for (var c = 0u; c < params.K; c += 32u) {
      fill(0u, local, head, begin, select(Q, KEY, as_keys), c);
      fill(1u, local, asking, s0, select(KEY, Q, as_keys), c);
      fill(2u, local, head, begin, select(DOUT, V, as_keys), c);
      fill(3u, local, asking, s0, select(V, DOUT, as_keys), c);
      workgroupBarrier();
      scores = products(scores, 0u, 1u, r, u);
      add_products(&turns, 2u, 3u, r, u);
      workgroupBarrier();
    }
    let pulls = turns[0] + turns[1] + turns[2] + turns[3];
    for (var j = 0u; j < 4u; j++) {
      let other = u + j * 4u;
      let s = s0 + other;
      let seen = select(s <= t, s >= t && s < params.T, as_keys);
      let sum = select(own_lse, lse[short(asking, min(s, params.T - 1u))], as_keys);
      let p = select(0.0, exp(clamp(scores[j] - sum, -80.0, 0.0)), seen);
      weights[r * 17u + other] = p;
      gradients[r * 17u + other] = p * (pulls[j] - select(own_delta, delta(other), as_keys));
    }
    workgroupBarrier();
    for (var c = 0u; c < 8u; c++) {
      if (c * 32u >= params.K) { break; }
      fill(1u, local, asking, s0, select(KEY, Q, as_keys), c * 32u);
      if (as_keys) { fill(3u, local, asking, s0, DOUT, c * 32u); }
      workgroupBarrier();
      // A block's terms are summed by themselves first, for one rounding less a term in long sums.
      var low = vec4f();
      var high = vec4f();
      for (var j = 0u; j < 16u; j++) {
        let ds = gradients[r * 17u + j];
        low += ds * eight(1u, j, u, 0u);
        high += ds * eight(1u, j, u, 1u);
      }
      acc[c * 2u] += low;
      acc[c * 2u + 1u] += high;
      if (as_keys) {
        low = vec4f();
        high = vec4f();
        for (var j = 0u; j < 16u; j++) {
          let p = weights[r * 17u + j];
          low += p * eight(3u, j, u, 0u);
          high += p * eight(3u, j, u, 1u);
        }
        more[c * 2u] += low;
        more[c * 2u + 1u] += high;
      }
      workgroupBarrier();
    }
  }
  if (sharing == 0u) {
    write(Q, head, t, u, params.scale, &acc);
    return;
  }
  write(KEY, head, t, u, 1.0, &acc);
  write(V, head, t, u, 1.0, &more);
}

fn write(part: u32, head: u32, t: u32, u: u32, factor: f32, values: ptr<function, array<vec4f, 16>>) {
  if (t >= params.T) { return; }
  for (var c = 0u; c < 8u; c++) {
    for (var j = 0u; j < 8u; j++) {
      let e = c * 32u + u * 8u + j;
      if (e < params.K) { dqkv[place(head, part, t) + e] = factor * (*values)[c * 2u + j / 4u][j % 4u]; }
    }
  }
}
