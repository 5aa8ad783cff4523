// Gradient of the losses in the unembedding's input, without a buffer of logits or probabilities; the vocabulary may be a
// part of a larger one. Four lanes share their loads.
//
// dx[r] = (add[r]) + scale * sum_v (exp(logit[r, v] - lse[r]) - [first + v = targets[r]]) w[v]
// logit[r, v] = sum_d x[r, d] w[v, d]
//
// x [G?, R, D], w [G?, V, D], targets [G?, R] u32, lse [G, R] over the whole vocabulary, add [Ga, Ra, Da]; dx [G, R, D].
// An invocation owns 8 rows and walks the vocabulary in tiles of 16, of which each lane of its quad loads 4 and passes them
// round; the running sum lives in dx itself. A workgroup owns 64 rows.
// D and the strides are multiples of 4. Rows past the end repeat the invocation's last one and store the same values over
// it; invocations without any row compute along, for their quad, and store nothing. Entries past V weigh nothing.
// Deterministic: fixed order of summation whatever the subgroup size. Lanes hold the entries of a tile in different orders
// but add them in the same pairs, so that a row's bits do not depend on its lane.
// Numerics: those of backward_input.wgsl.

struct Params {
  G: u32, R: u32, V: u32, D: u32, Ga: u32, Ra: u32, Da: u32,
  stride_x: u32, stride_w: u32, stride_targets: u32,
  scale: f32, first: u32, use_add: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> w: array<vec4f>;
@group(0) @binding(2) var<storage, read> targets: array<u32>;
@group(0) @binding(3) var<storage, read> lse: array<f32>;
@group(0) @binding(4) var<storage, read> add: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let g = id.z;
  let first = id.x * 8u;
  let owns = first < params.R;
  let D4 = params.D / 4u;
  let last = vec4u(params.R - 1u);
  let rows0 = min(first + FOUR, last);
  let rows1 = min(first + 4u + FOUR, last);
  let base = g * (params.stride_x / 4u);
  let x0 = vec4u(base) + rows0 * D4;
  let x1 = vec4u(base) + rows1 * D4;
  let o = g * params.R;
  let o0 = (vec4u(o) + rows0) * D4;
  let o1 = (vec4u(o) + rows1) * D4;
  let y0 = targets_of(g, rows0);
  let y1 = targets_of(g, rows1);
  let sums0 = sums_of(vec4u(o) + rows0);
  let sums1 = sums_of(vec4u(o) + rows1);
  let wi = g * (params.stride_w / 4u);
  if (owns) {
    for (var k = 0u; k < D4; k++) {
      put_rows(o0, k, added_rows(o0, k));
      put_rows(o1, k, added_rows(o1, k));
    }
  }
  for (var v = 0u; v < params.V; v += 16u) {
    let mine = entries_of(wi, v, lane);
    let tile = logits_16(x0, x1, mine);
    let e = v + (FOUR ^ vec4u(lane & 3u));
    let p00 = transpose(weigh_entries(tile.a00, e, sums0, y0));
    let p01 = transpose(weigh_entries(tile.a01, e + 4u, sums0, y0));
    let p02 = transpose(weigh_entries(tile.a02, e + 8u, sums0, y0));
    let p03 = transpose(weigh_entries(tile.a03, e + 12u, sums0, y0));
    let p10 = transpose(weigh_entries(tile.a10, e, sums1, y1));
    let p11 = transpose(weigh_entries(tile.a11, e + 4u, sums1, y1));
    let p12 = transpose(weigh_entries(tile.a12, e + 8u, sums1, y1));
    let p13 = transpose(weigh_entries(tile.a13, e + 12u, sums1, y1));
    for (var k = 0u; k < D4; k++) {
      let w0 = quad_gather(w[mine.x + k]);
      var d0 = quad_mix(w0, p00);
      var d1 = quad_mix(w0, p10);
      let w1 = quad_gather(w[mine.y + k]);
      d0 += quad_mix(w1, p01);
      d1 += quad_mix(w1, p11);
      let w2 = quad_gather(w[mine.z + k]);
      d0 += quad_mix(w2, p02);
      d1 += quad_mix(w2, p12);
      let w3 = quad_gather(w[mine.w + k]);
      d0 += quad_mix(w3, p03);
      d1 += quad_mix(w3, p13);
      if (owns) {
        // Both are read before either is stored: past the end they are the same rows.
        d0 += old_rows(o0, k);
        d1 += old_rows(o1, k);
        put_rows(o0, k, d0);
        put_rows(o1, k, d1);
      }
    }
  }
}

fn sums_of(i: vec4u) -> vec4f {
  return vec4f(lse[i.x], lse[i.y], lse[i.z], lse[i.w]);
}

/// Four rows of what dx is added to, as columns.
fn added_rows(i: vec4u, k: u32) -> mat4x4f {
  if (params.use_add == 0u) { return mat4x4f(); }
  return mat4x4f(add[i.x + k], add[i.y + k], add[i.z + k], add[i.w + k]);
}

/// Four rows of dx as columns.
fn old_rows(i: vec4u, k: u32) -> mat4x4f {
  return mat4x4f(dx[i.x + k], dx[i.y + k], dx[i.z + k], dx[i.w + k]);
}

fn put_rows(i: vec4u, k: u32, d: mat4x4f) {
  dx[i.x + k] = d[0];
  dx[i.y + k] = d[1];
  dx[i.z + k] = d[2];
  dx[i.w + k] = d[3];
}
