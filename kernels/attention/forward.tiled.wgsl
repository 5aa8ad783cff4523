// Causal self-attention with an online softmax, tiled through workgroup memory, for GPUs.
//
// p[t,s] = exp(scale q[t].k[s] - lse[t]) for s <= t, lse[t] = log sum_(s<=t) exp(scale q[t].k[s]), out[t] = sum_s p[t,s] v[s]
//
// qkv [S]: q [..,H,K], k and v [..,KV,K] as ../common/heads.ts lays them; out [G,B,T,H,K], lse [G,B,T,H], K at most 256.
// A workgroup owns 16 rows t of a head and walks the keys in blocks of 16, the head's width in slices of 32. Of its 64
// invocations four share a row: each owns four of a block's scores and eight outputs of every slice.
// Deterministic: keys ascend in blocks of 16; a row's four parts are added in their order.
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
const TILE = 528u; // [16][33]: the odd pitch keeps rows off one memory bank

var<workgroup> tiles: array<f32, 1056>; // two tiles
var<workgroup> weights: array<f32, 272>; // [16][17]
var<workgroup> parts: array<f32, 64>;

// Slice c of 16 rows from t on, of a head that begins at `first` and whose rows lie `pitch` apart, times `factor`. Zeros past the ends.
fn fill(tile: u32, local: u32, first: u32, pitch: u32, t: u32, c: u32, factor: f32) {
  for (var i = local; i < 512u; i += 64u) {
    let row = t + i / 32u;
    let e = c + i % 32u;
    var v = 0.0;
    if (row < params.T && e < params.K) { v = factor * qkv[first + row * pitch + e]; }
    tiles[tile * TILE + i / 32u * 33u + i % 32u] = v;
  }
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
  let batch = head / params.H;
  let h = head % params.H;
  let query = query_rows(batch, h);
  let key = key_rows(batch, kv_of(h));
  let value = value_rows(batch, kv_of(h));
  let r = local / 4u;
  let u = local % 4u;
  let t = begin + r;
  var top = LOWEST;
  var total = 0.0;
  var acc = array<vec4f, 16>();
  for (var s0 = 0u; s0 <= begin; s0 += 16u) {
    var scores = vec4f();
    for (var c = 0u; c < params.K; c += 32u) {
      fill(0u, local, query, params.q_row, begin, c, params.scale);
      fill(1u, local, key, params.kv_row, s0, c, 1.0);
      workgroupBarrier();
      for (var e = 0u; e < 32u; e++) {
        let k = TILE + u * 33u + e;
        scores += tiles[r * 33u + e] * vec4f(tiles[k], tiles[k + 132u], tiles[k + 264u], tiles[k + 396u]);
      }
      workgroupBarrier();
    }
    let visible = vec4u(s0 + u) + vec4u(0u, 4u, 8u, 12u) <= vec4u(t);
    scores = select(vec4f(LOWEST), scores, visible);
    parts[local] = max(max(scores.x, scores.y), max(scores.z, scores.w));
    workgroupBarrier();
    // Key s0 is visible to every row of the block, so the maximum is a score.
    let before = top;
    top = max(max(top, parts[r * 4u]), max(max(parts[r * 4u + 1u], parts[r * 4u + 2u]), parts[r * 4u + 3u]));
    let fade = exp(max(before - top, -80.0));
    let p = select(vec4f(), exp(max(scores - top, vec4f(-80.0))), visible);
    for (var j = 0u; j < 4u; j++) { weights[r * 17u + u + j * 4u] = p[j]; }
    workgroupBarrier();
    parts[local] = p.x + p.y + p.z + p.w;
    workgroupBarrier();
    total = total * fade + (parts[r * 4u] + parts[r * 4u + 1u] + parts[r * 4u + 2u] + parts[r * 4u + 3u]);
    for (var c = 0u; c < 8u; c++) {
      if (c * 32u >= params.K) { break; }
      fill(1u, local, value, params.kv_row, s0, c * 32u, 1.0);
      workgroupBarrier();
      var low = vec4f();
      var high = vec4f();
      for (var j = 0u; j < 16u; j++) {
        let w = weights[r * 17u + j];
        let v = TILE + j * 33u + u * 8u;
        low += w * vec4f(tiles[v], tiles[v + 1u], tiles[v + 2u], tiles[v + 3u]);
        high += w * vec4f(tiles[v + 4u], tiles[v + 5u], tiles[v + 6u], tiles[v + 7u]);
      }
      acc[c * 2u] = acc[c * 2u] * fade + low;
      acc[c * 2u + 1u] = acc[c * 2u + 1u] * fade + high;
      workgroupBarrier();
    }
  }
  if (t >= params.T) { return; }
  let row = (batch * params.T + t) * params.H + h;
  for (var c = 0u; c < 8u; c++) {
    for (var j = 0u; j < 8u; j++) {
      let e = c * 32u + u * 8u + j;
      if (e < params.K) { out[row * params.K + e] = acc[c * 2u + j / 4u][j % 4u] / total; }
    }
  }
  if (u == 0u) { lse[row] = top + log(total); }
}
