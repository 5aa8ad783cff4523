// A linear layer, for any size.
//
// y[g,m,n] = epilogue(sum_k x[g,m,k] w[g,n,k]), the epilogue of nt.epilogue.wgsl: bias, residual
//
// x [G?,M,K], w [G?,N,K], bias [G?,Nb], residual [G?,Mr,Nr], y [G,M,N].
// An invocation owns 4 rows (m) x 4 columns (n) of the output in registers; a workgroup is 8 x 8 of them.
// Deterministic: k ascends, one term after another, whatever the workgroups.
// Products and sums in f32; masks are clamped indices, so a row past the end is computed and never written.

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

fn store(g: u32, m: u32, n: u32, value: f32) {
  if (m < params.M && n < params.N) { y[(g * params.M + m) * params.N + n] = epilogue(g, m, n, value); }
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let m0 = id.x * 4u;
  let n0 = id.y * 4u;
  let g = id.z;
  if (m0 >= params.M || n0 >= params.N) { return; }
  let i = vec4u(g * params.stride_x) + params.K * min(vec4u(m0) + vec4u(0u, 1u, 2u, 3u), vec4u(params.M - 1u));
  let j = vec4u(g * params.stride_w) + params.K * min(vec4u(n0) + vec4u(0u, 1u, 2u, 3u), vec4u(params.N - 1u));
  var s0 = vec4f(); var s1 = vec4f(); var s2 = vec4f(); var s3 = vec4f();
  for (var k = 0u; k < params.K; k++) {
    let v = vec4f(w[j.x + k], w[j.y + k], w[j.z + k], w[j.w + k]);
    s0 += x[i.x + k] * v;
    s1 += x[i.y + k] * v;
    s2 += x[i.z + k] * v;
    s3 += x[i.w + k] * v;
  }
  for (var q = 0u; q < 4u; q++) {
    store(g, m0, n0 + q, s0[q]);
    store(g, m0 + 1u, n0 + q, s1[q]);
    store(g, m0 + 2u, n0 + q, s2[q]);
    store(g, m0 + 3u, n0 + q, s3[q]);
  }
}
