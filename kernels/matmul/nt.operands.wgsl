// The operands of matmul/nt for the variants that stage tiles of any element type: y = epilogue(x w^T).
//
// y[g,m,n] = epilogue(sum_k x[g,m,k] w[g,n,k]), the epilogue of nt.epilogue.wgsl: bias, residual
//
// x [G?,M,K], w [G?,N,K], bias [G?,Nb], residual [G?,Mr,Nr], y [G,M,N].
// Rows are m, columns n, the sum runs over k. Rows and columns past the end repeat the last one, k past the end is zero.

struct Params {
  G: u32, M: u32, N: u32, K: u32, Nb: u32, Mr: u32, Nr: u32,
  stride_x: u32, stride_w: u32, stride_bias: u32, stride_residual: u32,
  use_bias: u32, use_residual: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read> residual: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

/// Terms of a sum.
fn depth() -> u32 { return params.K; }

/// Four rows of x from m at k.
fn left4(g: u32, m: u32, k: u32) -> vec4f {
  if (k >= params.K) { return vec4f(); }
  let i = vec4u(g * params.stride_x + k) + params.K * min(vec4u(m, m + 1u, m + 2u, m + 3u), vec4u(params.M - 1u));
  return vec4f(x[i.x], x[i.y], x[i.z], x[i.w]);
}

/// Four rows of w from n at k.
fn right4(g: u32, n: u32, k: u32) -> vec4f {
  if (k >= params.K) { return vec4f(); }
  let i = vec4u(g * params.stride_w + k) + params.K * min(vec4u(n, n + 1u, n + 2u, n + 3u), vec4u(params.N - 1u));
  return vec4f(w[i.x], w[i.y], w[i.z], w[i.w]);
}

fn store(g: u32, m: u32, n: u32, value: f32) {
  if (m < params.M && n < params.N) { y[(g * params.M + m) * params.N + n] = epilogue(g, m, n, value); }
}
