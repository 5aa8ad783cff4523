// Codes of a sparse autoencoder from the product of its weights with what it reads, in place.
//
// p = codes[t, f], a = p + bias[f]
// codes[t, f] = kind 0 (relu):     max(a, 0)
//               kind 1 (jumprelu): max(a, 0) where a > gate[f], else 0
//               kind 2 (gated):    max(p * scale[f] + bias[f], 0) where p + gate[f] > 0, else 0
//               kind 3 (score):    a * scale[f]
//               kind 4 (plain):    a
//
// bias [F], gate [Fg], scale [Fs], codes [T, F]; Fg = F for kinds 1 and 2, Fs = F for kinds 2 and 3, else not read.
// An invocation owns one element, a workgroup 64 neighbors.
// Deterministic: no sums over elements.
// Numerics: two roundings at most. At a threshold what is decided is the f32 value.
struct Params {
  T: u32, F: u32, Fg: u32, Fs: u32,
  kind: u32,
}
@group(0) @binding(0) var<storage, read> bias: array<f32>;
@group(0) @binding(1) var<storage, read> gate: array<f32>;
@group(0) @binding(2) var<storage, read> scale: array<f32>;
@group(0) @binding(3) var<storage, read_write> codes: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

fn code(p: f32, f: u32) -> f32 {
  let a = p + bias[f];
  switch params.kind {
    case 0u: { return max(a, 0.0); }
    case 1u: { return select(0.0, max(a, 0.0), a > gate[f]); }
    case 2u: { return select(0.0, max(p * scale[f] + bias[f], 0.0), p + gate[f] > 0.0); }
    case 3u: { return a * scale[f]; }
    default: { return a; }
  }
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  if (i >= params.T * params.F) { return; }
  codes[i] = code(codes[i], i % params.F);
}
