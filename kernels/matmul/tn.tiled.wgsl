// A linear layer's weight gradient, tiled through workgroup memory, for GPUs.
//
// dw[g,n,k] = sum_m dy[g,m,n] x[g,m,k]
//
// dy [G,M,N], x [G?,M,K], dw [G?,N,K].
// A workgroup owns 32 x 32 outputs. Its 256 invocations are four teams of 64; a team takes every fourth slice of 8 rows m and
// keeps it in workgroup memory, an invocation of it owns 4 x 4 outputs, 8 apart. The teams' sums are added in the end.
// Deterministic: each team sums m ascending, then the teams are added in their order.
// Products and sums in f32; masks are clamped indices, so a row past the end is computed and never written.

struct Params {
  G: u32, M: u32, N: u32, K: u32,
  stride_x: u32, stride_dw: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> dw: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

// [4 teams][8 m][32]; in the end `left` holds the [32][32] totals.
var<workgroup> left: array<f32, 1024>;
var<workgroup> right: array<f32, 1024>;

fn store(g: u32, n: u32, k: u32, value: f32) {
  if (n < params.N && k < params.K) { dw[g * params.stride_dw + n * params.K + k] = value; }
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let n0 = group.x * 32u;
  let k0 = group.y * 32u;
  let g = group.z;
  let team = local / 64u;
  let mate = local % 64u;
  let u = mate % 8u;
  let t = mate / 8u;
  var sums = array<vec4f, 4>();
  for (var slice = 0u; slice < params.M; slice += 32u) {
    for (var i = 0u; i < 4u; i++) {
      let place = i * 64u + mate;
      let m = slice + team * 8u + place / 32u;
      let n = n0 + place % 32u;
      let k = k0 + place % 32u;
      var a = 0.0;
      var b = 0.0;
      if (m < params.M && n < params.N) { a = dy[(g * params.M + m) * params.N + n]; }
      if (m < params.M && k < params.K) { b = x[g * params.stride_x + m * params.K + k]; }
      left[team * 256u + place] = a;
      right[team * 256u + place] = b;
    }
    workgroupBarrier();
    for (var m = 0u; m < 8u; m++) {
      let row = team * 256u + m * 32u;
      let v = vec4f(right[row + u], right[row + u + 8u], right[row + u + 16u], right[row + u + 24u]);
      for (var i = 0u; i < 4u; i++) { sums[i] += left[row + t + i * 8u] * v; }
    }
    workgroupBarrier();
  }
  // left becomes the running total, handed from team to team.
  for (var turn = 0u; turn < 4u; turn++) {
    if (team == turn) {
      for (var i = 0u; i < 4u; i++) {
        for (var j = 0u; j < 4u; j++) {
          let place = (t + i * 8u) * 32u + u + j * 8u;
          var total = sums[i][j];
          if (turn > 0u) { total += left[place]; }
          left[place] = total;
        }
      }
    }
    workgroupBarrier();
  }
  for (var place = local; place < 1024u; place += 256u) { store(g, n0 + place / 32u, k0 + place % 32u, left[place]); }
}
