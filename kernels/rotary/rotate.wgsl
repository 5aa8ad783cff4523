// Rotary position embedding of queries and keys, and its inverse.
//
// For q and k, i < Rt/2, angle a = t base^(-2i/Rt):
//   out[i]        = cos(a) x[i] - sign sin(a) x[i + Rt/2]
//   out[i + Rt/2] = cos(a) x[i + Rt/2] + sign sin(a) x[i]
// Values, and elements from Rt on, are copied. sign 1 turns forward; -1 turns back, which is also the gradient.
//
// qkv [S]: q [.., H, K], k and v [.., KV, K] as ../common/heads.ts lays them; table [T, Rt] (Rt/2 cosines, then Rt/2 sines),
// out [S] as qkv; Rt is even and at most K.
// An invocation owns one element, a workgroup 64 neighbors.
// Deterministic: no sums.
// The table comes from the host in f64: f32 sines of large angles are poor.

struct Params {
  G: u32, B: u32, T: u32, H: u32, KV: u32, K: u32, Rt: u32,
  sign: f32,
  q_first: u32, q_row: u32, q_head: u32, k_first: u32, v_first: u32, kv_row: u32, kv_head: u32,
}

@group(0) @binding(0) var<storage, read> qkv: array<f32>;
@group(0) @binding(1) var<storage, read> table: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  // z is the group: index counts within it.
  let sharing = params.H / params.KV;
  // The query heads that share a key and value head come before it: as they lie where each has its own.
  let heads = sharing + 2u;
  let rows = params.B * params.T;
  if (index >= rows * params.KV * heads * params.K) { return; }
  let head = index / params.K;
  let k = index - head * params.K;
  let kv = head / heads % params.KV;
  let part = head % heads;
  let row = head / (heads * params.KV);
  let place = id.z * rows + row;
  let query = params.q_first + place * params.q_row + (kv * sharing + part) * params.q_head;
  let key = select(params.v_first, params.k_first, part == sharing) + place * params.kv_row + kv * params.kv_head;
  let i = select(key, query, part < sharing) + k;
  var value = qkv[i];
  if (part <= sharing && k < params.Rt) {
    let half = params.Rt / 2u;
    let angles = row % params.T * params.Rt;
    let first = k < half;
    let pair = select(k - half, k, first);
    let other = qkv[select(i - half, i + half, first)];
    value = table[angles + pair] * value + select(params.sign, -params.sign, first) * table[angles + half + pair] * other;
  }
  out[i] = value;
}
