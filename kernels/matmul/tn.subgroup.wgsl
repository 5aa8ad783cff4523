// A linear layer's weight gradient, with one operand loaded once for four lanes.
//
// dw[g,n,k] = sum_m dy[g,m,n] x[g,m,k]
//
// dy [G,M,N], x [G?,M,K], dw [G?,N,K], N and K multiples of 4.
// An invocation owns 8 rows (n) x 16 columns (k) of the output; the 4 invocations of a workgroup lie along n and share
// their columns, so the four lanes of a quad load those together (quad.wgsl). Right for any subgroup size.
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

fn store(g: u32, n: u32, k: u32, a: vec4f, b: vec4f, c: vec4f, d: vec4f) {
  if (n < params.N) {
    let i = (g * params.stride_dw + n * params.K + k) / 4u;
    dw[i] = a;
    if (k + 4u < params.K) {
      dw[i + 1u] = b;
      if (k + 8u < params.K) {
        dw[i + 2u] = c;
        if (k + 12u < params.K) {
          dw[i + 3u] = d;
        }
      }
    }
  }
}

@compute @workgroup_size(4)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
  @builtin(subgroup_invocation_id) invocation: u32,
) {
  let lane = invocation & 3u;
  let n0 = (group.x * 4u + local) * 8u;
  let k0 = group.y * 16u;
  let g = group.z;
  let width = params.N / 4u;
  let depth = params.K / 4u;
  var i = g * params.M * width + min(n0 / 4u, width - 1u);
  // The second half of the rows; the same again where there is none.
  let half = min(n0 / 4u + 1u, width - 1u) - min(n0 / 4u, width - 1u);
  var j = g * params.stride_x / 4u + min(k0 / 4u + lane, depth - 1u);
  var s00 = vec4f(); var s01 = vec4f(); var s02 = vec4f(); var s03 = vec4f();
  var s10 = vec4f(); var s11 = vec4f(); var s12 = vec4f(); var s13 = vec4f();
  var s20 = vec4f(); var s21 = vec4f(); var s22 = vec4f(); var s23 = vec4f();
  var s30 = vec4f(); var s31 = vec4f(); var s32 = vec4f(); var s33 = vec4f();
  var s40 = vec4f(); var s41 = vec4f(); var s42 = vec4f(); var s43 = vec4f();
  var s50 = vec4f(); var s51 = vec4f(); var s52 = vec4f(); var s53 = vec4f();
  var s60 = vec4f(); var s61 = vec4f(); var s62 = vec4f(); var s63 = vec4f();
  var s70 = vec4f(); var s71 = vec4f(); var s72 = vec4f(); var s73 = vec4f();
  for (var m = 0u; m < params.M; m++) {
    let a = dy[i];
    let b = dy[i + half];
    let q = quad(x[j]);
    s00 += a[0] * q[0]; s01 += a[0] * q[1]; s02 += a[0] * q[2]; s03 += a[0] * q[3];
    s10 += a[1] * q[0]; s11 += a[1] * q[1]; s12 += a[1] * q[2]; s13 += a[1] * q[3];
    s20 += a[2] * q[0]; s21 += a[2] * q[1]; s22 += a[2] * q[2]; s23 += a[2] * q[3];
    s30 += a[3] * q[0]; s31 += a[3] * q[1]; s32 += a[3] * q[2]; s33 += a[3] * q[3];
    s40 += b[0] * q[0]; s41 += b[0] * q[1]; s42 += b[0] * q[2]; s43 += b[0] * q[3];
    s50 += b[1] * q[0]; s51 += b[1] * q[1]; s52 += b[1] * q[2]; s53 += b[1] * q[3];
    s60 += b[2] * q[0]; s61 += b[2] * q[1]; s62 += b[2] * q[2]; s63 += b[2] * q[3];
    s70 += b[3] * q[0]; s71 += b[3] * q[1]; s72 += b[3] * q[2]; s73 += b[3] * q[3];
    i += width;
    j += depth;
  }
  store(g, n0, k0, s00, s01, s02, s03);
  store(g, n0 + 1u, k0, s10, s11, s12, s13);
  store(g, n0 + 2u, k0, s20, s21, s22, s23);
  store(g, n0 + 3u, k0, s30, s31, s32, s33);
  store(g, n0 + 4u, k0, s40, s41, s42, s43);
  store(g, n0 + 5u, k0, s50, s51, s52, s53);
  store(g, n0 + 6u, k0, s60, s61, s62, s63);
  store(g, n0 + 7u, k0, s70, s71, s72, s73);
}
