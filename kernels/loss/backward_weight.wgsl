// Gradient of the losses in the unembedding's weights, without a buffer of logits or probabilities.
//
// dw[v] = scale * sum_r (exp(logit[r, v] - lse[r]) - [first + v = targets[r]]) x[r],  logit[r, v] = sum_d x[r, d] w[v, d]
//
// x [G?, R, D], w [G?, V, D], targets [G?, R] u32, lse [G, R] over the whole vocabulary; dw [G?, V, D].
// An invocation owns 4 entries of the vocabulary and walks the rows in tiles of 16; the running sum lives in dw itself, so
// that any D works. A workgroup owns 32 entries.
// Any R, V and D: entries past the end repeat the invocation's last one and store the same values over it, rows past R weigh
// nothing, columns past D are not stored.
// Deterministic: fixed order of summation, nothing shared between invocations.
// Numerics: exponents are at most 0 up to rounding, since lse is the log-sum-exp of the same logits.

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

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let g = id.z;
  let first = id.x * 4u;
  if (first >= params.V) { return; }
  let entries = min(vec4u(first, first + 1u, first + 2u, first + 3u), vec4u(params.V - 1u));
  let wi = vec4u(g * params.stride_w) + entries * params.D;
  let oi = vec4u(g * params.stride_dw) + entries * params.D;
  let xi = g * params.stride_x;
  for (var k = 0u; k < params.D; k += 4u) { put_rows(oi, k, mat4x4f()); }
  for (var r = 0u; r < params.R; r += 16u) {
    var a0 = mat4x4f();
    var a1 = mat4x4f();
    var a2 = mat4x4f();
    var a3 = mat4x4f();
    for (var k = 0u; k < params.D; k += 4u) {
      let wt = transpose(mat4x4f(w4(wi.x, k), w4(wi.y, k), w4(wi.z, k), w4(wi.w, k)));
      a0 += wt * x_tile(xi, r, k);
      a1 += wt * x_tile(xi, r + 4u, k);
      a2 += wt * x_tile(xi, r + 8u, k);
      a3 += wt * x_tile(xi, r + 12u, k);
    }
    a0 = transpose(weigh_tile(a0, g, r + FOUR, entries));
    a1 = transpose(weigh_tile(a1, g, r + 4u + FOUR, entries));
    a2 = transpose(weigh_tile(a2, g, r + 8u + FOUR, entries));
    a3 = transpose(weigh_tile(a3, g, r + 12u + FOUR, entries));
    for (var k = 0u; k < params.D; k += 4u) {
      var d = mat4x4f(dw4(oi.x, k), dw4(oi.y, k), dw4(oi.z, k), dw4(oi.w, k));
      d += x_tile(xi, r, k) * a0;
      d += x_tile(xi, r + 4u, k) * a1;
      d += x_tile(xi, r + 8u, k) * a2;
      d += x_tile(xi, r + 12u, k) * a3;
      put_rows(oi, k, d);
    }
  }
}

/// Rows r to r + 3 as columns, four components from k; rows past R repeat the last one.
fn x_tile(base: u32, r: u32, k: u32) -> mat4x4f {
  let i = vec4u(base) + min(vec4u(r, r + 1u, r + 2u, r + 3u), vec4u(params.R - 1u)) * params.D;
  return mat4x4f(x4(i.x, k), x4(i.y, k), x4(i.z, k), x4(i.w, k));
}

fn dw4(entry: u32, k: u32) -> vec4f {
  let last = params.D - 1u;
  return vec4f(dw[entry + k], dw[entry + min(k + 1u, last)], dw[entry + min(k + 2u, last)], dw[entry + min(k + 3u, last)]);
}

fn put_rows(i: vec4u, k: u32, d: mat4x4f) {
  let count = min(4u, params.D - k);
  for (var j = 0u; j < 4u; j++) {
    for (var c = 0u; c < count; c++) { dw[i[j] + k + c] = d[j][c]; }
  }
}
