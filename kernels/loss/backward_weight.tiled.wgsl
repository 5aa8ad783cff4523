// Gradient of the losses in the unembedding's weights, without a buffer of logits or probabilities; tiles in workgroup memory.
//
// dw[v] = scale * sum_r (exp(logit[r, v] - lse[r]) - [first + v = targets[r]]) x[r],  logit[r, v] = sum_d x[r, d] w[v, d]
//
// x [G?, R, D], w [G?, V, D], targets [G?, R] u32, lse [G, R] over the whole vocabulary; dw [G?, V, D].
// A workgroup owns 32 entries of the vocabulary and walks the rows in tiles of 64. An invocation owns 4 entries x 4 rows of
// each tile of logits, and 4 entries x 4 columns of each 32 x 64 tile of dw, whose running sum lives in dw itself.
// Any R, V and D: entries past V repeat the last one and are not stored, rows past R weigh nothing, columns past D are zero.
// Deterministic: fixed order of summation.
// Numerics: those of backward_weight.wgsl.

struct Params {
  G: u32, R: u32, V: u32, D: u32,
  stride_x: u32, stride_w: u32, stride_targets: u32, stride_dw: u32,
  scale: f32, first: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> targets: array<u32>;
@group(0) @binding(3) var<storage, read> lse: array<f32>;
@group(0) @binding(4) var<storage, read_write> dw: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

const STEP = 16u; // columns of D, or rows, a stage
var<workgroup> ws: array<vec4f, 128>; // [STEP][8 groups of 4 entries]
var<workgroup> xs: array<vec4f, 256>; // [STEP][16 groups of 4 rows or columns]
var<workgroup> ps: array<vec4f, 512>; // [64 rows][8 groups of 4 entries]: the rows' weights

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let g = group.z;
  let first = group.x * 32u;
  let te = local % 8u;
  let tr = local / 8u;
  let entry = first + 4u * te;
  let entries = vec4u(entry, entry + 1u, entry + 2u, entry + 3u);
  for (var r = 0u; r < params.R; r += 64u) {
    var a = mat4x4f();
    for (var k = 0u; k < params.D; k += STEP) {
      workgroupBarrier();
      let column = k + local % STEP;
      let lane = local / STEP;
      ws[(local % STEP) * 8u + lane] = column_w(g, first + 4u * lane, column);
      xs[(local % STEP) * 16u + lane] = column_x(g, r + 4u * lane, column);
      xs[(local % STEP) * 16u + lane + 8u] = column_x(g, r + 4u * (lane + 8u), column);
      workgroupBarrier();
      for (var i = 0u; i < STEP; i++) {
        let wv = ws[i * 8u + te];
        let xv = xs[i * 16u + tr];
        a += mat4x4f(wv * xv.x, wv * xv.y, wv * xv.z, wv * xv.w);
      }
    }
    let p = weigh_tile(a, g, r + 4u * tr + FOUR, entries);
    for (var j = 0u; j < 4u; j++) { ps[(4u * tr + j) * 8u + te] = p[j]; }

    for (var d = 0u; d < params.D; d += 64u) {
      // Column j of c: component j of this invocation's four columns of dw, over its four entries.
      var c = mat4x4f();
      let column = d + 4u * tr;
      for (var k = 0u; k < 64u; k += STEP) {
        workgroupBarrier();
        xs[local] = row_x(g, r + k + local / 16u, d + 4u * (local % 16u));
        xs[local + 128u] = row_x(g, r + k + 8u + local / 16u, d + 4u * (local % 16u));
        workgroupBarrier();
        for (var i = 0u; i < STEP; i++) {
          let pv = ps[(k + i) * 8u + te];
          let xv = xs[i * 16u + tr];
          c += mat4x4f(pv * xv.x, pv * xv.y, pv * xv.z, pv * xv.w);
        }
      }
      // The tile is summed before it joins the running sum, whose roundings would else grow with R and not with R / 64.
      if (r > 0u) { c += old_dw(g, entry, column); }
      put_dw(g, entry, column, c);
    }
  }
}

/// Four columns from k of one row of x.
fn row_x(g: u32, row: u32, k: u32) -> vec4f {
  let i = g * params.stride_x + min(row, params.R - 1u) * params.D;
  let c = vec4u(k, k + 1u, k + 2u, k + 3u);
  let j = vec4u(i) + min(c, vec4u(params.D - 1u));
  return select(vec4f(), vec4f(x[j.x], x[j.y], x[j.z], x[j.w]), c < vec4u(params.D));
}

fn old_dw(g: u32, entry: u32, k: u32) -> mat4x4f {
  var c = mat4x4f();
  for (var j = 0u; j < 4u; j++) {
    for (var i = 0u; i < 4u; i++) {
      if (entry + i < params.V && k + j < params.D) {
        c[j][i] = dw[g * params.stride_dw + (entry + i) * params.D + k + j];
      }
    }
  }
  return c;
}

fn put_dw(g: u32, entry: u32, k: u32, c: mat4x4f) {
  for (var j = 0u; j < 4u; j++) {
    for (var i = 0u; i < 4u; i++) {
      if (entry + i < params.V && k + j < params.D) {
        dw[g * params.stride_dw + (entry + i) * params.D + k + j] = c[j][i];
      }
    }
  }
}
