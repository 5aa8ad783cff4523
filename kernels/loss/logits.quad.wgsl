// Logits of 8 rows x 16 entries in registers; the lanes of a quad share the loads of the entries.

/// Column j of a tile is an entry of the vocabulary, its four components are four rows; 2 x 4 tiles.
struct Logits {
  a00: mat4x4f, a01: mat4x4f, a02: mat4x4f, a03: mat4x4f,
  a10: mat4x4f, a11: mat4x4f, a12: mat4x4f, a13: mat4x4f,
}

/// Rows that begin at x[x0] and x[x1] with the entries that the quad's lanes load from w[mine]. Column j of every tile is the
/// entry of lane `lane ^ j`.
fn logits_16(x0: vec4u, x1: vec4u, mine: vec4u) -> Logits {
  var a00 = mat4x4f();
  var a01 = mat4x4f();
  var a02 = mat4x4f();
  var a03 = mat4x4f();
  var a10 = mat4x4f();
  var a11 = mat4x4f();
  var a12 = mat4x4f();
  var a13 = mat4x4f();
  let D4 = params.D / 4u;
  for (var k = 0u; k < D4; k++) {
    let q0 = transpose(mat4x4f(x[x0.x + k], x[x0.y + k], x[x0.z + k], x[x0.w + k]));
    let q1 = transpose(mat4x4f(x[x1.x + k], x[x1.y + k], x[x1.z + k], x[x1.w + k]));
    let w0 = quad_gather(w[mine.x + k]);
    a00 += q0 * w0;
    a10 += q1 * w0;
    let w1 = quad_gather(w[mine.y + k]);
    a01 += q0 * w1;
    a11 += q1 * w1;
    let w2 = quad_gather(w[mine.z + k]);
    a02 += q0 * w2;
    a12 += q1 * w2;
    let w3 = quad_gather(w[mine.w + k]);
    a03 += q0 * w3;
    a13 += q1 * w3;
  }
  return Logits(a00, a01, a02, a03, a10, a11, a12, a13);
}

/// First elements of the entries that this lane loads: one of every four of v to v + 15; those past V repeat the last one.
fn entries_of(wi: u32, v: u32, lane: u32) -> vec4u {
  return vec4u(wi) + min(vec4u(v, v + 4u, v + 8u, v + 12u) + (lane & 3u), vec4u(params.V - 1u)) * (params.D / 4u);
}
