// A linear layer's weight gradient, for any size.
//
// dw[g,n,k] = sum_m dy[g,m,n] x[g,m,k]
//
// dy [G,M,N], x [G?,M,K], dw [G?,N,K].
// An invocation owns 4 rows (n) x 4 columns (k) of the output in registers; a workgroup is 8 x 8 of them.
// Deterministic: m ascends, one term after another, whatever the workgroups.
// Products and sums in f32; masks are clamped indices, so a row past the end is computed and never written.

struct Params {
  G: u32, M: u32, N: u32, K: u32,
  stride_x: u32, stride_dw: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> dw: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

fn store(g: u32, n: u32, k: u32, value: f32) {
  if (n < params.N && k < params.K) { dw[g * params.stride_dw + n * params.K + k] = value; }
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let n0 = id.x * 4u;
  let k0 = id.y * 4u;
  let g = id.z;
  if (n0 >= params.N || k0 >= params.K) { return; }
  var i = vec4u(g * params.M * params.N) + min(vec4u(n0) + vec4u(0u, 1u, 2u, 3u), vec4u(params.N - 1u));
  var j = vec4u(g * params.stride_x) + min(vec4u(k0) + vec4u(0u, 1u, 2u, 3u), vec4u(params.K - 1u));
  var s0 = vec4f(); var s1 = vec4f(); var s2 = vec4f(); var s3 = vec4f();
  for (var m = 0u; m < params.M; m++) {
    let v = vec4f(x[j.x], x[j.y], x[j.z], x[j.w]);
    s0 += dy[i.x] * v;
    s1 += dy[i.y] * v;
    s2 += dy[i.z] * v;
    s3 += dy[i.w] * v;
    i += vec4u(params.N);
    j += vec4u(params.K);
  }
  for (var q = 0u; q < 4u; q++) {
    store(g, n0, k0 + q, s0[q]);
    store(g, n0 + 1u, k0 + q, s1[q]);
    store(g, n0 + 2u, k0 + q, s2[q]);
    store(g, n0 + 3u, k0 + q, s3[q]);
  }
}
