// A linear layer's input gradient, in blocks of four.
//
// dx[g,m,k] = sum_n dy[g,m,n] w[g,n,k] (+ add[g,m,k])
//
// dy [G,M,N], w [G?,N,K], add [Ga,Ma,Ka], dx [G,M,K], N and K multiples of 4.
// An invocation owns 8 rows (m) x 8 columns (k) of the output in registers: four multiply-adds a load. A workgroup is 8 x 8 of them.
// Deterministic: n ascends, four terms at a time, whatever the workgroups.
// Products and sums in f32; masks are clamped indices, so a row past the end is computed and never written.

struct Params {
  G: u32, M: u32, N: u32, K: u32, Ga: u32, Ma: u32, Ka: u32,
  stride_w: u32,
  use_add: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<vec4f>;
@group(0) @binding(1) var<storage, read> w: array<vec4f>;
@group(0) @binding(2) var<storage, read> add: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(4) var<uniform> params: Params;

fn store(g: u32, m: u32, k: u32, a: vec4f, b: vec4f) {
  if (m < params.M) {
    let i = ((g * params.M + m) * params.K + k) / 4u;
    dx[i] = a;
    if (k + 4u < params.K) {
      dx[i + 1u] = b;
    }
  }
}

// What follows the product, in a pass over what was stored: written out at every store it would be most of the compile time.
fn add_other(g: u32, m0: u32, k0: u32) {
  for (var m = m0; m < min(m0 + 8u, params.M); m++) {
    for (var k = k0; k < min(k0 + 8u, params.K); k += 4u) {
      let i = ((g * params.M + m) * params.K + k) / 4u;
      dx[i] += add[i];
    }
  }
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let m0 = id.x * 8u;
  let k0 = id.y * 8u;
  let g = id.z;
  if (m0 >= params.M || k0 >= params.K) { return; }
  let steps = params.N / 4u;
  let width = params.K / 4u;
  let dy0 = g * params.M * steps;
  let r0 = dy0 + min(m0, params.M - 1u) * steps;
  let r1 = dy0 + min(m0 + 1u, params.M - 1u) * steps;
  let r2 = dy0 + min(m0 + 2u, params.M - 1u) * steps;
  let r3 = dy0 + min(m0 + 3u, params.M - 1u) * steps;
  let r4 = dy0 + min(m0 + 4u, params.M - 1u) * steps;
  let r5 = dy0 + min(m0 + 5u, params.M - 1u) * steps;
  let r6 = dy0 + min(m0 + 6u, params.M - 1u) * steps;
  let r7 = dy0 + min(m0 + 7u, params.M - 1u) * steps;
  let w0 = g * params.stride_w / 4u;
  let c0 = w0 + min(k0 / 4u, width - 1u);
  let c1 = w0 + min(k0 / 4u + 1u, width - 1u);
  var s00 = vec4f(); var s01 = vec4f();
  var s10 = vec4f(); var s11 = vec4f();
  var s20 = vec4f(); var s21 = vec4f();
  var s30 = vec4f(); var s31 = vec4f();
  var s40 = vec4f(); var s41 = vec4f();
  var s50 = vec4f(); var s51 = vec4f();
  var s60 = vec4f(); var s61 = vec4f();
  var s70 = vec4f(); var s71 = vec4f();
  for (var n = 0u; n < steps; n++) {
    let d = 4u * n * width;
    let e = d + width;
    let f = e + width;
    let h = f + width;
    let q0 = mat4x4f(w[c0 + d], w[c0 + e], w[c0 + f], w[c0 + h]);
    let q1 = mat4x4f(w[c1 + d], w[c1 + e], w[c1 + f], w[c1 + h]);
    let v0 = dy[r0 + n];
    s00 += q0 * v0; s01 += q1 * v0;
    let v1 = dy[r1 + n];
    s10 += q0 * v1; s11 += q1 * v1;
    let v2 = dy[r2 + n];
    s20 += q0 * v2; s21 += q1 * v2;
    let v3 = dy[r3 + n];
    s30 += q0 * v3; s31 += q1 * v3;
    let v4 = dy[r4 + n];
    s40 += q0 * v4; s41 += q1 * v4;
    let v5 = dy[r5 + n];
    s50 += q0 * v5; s51 += q1 * v5;
    let v6 = dy[r6 + n];
    s60 += q0 * v6; s61 += q1 * v6;
    let v7 = dy[r7 + n];
    s70 += q0 * v7; s71 += q1 * v7;
  }
  store(g, m0, k0, s00, s01);
  store(g, m0 + 1u, k0, s10, s11);
  store(g, m0 + 2u, k0, s20, s21);
  store(g, m0 + 3u, k0, s30, s31);
  store(g, m0 + 4u, k0, s40, s41);
  store(g, m0 + 5u, k0, s50, s51);
  store(g, m0 + 6u, k0, s60, s61);
  store(g, m0 + 7u, k0, s70, s71);
  if (params.use_add != 0u) { add_other(g, m0, k0); }
}
