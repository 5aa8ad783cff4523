// A tile of logits through workgroup memory: 32 rows x 64 entries a workgroup of 128, each invocation 4 rows x 4 entries. Needs
// tiles.wgsl, and common/single.wgsl or common/half.wgsl for what the tiles are made of. Every invocation of the workgroup calls
// it, and barriers in it part it from what came before.

const STEP = 16u; // columns of D, or entries of the vocabulary, a stage
var<workgroup> xs: array<vec4<Operand>, 128>; // [STEP][8 groups of 4 rows]
var<workgroup> ws: array<vec4<Operand>, 256>; // [STEP][16 groups of 4 entries or columns]

/// Column j: entry v + 4 (local / 8) + j, over the four rows from first + 4 (local % 8).
fn logits_tile(g: u32, first: u32, v: u32, local: u32) -> mat4x4f {
  var a = mat4x4f();
  for (var k = 0u; k < params.D; k += STEP) {
    workgroupBarrier();
    let column = k + local % STEP;
    let lane = local / STEP;
    xs[(local % STEP) * 8u + lane] = narrow(column_x(g, first + 4u * lane, column));
    ws[(local % STEP) * 16u + lane] = narrow(column_w(g, v + 4u * lane, column));
    ws[(local % STEP) * 16u + lane + 8u] = narrow(column_w(g, v + 4u * (lane + 8u), column));
    workgroupBarrier();
    for (var i = 0u; i < STEP; i++) {
      let xv = vec4f(xs[i * 8u + local % 8u]);
      let wv = vec4f(ws[i * 16u + local / 8u]);
      a += mat4x4f(xv * wv.x, xv * wv.y, xv * wv.z, xv * wv.w);
    }
  }
  return a;
}
