// Rotary position embedding of queries and keys, and its inverse.
//
// For q and k, i < Rt/2, angle a = t base^(-2i/Rt):
//   out[i]        = cos(a) x[i] - sign sin(a) x[i + Rt/2]
//   out[i + Rt/2] = cos(a) x[i + Rt/2] + sign sin(a) x[i]
// Values, and elements from Rt on, are copied. sign 1 turns forward; -1 turns back, which is also the gradient.
//
// qkv [S]: q [.., H, K], k and v [.., KV, K] as ../common/heads.ts lays them; table [T, Rt] (Rt/2 cosines, then Rt/2 sines),
// out [S] as qkv; Rt is even and at most K.
// An invocation owns two elements of a head, the two that are turned together or two that are copied; a workgroup 64 neighbors.
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
  // z is the group: index counts within it. A row's heads are counted queries first, then keys, then values.
  let rows = params.B * params.T;
  let heads = params.H + 2u * params.KV;
  let pairs = (params.K + 1u) / 2u;
  if (index >= rows * heads * pairs) { return; }
  let place = index / pairs;
  let pair = index - place * pairs;
  let row = place / heads;
  let h = place - row * heads;
  let query = h < params.H;
  let key = h < params.H + params.KV;
  let first = select(select(params.v_first, params.k_first, key), params.q_first, query);
  let head = h - select(select(params.H + params.KV, params.H, key), 0u, query);
  let start = first + (id.z * rows + row) * select(params.kv_row, params.q_row, query)
    + head * select(params.kv_head, params.q_head, query);
  let half = params.Rt / 2u;
  let turned = key & (pair < half);
  let i = start + select(2u * pair, pair, turned);
  let j = i + select(1u, half, turned);
  var low = qkv[i];
  var high = qkv[j];
  if (turned) {
    let angle = row % params.T * params.Rt + pair;
    let cosine = table[angle];
    let sine = params.sign * table[angle + half];
    let x = low;
    low = cosine * x - sine * high;
    high = cosine * high + sine * x;
  }
  out[i] = low;
  // An odd K has one element to copy that is alone.
  if (turned | (2u * pair + 1u < params.K)) { out[j] = high; }
}
