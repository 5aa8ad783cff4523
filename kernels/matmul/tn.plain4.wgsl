// A linear layer's weight gradient, in blocks of four.
//
// dw[g,n,k] = sum_m dy[g,m,n] x[g,m,k]
//
// dy [G,M,N], x [G?,M,K], dw [G?,N,K], N and K multiples of 4.
// An invocation owns 8 rows (n) x 8 columns (k) of the output in registers: four multiply-adds a load. A workgroup is 4 x 2 of
// them: the output is small and M long, and small workgroups give every core some.
// Deterministic: m ascends, one term after another, whatever the workgroups.
// Products and sums in f32; masks are clamped indices, so a row past the end is computed and never written.

struct Params {
  G: u32, M: u32, N: u32, K: u32,
  stride_x: u32, stride_dw: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<vec4f>;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> dw: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

fn store(g: u32, n: u32, k: u32, a: vec4f, b: vec4f) {
  if (n < params.N) {
    let i = (g * params.stride_dw + n * params.K + k) / 4u;
    dw[i] = a;
    if (k + 4u < params.K) {
      dw[i + 1u] = b;
    }
  }
}

@compute @workgroup_size(4, 2)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let n0 = id.x * 8u;
  let k0 = id.y * 8u;
  let g = id.z;
  if (n0 >= params.N || k0 >= params.K) { return; }
  let width = params.N / 4u;
  let depth = params.K / 4u;
  var i = g * params.M * width + n0 / 4u;
  var j = g * params.stride_x / 4u + k0 / 4u;
  // The second halves; the first again where there is none.
  let rest = min(n0 / 4u + 1u, width - 1u) - n0 / 4u;
  let more = min(k0 / 4u + 1u, depth - 1u) - k0 / 4u;
  var s00 = vec4f(); var s01 = vec4f();
  var s10 = vec4f(); var s11 = vec4f();
  var s20 = vec4f(); var s21 = vec4f();
  var s30 = vec4f(); var s31 = vec4f();
  var s40 = vec4f(); var s41 = vec4f();
  var s50 = vec4f(); var s51 = vec4f();
  var s60 = vec4f(); var s61 = vec4f();
  var s70 = vec4f(); var s71 = vec4f();
  for (var m = 0u; m < params.M; m++) {
    let a = dy[i];
    let b = dy[i + rest];
    let p = x[j];
    let q = x[j + more];
    s00 += a[0] * p; s01 += a[0] * q;
    s10 += a[1] * p; s11 += a[1] * q;
    s20 += a[2] * p; s21 += a[2] * q;
    s30 += a[3] * p; s31 += a[3] * q;
    s40 += b[0] * p; s41 += b[0] * q;
    s50 += b[1] * p; s51 += b[1] * q;
    s60 += b[2] * p; s61 += b[2] * q;
    s70 += b[3] * p; s71 += b[3] * q;
    i += width;
    j += depth;
  }
  store(g, n0, k0, s00, s01);
  store(g, n0 + 1u, k0, s10, s11);
  store(g, n0 + 2u, k0, s20, s21);
  store(g, n0 + 3u, k0, s30, s31);
  store(g, n0 + 4u, k0, s40, s41);
  store(g, n0 + 5u, k0, s50, s51);
  store(g, n0 + 6u, k0, s60, s61);
  store(g, n0 + 7u, k0, s70, s71);
}
