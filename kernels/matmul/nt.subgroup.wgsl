// A linear layer, with one operand loaded once for four lanes.
//
// y[g,m,n] = epilogue(sum_k x[g,m,k] w[g,n,k]), the epilogue of nt.epilogue.wgsl: bias, residual
//
// x [G?,M,K], w [G?,N,K], bias [G?,Nb], residual [G?,Mr,Nr], y [G,M,N], N and K multiples of 4.
// An invocation owns 8 rows (m) x 16 columns (n) of the output; the 8 invocations of a workgroup lie along m and share
// their columns, so the four lanes of a quad load those together (quad.wgsl). Right for any subgroup size.
// Deterministic: k ascends, four terms at a time, whatever the workgroups.
// Products and sums in f32; masks are clamped indices, so a row past the end is computed and never written.

struct Params {
  G: u32, M: u32, N: u32, K: u32, Nb: u32, Mr: u32, Nr: u32,
  stride_x: u32, stride_w: u32, stride_bias: u32, stride_residual: u32,
  use_bias: u32, use_residual: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> w: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read> residual: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;

fn bias4(g: u32, n: u32) -> vec4f {
  if (params.use_bias == 0u) { return vec4f(); }
  return bias[(g * params.stride_bias + min(n, params.N - 4u)) / 4u];
}

fn store(g: u32, m: u32, n: u32, a: vec4f, b: vec4f, c: vec4f, d: vec4f) {
  if (m < params.M) {
    let i = ((g * params.M + m) * params.N + n) / 4u;
    y[i] = a;
    if (n + 4u < params.N) {
      y[i + 1u] = b;
      if (n + 8u < params.N) {
        y[i + 2u] = c;
        if (n + 12u < params.N) {
          y[i + 3u] = d;
        }
      }
    }
  }
}

// Adds the residual to what was stored, in a pass of its own.
fn add_residual(g: u32, m0: u32, n0: u32) {
  for (var m = m0; m < min(m0 + 8u, params.M); m++) {
    for (var n = n0; n < min(n0 + 16u, params.N); n += 4u) {
      let i = ((g * params.M + m) * params.N + n) / 4u;
      y[i] += residual[(g * params.stride_residual + m * params.N + n) / 4u];
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
  let n0 = group.y * 16u;
  let g = group.z;
  let steps = params.K / 4u;
  let x0 = g * params.stride_x / 4u;
  let r0 = x0 + min(m0, params.M - 1u) * steps;
  let r1 = x0 + min(m0 + 1u, params.M - 1u) * steps;
  let r2 = x0 + min(m0 + 2u, params.M - 1u) * steps;
  let r3 = x0 + min(m0 + 3u, params.M - 1u) * steps;
  let r4 = x0 + min(m0 + 4u, params.M - 1u) * steps;
  let r5 = x0 + min(m0 + 5u, params.M - 1u) * steps;
  let r6 = x0 + min(m0 + 6u, params.M - 1u) * steps;
  let r7 = x0 + min(m0 + 7u, params.M - 1u) * steps;
  let w0 = g * params.stride_w / 4u;
  let c0 = w0 + min(n0 + lane, params.N - 1u) * steps;
  let c1 = w0 + min(n0 + 4u + lane, params.N - 1u) * steps;
  let c2 = w0 + min(n0 + 8u + lane, params.N - 1u) * steps;
  let c3 = w0 + min(n0 + 12u + lane, params.N - 1u) * steps;
  var s00 = vec4f(); var s01 = vec4f(); var s02 = vec4f(); var s03 = vec4f();
  var s10 = vec4f(); var s11 = vec4f(); var s12 = vec4f(); var s13 = vec4f();
  var s20 = vec4f(); var s21 = vec4f(); var s22 = vec4f(); var s23 = vec4f();
  var s30 = vec4f(); var s31 = vec4f(); var s32 = vec4f(); var s33 = vec4f();
  var s40 = vec4f(); var s41 = vec4f(); var s42 = vec4f(); var s43 = vec4f();
  var s50 = vec4f(); var s51 = vec4f(); var s52 = vec4f(); var s53 = vec4f();
  var s60 = vec4f(); var s61 = vec4f(); var s62 = vec4f(); var s63 = vec4f();
  var s70 = vec4f(); var s71 = vec4f(); var s72 = vec4f(); var s73 = vec4f();
  for (var k = 0u; k < steps; k++) {
    let q0 = quad(w[c0 + k]);
    let q1 = quad(w[c1 + k]);
    let q2 = quad(w[c2 + k]);
    let q3 = quad(w[c3 + k]);
    let v0 = x[r0 + k];
    s00 += v0 * q0; s01 += v0 * q1; s02 += v0 * q2; s03 += v0 * q3;
    let v1 = x[r1 + k];
    s10 += v1 * q0; s11 += v1 * q1; s12 += v1 * q2; s13 += v1 * q3;
    let v2 = x[r2 + k];
    s20 += v2 * q0; s21 += v2 * q1; s22 += v2 * q2; s23 += v2 * q3;
    let v3 = x[r3 + k];
    s30 += v3 * q0; s31 += v3 * q1; s32 += v3 * q2; s33 += v3 * q3;
    let v4 = x[r4 + k];
    s40 += v4 * q0; s41 += v4 * q1; s42 += v4 * q2; s43 += v4 * q3;
    let v5 = x[r5 + k];
    s50 += v5 * q0; s51 += v5 * q1; s52 += v5 * q2; s53 += v5 * q3;
    let v6 = x[r6 + k];
    s60 += v6 * q0; s61 += v6 * q1; s62 += v6 * q2; s63 += v6 * q3;
    let v7 = x[r7 + k];
    s70 += v7 * q0; s71 += v7 * q1; s72 += v7 * q2; s73 += v7 * q3;
  }
  let b0 = bias4(g, n0);
  let b1 = bias4(g, n0 + 4u);
  let b2 = bias4(g, n0 + 8u);
  let b3 = bias4(g, n0 + 12u);
  store(g, m0, n0, s00 + b0, s01 + b1, s02 + b2, s03 + b3);
  store(g, m0 + 1u, n0, s10 + b0, s11 + b1, s12 + b2, s13 + b3);
  store(g, m0 + 2u, n0, s20 + b0, s21 + b1, s22 + b2, s23 + b3);
  store(g, m0 + 3u, n0, s30 + b0, s31 + b1, s32 + b2, s33 + b3);
  store(g, m0 + 4u, n0, s40 + b0, s41 + b1, s42 + b2, s43 + b3);
  store(g, m0 + 5u, n0, s50 + b0, s51 + b1, s52 + b2, s53 + b3);
  store(g, m0 + 6u, n0, s60 + b0, s61 + b1, s62 + b2, s63 + b3);
  store(g, m0 + 7u, n0, s70 + b0, s71 + b1, s72 + b2, s73 + b3);
  if (params.use_residual != 0u) { add_residual(g, m0, n0); }
}
