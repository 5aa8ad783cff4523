// The share of a tile of 64 entries in dx: their rows of w, mixed by weights in workgroup memory. Needs logits.tiled.wgsl.

var<workgroup> ps: array<vec4<Operand>, 512>; // [64 entries][8 groups of 4 rows]: the entries' weights

/// Column j: column d + 4 (local / 8) + j of dx, over the four rows of local % 8; barriers as in logits_tile.
fn mix_tile(g: u32, v: u32, d: u32, local: u32) -> mat4x4f {
  var c = mat4x4f();
  for (var k = 0u; k < 64u; k += STEP) {
    workgroupBarrier();
    ws[local] = narrow(row_w(g, v + k + local / 16u, d + 4u * (local % 16u)));
    ws[local + 128u] = narrow(row_w(g, v + k + 8u + local / 16u, d + 4u * (local % 16u)));
    workgroupBarrier();
    for (var i = 0u; i < STEP; i++) {
      let pv = vec4f(ps[(k + i) * 8u + local % 8u]);
      let wv = vec4f(ws[i * 16u + local / 8u]);
      c += mat4x4f(pv * wv.x, pv * wv.y, pv * wv.z, pv * wv.w);
    }
  }
  return c;
}
