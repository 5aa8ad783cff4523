// Rotary position embedding of packed queries and keys, and its inverse, a head an invocation: for adapters that run few
// lanes at once, where neighbors in different branches cost most and four elements are read at the price of two.
//
// For q and k, i < Rt/2, angle a = t base^(-2i/Rt):
//   out[i]        = cos(a) x[i] - sign sin(a) x[i + Rt/2]
//   out[i + Rt/2] = cos(a) x[i + Rt/2] + sign sin(a) x[i]
// Values, and elements from Rt on, are copied. sign 1 turns forward; -1 turns back, which is also the gradient.
//
// qkv [G, B, T, H, 3, K], table [T, Rt] (Rt/2 cosines, then Rt/2 sines), out [G, B, T, H, 3, K]; Rt is even and at most K,
// K a multiple of 4.
// An invocation owns the q, k and v of one head at one position, a workgroup 64 neighbors: all lanes do the same thing.
// Deterministic: no sums; the operations of plain in the same order.
// The table comes from the host in f64: f32 sines of large angles are poor.

struct Params { G: u32, B: u32, T: u32, H: u32, K: u32, Rt: u32, sign: f32 }

@group(0) @binding(0) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(1) var<storage, read> table: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let head = id.x + id.y * groups.x * 64u;
  let heads = params.B * params.T * params.H;
  if (head >= heads) { return; }
  let width = params.K / 4u;
  let first = (id.z * heads + head) * 3u * width;
  // Copies start where the last turned element lies; the turned ones are then written over.
  for (var w = 0u; w < 3u; w++) {
    for (var c = select(params.Rt / 4u, 0u, w == 2u); c < width; c++) {
      let i = first + w * width + c;
      out[i] = qkv[i];
    }
  }
  let half = params.Rt / 2u;
  let row = (head / params.H) % params.T * params.Rt;
  for (var pair = 0u; pair < half; pair++) {
    let cosine = table[row + pair];
    let sine = params.sign * table[row + half + pair];
    let other = pair + half;
    for (var w = 0u; w < 2u; w++) {
      let low = first + w * width + pair / 4u;
      let high = first + w * width + other / 4u;
      let x = qkv[low][pair % 4u];
      let y = qkv[high][other % 4u];
      out[low][pair % 4u] = cosine * x - sine * y;
      out[high][other % 4u] = cosine * y + sine * x;
    }
  }
}
