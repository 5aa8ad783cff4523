// Tiles of both operands in workgroup memory, in the element type of common/half.wgsl or common/single.wgsl. Needs left4(), right4()
// and depth() of *.operands.wgsl.

alias Four = vec4<Operand>;
const TILE = 64u; // rows and columns of the output that a workgroup owns
const DEPTH = 32u; // terms of a sum that are staged at a time
// Fours from one term to the next: 16 and two more, so that neighboring terms lie on other memory banks; rows keep the
// alignment of 16 bytes that subgroup matrices need.
const PITCH = 18u;
var<workgroup> left: array<Four, DEPTH * PITCH>; // [DEPTH][64 rows]
var<workgroup> right: array<Four, DEPTH * PITCH>; // [DEPTH][64 columns]

/// Loads the terms k0 to k0 + DEPTH - 1 of 64 rows and 64 columns; `width` invocations share the work. Barriers are the
/// caller's. Eight neighbors lie along the terms and the rest along rows: both operands have whole 32-byte sectors in that.
fn stage(g: u32, row0: u32, column0: u32, k0: u32, local: u32, width: u32) {
  for (var i = local; i < DEPTH * 16u; i += width) {
    let k = i % 8u + i / 128u * 8u;
    let four = i / 8u % 16u;
    left[k * PITCH + four] = narrow(left4(g, row0 + 4u * four, k0 + k));
    right[k * PITCH + four] = narrow(right4(g, column0 + 4u * four, k0 + k));
  }
}
