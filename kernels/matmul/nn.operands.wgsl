// The operands of matmul/nn for the variants that stage tiles of any element type: dx = dy w (+ add).
//
// dx[g,m,k] = sum_n dy[g,m,n] w[g,n,k] (+ add[g,m,k])
//
// dy [G,M,N], w [G?,N,K], add [Ga,Ma,Ka], dx [G,M,K].
// Rows are m, columns k, the sum runs over n. Rows and columns past the end repeat the last one, n past the end is zero.

struct Params {
  G: u32, M: u32, N: u32, K: u32, Ga: u32, Ma: u32, Ka: u32,
  stride_w: u32,
  use_add: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> add: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

/// Terms of a sum.
fn depth() -> u32 { return params.N; }

/// Four rows of dy from m at n.
fn left4(g: u32, m: u32, n: u32) -> vec4f {
  if (n >= params.N) { return vec4f(); }
  let rows = min(vec4u(m, m + 1u, m + 2u, m + 3u), vec4u(params.M - 1u));
  let i = vec4u(n) + params.N * (vec4u(g * params.M) + rows);
  return vec4f(dy[i.x], dy[i.y], dy[i.z], dy[i.w]);
}

/// Four columns of w from k at n.
fn right4(g: u32, k: u32, n: u32) -> vec4f {
  if (n >= params.N) { return vec4f(); }
  let i = vec4u(g * params.stride_w + n * params.K) + min(vec4u(k, k + 1u, k + 2u, k + 3u), vec4u(params.K - 1u));
  return vec4f(w[i.x], w[i.y], w[i.z], w[i.w]);
}

fn store(g: u32, m: u32, k: u32, value: f32) {
  if (m >= params.M || k >= params.K) { return; }
  let i = (g * params.M + m) * params.K + k;
  var sum = value;
  if (params.use_add != 0u) { sum += add[i]; }
  dx[i] = sum;
}
