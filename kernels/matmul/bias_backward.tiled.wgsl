// A linear layer's bias gradient, reduced through workgroup memory, for GPUs.
//
// dbias[g,n] = sum_m dy[g,m,n]
//
// dy [G,M,N], dbias [G?,N].
// A workgroup owns 16 columns n of a group; its 256 invocations are 16 rows of 16, and row r sums m = r, r + 16, ...
// Deterministic: each row sums m ascending, then the rows are added in their order.
// Sixteen partial sums keep the rounding error of a long sum small.

struct Params {
  G: u32, M: u32, N: u32,
  stride_dbias: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read_write> dbias: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

var<workgroup> partial: array<f32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let n = group.x * 16u + local % 16u;
  let g = group.z;
  var sum = 0.0;
  if (n < params.N) {
    for (var m = local / 16u; m < params.M; m += 16u) { sum += dy[(g * params.M + m) * params.N + n]; }
  }
  partial[local] = sum;
  workgroupBarrier();
  if (local < 16u && n < params.N) {
    for (var r = 1u; r < 16u; r++) { sum += partial[r * 16u + local]; }
    dbias[g * params.stride_dbias + n] = sum;
  }
}
