// The operands of matmul/tn for the variants that stage tiles of any element type: dw = dy^T x.
//
// dw[g,n,k] = sum_m dy[g,m,n] x[g,m,k]
//
// dy [G,M,N], x [G?,M,K], dw [G?,N,K].
// Rows are n, columns k, the sum runs over m. Rows and columns past the end repeat the last one, m past the end is zero.

struct Params {
  G: u32, M: u32, N: u32, K: u32,
  stride_x: u32, stride_dw: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> dw: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

/// Terms of a sum.
fn depth() -> u32 { return params.M; }

/// Four columns of dy from n at m.
fn left4(g: u32, n: u32, m: u32) -> vec4f {
  if (m >= params.M) { return vec4f(); }
  let i = vec4u((g * params.M + m) * params.N) + min(vec4u(n, n + 1u, n + 2u, n + 3u), vec4u(params.N - 1u));
  return vec4f(dy[i.x], dy[i.y], dy[i.z], dy[i.w]);
}

/// Four columns of x from k at m.
fn right4(g: u32, k: u32, m: u32) -> vec4f {
  if (m >= params.M) { return vec4f(); }
  let i = vec4u(g * params.stride_x + m * params.K) + min(vec4u(k, k + 1u, k + 2u, k + 3u), vec4u(params.K - 1u));
  return vec4f(x[i.x], x[i.y], x[i.z], x[i.w]);
}

fn store(g: u32, n: u32, k: u32, value: f32) {
  if (n < params.N && k < params.K) { dw[g * params.stride_dw + n * params.K + k] = value; }
}
