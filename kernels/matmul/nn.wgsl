// A linear layer's input gradient, for any size.
//
// dx[g,m,k] = sum_n dy[g,m,n] w[g,n,k] (+ add[g,m,k])
//
// dy [G,M,N], w [G?,N,K], add [Ga,Ma,Ka], dx [G,M,K].
// An invocation owns 4 rows (m) x 4 columns (k) of the output in registers; a workgroup is 8 x 8 of them.
// Deterministic: n ascends, one term after another, whatever the workgroups.
// Products and sums in f32; masks are clamped indices, so a row past the end is computed and never written.

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

fn store(g: u32, m: u32, k: u32, value: f32) {
  if (m >= params.M || k >= params.K) { return; }
  let i = (g * params.M + m) * params.K + k;
  var sum = value;
  if (params.use_add != 0u) { sum += add[i]; }
  dx[i] = sum;
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let m0 = id.x * 4u;
  let k0 = id.y * 4u;
  let g = id.z;
  if (m0 >= params.M || k0 >= params.K) { return; }
  let i = vec4u(g * params.M * params.N) + params.N * min(vec4u(m0) + vec4u(0u, 1u, 2u, 3u), vec4u(params.M - 1u));
  var j = vec4u(g * params.stride_w) + min(vec4u(k0) + vec4u(0u, 1u, 2u, 3u), vec4u(params.K - 1u));
  var s0 = vec4f(); var s1 = vec4f(); var s2 = vec4f(); var s3 = vec4f();
  for (var n = 0u; n < params.N; n++) {
    let v = vec4f(w[j.x], w[j.y], w[j.z], w[j.w]);
    s0 += dy[i.x + n] * v;
    s1 += dy[i.y + n] * v;
    s2 += dy[i.z + n] * v;
    s3 += dy[i.w + n] * v;
    j += vec4u(params.K);
  }
  for (var q = 0u; q < 4u; q++) {
    store(g, m0, k0 + q, s0[q]);
    store(g, m0 + 1u, k0 + q, s1[q]);
    store(g, m0 + 2u, k0 + q, s2[q]);
    store(g, m0 + 3u, k0 + q, s3[q]);
  }
}
