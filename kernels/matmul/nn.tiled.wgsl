// A linear layer's input gradient, tiled through workgroup memory, for GPUs.
//
// dx[g,m,k] = sum_n dy[g,m,n] w[g,n,k] (+ add[g,m,k])
//
// dy [G,M,N], w [G?,N,K], add [Ga,Ma,Ka], dx [G,M,K].
// A workgroup owns 64 x 64 outputs and walks n in slices of 16 that it keeps in workgroup memory; each of its 16 x 16
// invocations owns 4 x 4 of them, 16 apart, so that neighbors read and write neighboring elements.
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

var<workgroup> rows: array<f32, 1040>; // [16][65]: the odd pitch keeps the transposed writes off one memory bank
var<workgroup> columns: array<f32, 1040>;

fn store(g: u32, m: u32, k: u32, value: f32) {
  if (m >= params.M || k >= params.K) { return; }
  let i = (g * params.M + m) * params.K + k;
  var sum = value;
  if (params.use_add != 0u) { sum += add[i]; }
  dx[i] = sum;
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let m0 = group.x * 64u;
  let k0 = group.y * 64u;
  let g = group.z;
  let u = local % 16u;
  let t = local / 16u;
  var sums = array<vec4f, 4>();
  for (var n0 = 0u; n0 < params.N; n0 += 16u) {
    for (var i = 0u; i < 4u; i++) {
      // u runs along the contiguous axis of what is loaded.
      {
        let a = m0 + i * 16u + t;
        let n = n0 + u;
        var v = 0.0;
        if (a < params.M && n < params.N) { v = dy[g * params.M * params.N + a * params.N + n]; }
        rows[u * 65u + i * 16u + t] = v;
      }
      {
        let k = k0 + i * 16u + u;
        let n = n0 + t;
        var v = 0.0;
        if (k < params.K && n < params.N) { v = w[g * params.stride_w + n * params.K + k]; }
        columns[t * 65u + i * 16u + u] = v;
      }
    }
    workgroupBarrier();
    for (var q = 0u; q < 16u; q++) {
      let p = q * 65u + u;
      let v = vec4f(columns[p], columns[p + 16u], columns[p + 32u], columns[p + 48u]);
      for (var i = 0u; i < 4u; i++) { sums[i] += rows[q * 65u + i * 16u + t] * v; }
    }
    workgroupBarrier();
  }
  for (var i = 0u; i < 4u; i++) {
    for (var j = 0u; j < 4u; j++) { store(g, m0 + i * 16u + t, k0 + j * 16u + u, sums[i][j]); }
  }
}
