// Gradient of the losses in the unembedding's weights, without a buffer of logits or probabilities; four
// lanes share their loads.
//
// dw[v] = scale * sum_r (exp(logit[r, v] - lse[r]) - [first + v = targets[r]]) x[r],  logit[r, v] = sum_d x[r, d] w[v, d]
//
// x [G?, R, D], w [G?, V, D], targets [G?, R] u32, lse [G, R] over the whole vocabulary; dw [G?, V, D].
// An invocation owns 8 entries of the vocabulary and walks the rows in tiles of 16, of which each lane of its quad loads 4 and
// passes them round; the running sum lives in dw itself. A workgroup owns 64 entries.
// D and the strides are multiples of 4. Entries past the end repeat the invocation's last one and store the same values over
// it; invocations without any entry compute along, for their quad, and store nothing. Rows past R weigh nothing.
// Deterministic: fixed order of summation whatever the subgroup size. Lanes hold the rows of a tile in different orders but
// add them in the same pairs, so that an entry's bits do not depend on its lane.
// Numerics: those of backward_weight.wgsl.

struct Params {
  G: u32, R: u32, V: u32, D: u32,
  stride_x: u32, stride_w: u32, stride_targets: u32, stride_dw: u32,
  scale: f32, first: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> w: array<vec4f>;
@group(0) @binding(2) var<storage, read> targets: array<u32>;
@group(0) @binding(3) var<storage, read> lse: array<f32>;
@group(0) @binding(4) var<storage, read_write> dw: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let g = id.z;
  let first = id.x * 8u;
  let owns = first < params.V;
  let D4 = params.D / 4u;
  let last = vec4u(params.V - 1u);
  let entries0 = min(vec4u(first, first + 1u, first + 2u, first + 3u), last);
  let entries1 = min(vec4u(first + 4u, first + 5u, first + 6u, first + 7u), last);
  let base = g * (params.stride_w / 4u);
  let w0 = vec4u(base) + entries0 * D4;
  let w1 = vec4u(base) + entries1 * D4;
  let o = g * (params.stride_dw / 4u);
  let o0 = vec4u(o) + entries0 * D4;
  let o1 = vec4u(o) + entries1 * D4;
  let xi = g * (params.stride_x / 4u);
  if (owns) {
    for (var k = 0u; k < D4; k++) {
      put_rows(o0, k, mat4x4f());
      put_rows(o1, k, mat4x4f());
    }
  }
  for (var r = 0u; r < params.R; r += 16u) {
    let mine = vec4u(xi) + min(vec4u(r, r + 4u, r + 8u, r + 12u) + (lane & 3u), vec4u(params.R - 1u)) * D4;
    var a00 = mat4x4f();
    var a01 = mat4x4f();
    var a02 = mat4x4f();
    var a03 = mat4x4f();
    var a10 = mat4x4f();
    var a11 = mat4x4f();
    var a12 = mat4x4f();
    var a13 = mat4x4f();
    for (var k = 0u; k < D4; k++) {
      let q0 = transpose(mat4x4f(w[w0.x + k], w[w0.y + k], w[w0.z + k], w[w0.w + k]));
      let q1 = transpose(mat4x4f(w[w1.x + k], w[w1.y + k], w[w1.z + k], w[w1.w + k]));
      let x0 = quad_gather(x[mine.x + k]);
      a00 += q0 * x0;
      a10 += q1 * x0;
      let x1 = quad_gather(x[mine.y + k]);
      a01 += q0 * x1;
      a11 += q1 * x1;
      let x2 = quad_gather(x[mine.z + k]);
      a02 += q0 * x2;
      a12 += q1 * x2;
      let x3 = quad_gather(x[mine.w + k]);
      a03 += q0 * x3;
      a13 += q1 * x3;
    }
    let rows = r + (FOUR ^ vec4u(lane & 3u));
    let p00 = transpose(weigh_tile(a00, g, rows, entries0));
    let p01 = transpose(weigh_tile(a01, g, rows + 4u, entries0));
    let p02 = transpose(weigh_tile(a02, g, rows + 8u, entries0));
    let p03 = transpose(weigh_tile(a03, g, rows + 12u, entries0));
    let p10 = transpose(weigh_tile(a10, g, rows, entries1));
    let p11 = transpose(weigh_tile(a11, g, rows + 4u, entries1));
    let p12 = transpose(weigh_tile(a12, g, rows + 8u, entries1));
    let p13 = transpose(weigh_tile(a13, g, rows + 12u, entries1));
    for (var k = 0u; k < D4; k++) {
      var d0 = old_rows(o0, k);
      var d1 = old_rows(o1, k);
      let x0 = quad_gather(x[mine.x + k]);
      d0 += quad_mix(x0, p00);
      d1 += quad_mix(x0, p10);
      let x1 = quad_gather(x[mine.y + k]);
      d0 += quad_mix(x1, p01);
      d1 += quad_mix(x1, p11);
      let x2 = quad_gather(x[mine.z + k]);
      d0 += quad_mix(x2, p02);
      d1 += quad_mix(x2, p12);
      let x3 = quad_gather(x[mine.w + k]);
      d0 += quad_mix(x3, p03);
      d1 += quad_mix(x3, p13);
      if (owns) {
        put_rows(o0, k, d0);
        put_rows(o1, k, d1);
      }
    }
  }
}

/// Four entries of dw as columns.
fn old_rows(i: vec4u, k: u32) -> mat4x4f {
  return mat4x4f(dw[i.x + k], dw[i.y + k], dw[i.z + k], dw[i.w + k]);
}

fn put_rows(i: vec4u, k: u32, d: mat4x4f) {
  dw[i.x + k] = d[0];
  dw[i.y + k] = d[1];
  dw[i.z + k] = d[2];
  dw[i.w + k] = d[3];
}
