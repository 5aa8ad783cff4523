// Logits of 4 rows x 16 entries in registers, for the variants that take any D.

/// Column j of a tile is an entry of the vocabulary, its four components are four rows; four neighboring tiles.
struct Logits { a0: mat4x4f, a1: mat4x4f, a2: mat4x4f, a3: mat4x4f }

/// Rows that begin at x[xi] with entries v to v + 15 of the weights that begin at w[wi].
fn logits_16(xi: vec4u, wi: u32, v: u32) -> Logits {
  var a0 = mat4x4f();
  var a1 = mat4x4f();
  var a2 = mat4x4f();
  var a3 = mat4x4f();
  for (var k = 0u; k < params.D; k += 4u) {
    let xt = transpose(mat4x4f(x4(xi.x, k), x4(xi.y, k), x4(xi.z, k), x4(xi.w, k)));
    a0 += xt * w_tile(wi, v, k);
    a1 += xt * w_tile(wi, v + 4u, k);
    a2 += xt * w_tile(wi, v + 8u, k);
    a3 += xt * w_tile(wi, v + 12u, k);
  }
  return Logits(a0, a1, a2, a3);
}

/// Vocabulary entries v to v + 3 as columns, four components from k; entries past V repeat the last one.
fn w_tile(base: u32, v: u32, k: u32) -> mat4x4f {
  let i = vec4u(base) + min(vec4u(v, v + 1u, v + 2u, v + 3u), vec4u(params.V - 1u)) * params.D;
  return mat4x4f(w4(i.x, k), w4(i.y, k), w4(i.z, k), w4(i.w, k));
}
