// Gradient of the losses in the unembedding's input, without a buffer of logits or probabilities; the vocabulary may be a
// part of a larger one.
//
// dx[r] = (add[r]) + scale * sum_v (exp(logit[r, v] - lse[r]) - [first + v = targets[r]]) w[v]
// logit[r, v] = sum_d x[r, d] w[v, d]
//
// x [G?, R, D], w [G?, V, D], targets [G?, R] u32, lse [G, R] over the whole vocabulary, add [Ga, Ra, Da]; dx [G, R, D].
// An invocation owns 4 rows and walks the vocabulary in tiles of 16; the running sum lives in dx itself, so that any D works.
// A workgroup owns 32 rows.
// Any R, V and D: rows past the end repeat the invocation's last one and store the same values over it, entries past V weigh
// nothing, columns past D are zero.
// Deterministic: fixed order of summation, nothing shared between invocations.
// Numerics: exponents are at most 0 up to rounding, since lse is the log-sum-exp of these logits and more. A tile is summed
// before it joins the running sum, so that this is rounded V / 16 times; the target is taken off in its tile, where it
// cancels a probability near 1.

struct Params {
  G: u32, R: u32, V: u32, D: u32, Ga: u32, Ra: u32, Da: u32,
  stride_x: u32, stride_w: u32, stride_targets: u32,
  scale: f32, first: u32, use_add: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read> targets: array<u32>;
@group(0) @binding(3) var<storage, read> lse: array<f32>;
@group(0) @binding(4) var<storage, read> add: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let first = id.x * 4u;
  if (first >= params.R) { return; }
  let rows = min(first + FOUR, vec4u(params.R - 1u));
  let xi = vec4u(id.z * params.stride_x) + rows * params.D;
  let wi = id.z * params.stride_w;
  let y = targets_of(id.z, rows);
  let li = vec4u(id.z * params.R) + rows;
  let sums = vec4f(lse[li.x], lse[li.y], lse[li.z], lse[li.w]);
  let oi = li * params.D;
  for (var k = 0u; k < params.D; k += 4u) { put_rows(oi, k, added_rows(oi, k)); }
  for (var v = 0u; v < params.V; v += 16u) {
    let tile = logits_16(xi, wi, v);
    let e = v + FOUR;
    let p0 = transpose(weigh_entries(tile.a0, e, sums, y));
    let p1 = transpose(weigh_entries(tile.a1, e + 4u, sums, y));
    let p2 = transpose(weigh_entries(tile.a2, e + 8u, sums, y));
    let p3 = transpose(weigh_entries(tile.a3, e + 12u, sums, y));
    for (var k = 0u; k < params.D; k += 4u) {
      let old = mat4x4f(dx4(oi.x, k), dx4(oi.y, k), dx4(oi.z, k), dx4(oi.w, k));
      put_rows(oi, k, old + ((w_tile(wi, v, k) * p0 + w_tile(wi, v + 4u, k) * p1)
        + (w_tile(wi, v + 8u, k) * p2 + w_tile(wi, v + 12u, k) * p3)));
    }
  }
}

/// Four columns from k of four rows of what dx is added to.
fn added_rows(i: vec4u, k: u32) -> mat4x4f {
  if (params.use_add == 0u) { return mat4x4f(); }
  return mat4x4f(add4(i.x + k), add4(i.y + k), add4(i.z + k), add4(i.w + k));
}

/// Four elements; a ragged row's last ones belong to the next row and are not stored.
fn add4(i: u32) -> vec4f {
  let j = min(vec4u(i) + FOUR, vec4u(params.G * params.R * params.D - 1u));
  return vec4f(add[j.x], add[j.y], add[j.z], add[j.w]);
}

fn dx4(row: u32, k: u32) -> vec4f {
  let last = params.D - 1u;
  return vec4f(dx[row + k], dx[row + min(k + 1u, last)], dx[row + min(k + 2u, last)], dx[row + min(k + 3u, last)]);
}

fn put_rows(i: vec4u, k: u32, d: mat4x4f) {
  let count = min(4u, params.D - k);
  for (var j = 0u; j < 4u; j++) {
    for (var c = 0u; c < count; c++) { dx[i[j] + k + c] = d[j][c]; }
  }
}
