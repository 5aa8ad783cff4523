// Flash loss by subgroup matrices (tensor cores): per-token losses of an unembedding and their gradient in x, in one pass and
// without a buffer of logits; needs Dawn's chromium-experimental-subgroup-matrix.
//
// logit[r, v] = sum_d x[r, d] w[v, d];  lse[r] = log sum_v exp(logit[r, v]);  losses[r] = lse[r] - logit[r, targets[r]]
// dx[r] = scale * (sum_v exp(logit[r, v] - lse[r]) w[v] - w[targets[r]])
//
// x [G?, R, D], w [G?, V, D], targets [G?, R] u32 below V; losses, lse [G, R], in nats; dx [G, R, D].
// A workgroup owns 32 rows and walks the vocabulary in tiles of 64 with a running maximum and sum a row. Both products, the tile
// of logits and its share in 64 columns of dx, are 32 x 64 in four blocks of 16 x 32; a subgroup owns a block at a time, so any
// subgroup size is right (product.matrix.wgsl). For the softmax an invocation owns 16 entries of a row, for dx every other row of
// a column: the running sum of dx lives in dx itself.
// Any R, V and D: rows past the end repeat the last one and are not stored, entries past V are masked, columns past D zero.
// Deterministic: tiles ascend; the order inside a subgroup matrix is the adapter's, the same at every run.
// Sums, maxima and exponentials in f32; x, w and the softmax's weights are rounded to f16 and lose 2^-11 of their size, weights
// below 3e-8 of the largest vanish from dx. Chosen only when asked for.
// Run on lavapipe with matrices of 8 x 8. Those of 16 x 16 are compiled there, never run: no adapter at hand has them.

struct Params { G: u32, R: u32, V: u32, D: u32, stride_x: u32, stride_w: u32, stride_targets: u32, scale: f32 }

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> targets: array<u32>;
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;
@group(0) @binding(4) var<storage, read_write> lse: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

var<workgroup> peers: array<f32, 128>; // [4 parts][32 rows]
var<workgroup> factors: array<f32, ROWS>;

@compute @workgroup_size(128)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
  @builtin(subgroup_id) subgroup: u32,
  @builtin(num_subgroups) subgroups: u32,
) {
  let g = group.z;
  let first = group.x * ROWS;
  let row = local % ROWS;
  let part = local / ROWS;
  let y = target_of(g, first + row);
  var m = LOWEST;
  var s = 0.0;
  var t = 0.0;
  for (var v = 0u; v < params.V; v += TILE) {
    logits(g, first, v, local, subgroup, subgroups);
    var a = array<f32, 16>();
    var n = m;
    for (var j = 0u; j < 16u; j++) {
      let entry = part * 16u + j;
      a[j] = select(LOWEST, tile[row * TILE_PITCH + entry], v + entry < params.V);
      if (v + entry == y) { t = a[j]; }
      n = max(n, a[j]);
    }
    n = max_peers(n, local);
    let factor = exp(max(m - n, -80.0));
    if (part == 0u) { factors[row] = factor; }
    m = n;
    s *= factor;
    for (var j = 0u; j < 16u; j++) {
      let p = exp(max(a[j] - n, -80.0));
      s += p;
      ps[(part * 16u + j) * ROW_PITCH + row] = Operand(p);
    }
    for (var d = 0u; d < params.D; d += TILE) {
      mix(g, v, d, local, subgroup, subgroups);
      for (var i = local; i < ROWS * TILE; i += 128u) {
        let r = i / TILE;
        let k = d + i % TILE;
        if (first + r < params.R && k < params.D) {
          let o = (g * params.R + first + r) * params.D + k;
          var sum = tile[r * TILE_PITCH + i % TILE];
          if (v > 0u) { sum += factors[r] * dx[o]; }
          dx[o] = sum;
        }
      }
    }
  }
  s = sum_peers(s, local);
  t = sum_peers(t, local);
  if (part == 0u) { factors[row] = params.scale / s; }
  workgroupBarrier();
  for (var d = 0u; d < params.D; d += TILE) {
    for (var i = local; i < ROWS * TILE; i += 128u) {
      let r = i / TILE;
      let k = d + i % TILE;
      if (first + r < params.R && k < params.D) {
        let o = (g * params.R + first + r) * params.D + k;
        // Rounded as the staged ones are: where the target has all the weight, it cancels.
        let own = rounded(vec4f(w[g * params.stride_w + target_of(g, first + r) * params.D + k])).x;
        dx[o] = factors[r] * dx[o] - params.scale * own;
      }
    }
  }
  if (part > 0u || first + row >= params.R) { return; }
  lse[g * params.R + first + row] = m + log(s);
  losses[g * params.R + first + row] = log(s) + (m - t);
}

fn target_of(g: u32, row: u32) -> u32 {
  return targets[g * params.stride_targets + min(row, params.R - 1u)];
}

/// The maximum of the four invocations that share a row; barriers in it part it from what came before.
fn max_peers(mine: f32, local: u32) -> f32 {
  workgroupBarrier();
  peers[local] = mine;
  workgroupBarrier();
  let row = local % ROWS;
  return max(max(peers[row], peers[row + 32u]), max(peers[row + 64u], peers[row + 96u]));
}

/// Their sum.
fn sum_peers(mine: f32, local: u32) -> f32 {
  workgroupBarrier();
  peers[local] = mine;
  workgroupBarrier();
  let row = local % ROWS;
  return (peers[row] + peers[row + 32u]) + (peers[row + 64u] + peers[row + 96u]);
}
