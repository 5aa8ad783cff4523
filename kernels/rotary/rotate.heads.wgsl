// Rotary position embedding of queries and keys, and its inverse, heads by invocations: for adapters that run few
// lanes at once, where neighbors in different branches cost most and four elements are read at the price of two.
//
// For q and k, i < Rt/2, angle a = t base^(-2i/Rt):
//   out[i]        = cos(a) x[i] - sign sin(a) x[i + Rt/2]
//   out[i + Rt/2] = cos(a) x[i + Rt/2] + sign sin(a) x[i]
// Values, and elements from Rt on, are copied. sign 1 turns forward; -1 turns back, which is also the gradient.
//
// qkv [S]: q [.., H, K], k and v [.., KV, K] as ../common/heads.ts lays them, all at multiples of 4; table [T, Rt] (Rt/2
// cosines, then Rt/2 sines), out [S] as qkv; Rt is even and at most K, K a multiple of 4.
// An invocation owns a head's k and v and every KV-th q from it on at one position, a workgroup 64 neighbors: all lanes do
// the same thing.
// Deterministic: no sums; the operations of plain in the same order.
// The table comes from the host in f64: f32 sines of large angles are poor.

struct Params {
  G: u32, B: u32, T: u32, H: u32, KV: u32, K: u32, Rt: u32,
  sign: f32,
  q_first: u32, q_row: u32, q_head: u32, k_first: u32, v_first: u32, kv_row: u32, kv_head: u32,
}

@group(0) @binding(0) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(1) var<storage, read> table: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  let rows = params.B * params.T;
  if (index >= rows * params.KV) { return; }
  let row = index / params.KV;
  let kv = index - row * params.KV;
  let place = id.z * rows + row;
  // Places in vec4. Which queries go with a key does not matter here: taking every KV-th, kv alone says where they begin.
  let query = (params.q_first + place * params.q_row + kv * params.q_head) / 4u;
  let offset = place * params.kv_row + kv * params.kv_head;
  let key = (params.k_first + offset) / 4u;
  let value = (params.v_first + offset) / 4u;
  let step = params.KV * params.q_head / 4u;
  let sharing = params.H / params.KV;
  let width = params.K / 4u;
  let copied = params.Rt / 4u;
  for (var c = 0u; c < width; c++) { out[value + c] = qkv[value + c]; }
  // Copies start where the last turned element lies; the turned ones are then written over.
  for (var c = copied; c < width; c++) {
    out[key + c] = qkv[key + c];
    for (var j = 0u; j < sharing; j++) { out[query + j * step + c] = qkv[query + j * step + c]; }
  }
  let half = params.Rt / 2u;
  let angles = row % params.T * params.Rt;
  for (var pair = 0u; pair < half; pair++) {
    let cosine = table[angles + pair];
    let sine = params.sign * table[angles + half + pair];
    turn(key, pair, pair + half, cosine, sine);
    for (var j = 0u; j < sharing; j++) { turn(query + j * step, pair, pair + half, cosine, sine); }
  }
}

fn turn(first: u32, pair: u32, other: u32, cosine: f32, sine: f32) {
  let low = first + pair / 4u;
  let high = first + other / 4u;
  let x = qkv[low][pair % 4u];
  let y = qkv[high][other % 4u];
  out[low][pair % 4u] = cosine * x - sine * y;
  out[high][other % 4u] = cosine * y + sine * x;
}
