// A linear layer's input gradient, with one operand loaded once for four lanes.
//
// dx[g,m,k] = sum_n dy[g,m,n] w[g,n,k] (+ add[g,m,k])
//
// dy [G,M,N], w [G?,N,K], add [Ga,Ma,Ka], dx [G,M,K], N and K multiples of 4.
// An invocation owns 8 rows (m) x 16 columns (k) of the output; the 8 invocations of a workgroup lie along m and share
// their columns, so the four lanes of a quad load those together (quad.wgsl). Right for any subgroup size.
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

fn store(g: u32, m: u32, k: u32, a: vec4f, b: vec4f, c: vec4f, d: vec4f) {
  if (m < params.M) {
    let i = ((g * params.M + m) * params.K + k) / 4u;
    dx[i] = a;
    if (k + 4u < params.K) {
      dx[i + 1u] = b;
      if (k + 8u < params.K) {
        dx[i + 2u] = c;
        if (k + 12u < params.K) {
          dx[i + 3u] = d;
        }
      }
    }
  }
}

// What follows the product, in a pass over what was stored: written out at every store it would be most of the compile time.
fn add_other(g: u32, m0: u32, k0: u32) {
  for (var m = m0; m < min(m0 + 8u, params.M); m++) {
    for (var k = k0; k < min(k0 + 16u, params.K); k += 4u) {
      let i = ((g * params.M + m) * params.K + k) / 4u;
      dx[i] += add[i];
    }
  }
}

@compute @workgroup_size(8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
  @builtin(subgroup_invocation_id) invocation: u32,
) {
  let lane = invocation & 3u;
  let m0 = (group.x * 8u + local) * 8u;
  let k0 = group.y * 16u;
  let g = group.z;
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
  let w0 = g * params.stride_w / 4u + lane * width;
  let c0 = w0 + min(k0 / 4u, width - 1u);
  let c1 = w0 + min(k0 / 4u + 1u, width - 1u);
  let c2 = w0 + min(k0 / 4u + 2u, width - 1u);
  let c3 = w0 + min(k0 / 4u + 3u, width - 1u);
  var s00 = vec4f(); var s01 = vec4f(); var s02 = vec4f(); var s03 = vec4f();
  var s10 = vec4f(); var s11 = vec4f(); var s12 = vec4f(); var s13 = vec4f();
  var s20 = vec4f(); var s21 = vec4f(); var s22 = vec4f(); var s23 = vec4f();
  var s30 = vec4f(); var s31 = vec4f(); var s32 = vec4f(); var s33 = vec4f();
  var s40 = vec4f(); var s41 = vec4f(); var s42 = vec4f(); var s43 = vec4f();
  var s50 = vec4f(); var s51 = vec4f(); var s52 = vec4f(); var s53 = vec4f();
  var s60 = vec4f(); var s61 = vec4f(); var s62 = vec4f(); var s63 = vec4f();
  var s70 = vec4f(); var s71 = vec4f(); var s72 = vec4f(); var s73 = vec4f();
  for (var n = 0u; n < steps; n++) {
    let down = 4u * n * width;
    let q0 = quad(w[c0 + down]);
    let q1 = quad(w[c1 + down]);
    let q2 = quad(w[c2 + down]);
    let q3 = quad(w[c3 + down]);
    let v0 = dy[r0 + n];
    s00 += q0 * v0; s01 += q1 * v0; s02 += q2 * v0; s03 += q3 * v0;
    let v1 = dy[r1 + n];
    s10 += q0 * v1; s11 += q1 * v1; s12 += q2 * v1; s13 += q3 * v1;
    let v2 = dy[r2 + n];
    s20 += q0 * v2; s21 += q1 * v2; s22 += q2 * v2; s23 += q3 * v2;
    let v3 = dy[r3 + n];
    s30 += q0 * v3; s31 += q1 * v3; s32 += q2 * v3; s33 += q3 * v3;
    let v4 = dy[r4 + n];
    s40 += q0 * v4; s41 += q1 * v4; s42 += q2 * v4; s43 += q3 * v4;
    let v5 = dy[r5 + n];
    s50 += q0 * v5; s51 += q1 * v5; s52 += q2 * v5; s53 += q3 * v5;
    let v6 = dy[r6 + n];
    s60 += q0 * v6; s61 += q1 * v6; s62 += q2 * v6; s63 += q3 * v6;
    let v7 = dy[r7 + n];
    s70 += q0 * v7; s71 += q1 * v7; s72 += q2 * v7; s73 += q3 * v7;
  }
  store(g, m0, k0, s00, s01, s02, s03);
  store(g, m0 + 1u, k0, s10, s11, s12, s13);
  store(g, m0 + 2u, k0, s20, s21, s22, s23);
  store(g, m0 + 3u, k0, s30, s31, s32, s33);
  store(g, m0 + 4u, k0, s40, s41, s42, s43);
  store(g, m0 + 5u, k0, s50, s51, s52, s53);
  store(g, m0 + 6u, k0, s60, s61, s62, s63);
  store(g, m0 + 7u, k0, s70, s71, s72, s73);
  if (params.use_add != 0u) { add_other(g, m0, k0); }
}
