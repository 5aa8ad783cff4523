// A linear layer, tiled through workgroup memory, for GPUs.
//
// y[g,m,n] = epilogue(sum_k x[g,m,k] w[g,n,k]), the epilogue of nt.epilogue.wgsl: bias, residual
//
// x [G?,M,K], w [G?,N,K], bias [G?,Nb], residual [G?,Mr,Nr], y [G,M,N].
// A workgroup owns 64 x 64 outputs and walks k in slices of 16 that it keeps in workgroup memory; each of its 16 x 16
// invocations owns 4 x 4 of them, 16 apart, so that neighbors read and write neighboring elements.
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

var<workgroup> rows: array<f32, 1040>; // [16][65]: the odd pitch keeps the transposed writes off one memory bank
var<workgroup> columns: array<f32, 1040>;

fn store(g: u32, m: u32, n: u32, value: f32) {
  if (m < params.M && n < params.N) { y[(g * params.M + m) * params.N + n] = epilogue(g, m, n, value); }
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let m0 = group.x * 64u;
  let n0 = group.y * 64u;
  let g = group.z;
  let u = local % 16u;
  let t = local / 16u;
  var sums = array<vec4f, 4>();
  for (var k0 = 0u; k0 < params.K; k0 += 16u) {
    for (var i = 0u; i < 4u; i++) {
      // u runs along the contiguous axis of what is loaded.
      {
        let a = m0 + i * 16u + t;
        let k = k0 + u;
        var v = 0.0;
        if (a < params.M && k < params.K) { v = x[g * params.stride_x + a * params.K + k]; }
        rows[u * 65u + i * 16u + t] = v;
      }
      {
        let a = n0 + i * 16u + t;
        let k = k0 + u;
        var v = 0.0;
        if (a < params.N && k < params.K) { v = w[g * params.stride_w + a * params.K + k]; }
        columns[u * 65u + i * 16u + t] = v;
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
    for (var j = 0u; j < 4u; j++) { store(g, m0 + i * 16u + t, n0 + j * 16u + u, sums[i][j]); }
  }
}
