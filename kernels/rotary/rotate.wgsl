// Rotary position embedding of packed queries and keys, and its inverse.
//
// For q and k, i < Rt/2, angle a = t base^(-2i/Rt):
//   out[i]        = cos(a) x[i] - sign sin(a) x[i + Rt/2]
//   out[i + Rt/2] = cos(a) x[i + Rt/2] + sign sin(a) x[i]
// Values, and elements from Rt on, are copied. sign 1 turns forward; -1 turns back, which is also the gradient.
//
// qkv [G, B, T, H, 3, K], table [T, Rt] (Rt/2 cosines, then Rt/2 sines), out [G, B, T, H, 3, K]; Rt is even and at most K.
// An invocation owns one element, a workgroup 64 neighbors.
// Deterministic: no sums.
// The table comes from the host in f64: f32 sines of large angles are poor.

struct Params { G: u32, B: u32, T: u32, H: u32, K: u32, Rt: u32, sign: f32 }

@group(0) @binding(0) var<storage, read> qkv: array<f32>;
@group(0) @binding(1) var<storage, read> table: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  // z is the group: index counts within it.
  let size = params.B * params.T * params.H * 3u * params.K;
  if (index >= size) { return; }
  let i = id.z * size + index;
  let head = index / params.K;
  let k = index - head * params.K;
  var value = qkv[i];
  if (head % 3u < 2u && k < params.Rt) {
    let half = params.Rt / 2u;
    let row = (head / (3u * params.H)) % params.T * params.Rt;
    let first = k < half;
    let pair = select(k - half, k, first);
    let other = qkv[select(i - half, i + half, first)];
    value = table[row + pair] * value + select(params.sign, -params.sign, first) * table[row + half + pair] * other;
  }
  out[i] = value;
}
