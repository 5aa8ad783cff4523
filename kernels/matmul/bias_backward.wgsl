// A linear layer's bias gradient.
//
// dbias[g,n] = sum_m dy[g,m,n]
//
// dy [G,M,N], dbias [G?,N].
// An invocation owns a column n of a group; a workgroup owns 8, so that few columns still occupy every core.
// Deterministic: m ascends in blocks of 32.
// Blocks of 32 are summed by themselves first: the rounding error of a long sum in one accumulator grows with its length.

struct Params {
  G: u32, M: u32, N: u32,
  stride_dbias: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read_write> dbias: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let n = id.x;
  let g = id.z;
  if (n >= params.N) { return; }
  var i = g * params.M * params.N + n;
  var sum = 0.0;
  for (var m0 = 0u; m0 < params.M; m0 += 32u) {
    var block = 0.0;
    for (var m = m0; m < min(m0 + 32u, params.M); m++) {
      block += dy[i];
      i += params.N;
    }
    sum += block;
  }
  dbias[g * params.stride_dbias + n] = sum;
}
