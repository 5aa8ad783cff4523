// Gradient of the losses in the unembedding's input, without a buffer of logits or probabilities; the vocabulary may be a
// part of a larger one. Tiles in workgroup memory.
//
// dx[r] = (add[r]) + scale * sum_v (exp(logit[r, v] - lse[r]) - [first + v = targets[r]]) w[v]
// logit[r, v] = sum_d x[r, d] w[v, d]
//
// x [G?, R, D], w [G?, V, D], targets [G?, R] u32, lse [G, R] over the whole vocabulary, add [Ga, Ra, Da]; dx [G, R, D].
// A workgroup owns 32 rows and walks the vocabulary in tiles of 64. An invocation owns 4 rows x 4 entries of each tile of
// logits, and 4 rows x 4 columns of each 32 x 64 tile of dx, whose running sum lives in dx itself.
// Any R, V and D: rows past R repeat the last one and are not stored, entries past V weigh nothing, columns past D are zero.
// Deterministic: fixed order of summation.
// Numerics: those of backward_input.wgsl.

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

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let g = group.z;
  let first = group.x * 32u;
  let tr = local % 8u;
  let tv = local / 8u;
  let row = first + 4u * tr;
  let rows = min(row + FOUR, vec4u(params.R - 1u));
  let y = targets_of(g, rows);
  let li = vec4u(g * params.R) + rows;
  let sums = vec4f(lse[li.x], lse[li.y], lse[li.z], lse[li.w]);
  for (var v = 0u; v < params.V; v += 64u) {
    let a = logits_tile(g, first, v, local);
    let p = weigh_entries(a, v + 4u * tv + FOUR, sums, y);
    for (var j = 0u; j < 4u; j++) { ps[(4u * tv + j) * 8u + tr] = narrow(p[j]); }

    for (var d = 0u; d < params.D; d += 64u) {
      // Column j of c: component j of this invocation's four columns of dx, over its four rows.
      let column = d + 4u * tv;
      let c = mix_tile(g, v, d, local);
      put_dx(g, row, column, old_dx(g, row, column, v == 0u) + c);
    }
  }
}

/// Four columns from k of four rows of dx, at the start those of what it is added to.
fn old_dx(g: u32, row: u32, k: u32, start: bool) -> mat4x4f {
  var c = mat4x4f();
  for (var j = 0u; j < 4u; j++) {
    for (var i = 0u; i < 4u; i++) {
      if (row + i < params.R && k + j < params.D) {
        let at = (g * params.R + row + i) * params.D + k + j;
        if (!start) { c[j][i] = dx[at]; } else if (params.use_add != 0u) { c[j][i] = add[at]; }
      }
    }
  }
  return c;
}

fn put_dx(g: u32, row: u32, k: u32, c: mat4x4f) {
  for (var j = 0u; j < 4u; j++) {
    for (var i = 0u; i < 4u; i++) {
      if (row + i < params.R && k + j < params.D) {
        dx[(g * params.R + row + i) * params.D + k + j] = c[j][i];
      }
    }
  }
}
