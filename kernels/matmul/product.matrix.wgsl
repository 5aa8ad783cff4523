// A product by subgroup matrices (tensor cores); needs Dawn's chromium-experimental-subgroup-matrix.
//
// out[row, column] = store(sum_k left[row, k] right[k, column]), left, right and store() by *.operands.wgsl, operands in the
// staged element type
//
// Shapes: those of the operands' file.
// A workgroup owns 64 x 64 outputs in four blocks of 32 x 32 and walks k in slices that it stages. A subgroup owns a block at a
// time: 128 invocations are four subgroups of 32. Where they are larger, blocks are taken in rounds; where smaller, the
// subgroups past the fourth only help to stage. So any subgroup size is right.
// Deterministic: slices ascend; the order inside a subgroup matrix is the adapter's, the same at every run.
// Sums in f32. f16 operands lose what product.f16.wgsl says they lose: chosen only when asked for.
// Run on lavapipe with f16 matrices of 8 x 8. Those of 16 x 16 and those of f32 are compiled there, never run: no
// adapter at hand has them.

const BLOCK = 32u;
const ACROSS = BLOCK / SIDE;
var<workgroup> outputs: array<f32, BLOCK * TILE>; // half of the outputs

@compute @workgroup_size(128)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
  @builtin(subgroup_id) subgroup: u32,
  @builtin(num_subgroups) subgroups: u32,
) {
  let row0 = group.x * TILE;
  let column0 = group.y * TILE;
  let g = group.z;
  for (var first = 0u; first < 4u; first += subgroups) {
    let block = first + subgroup;
    let down = block / 2u * BLOCK;
    let across = block % 2u * BLOCK;
    var sums = array<Sum, ACROSS * ACROSS>();
    for (var k0 = 0u; k0 < depth(); k0 += DEPTH) {
      stage(g, row0, column0, k0, local, 128u);
      workgroupBarrier();
      if (block < 4u) {
        for (var k = 0u; k < DEPTH; k += SIDE) {
          // Places in arrays of fours count fours.
          var b = array<Right, ACROSS>();
          for (var j = 0u; j < ACROSS; j++) {
            b[j] = subgroupMatrixLoad<Right, row_major>(&right, k * PITCH + (across + j * SIDE) / 4u, PITCH);
          }
          for (var i = 0u; i < ACROSS; i++) {
            let a = subgroupMatrixLoad<Left, col_major>(&left, k * PITCH + (down + i * SIDE) / 4u, PITCH);
            for (var j = 0u; j < ACROSS; j++) {
              sums[i * ACROSS + j] = subgroupMatrixMultiplyAccumulate(a, b[j], sums[i * ACROSS + j]);
            }
          }
        }
      }
      workgroupBarrier();
    }
    // Two blocks beside each other at a time: a matrix can only be stored whole.
    for (var half = 0u; half < 2u; half++) {
      if (block / 2u == half) {
        for (var i = 0u; i < ACROSS; i++) {
          for (var j = 0u; j < ACROSS; j++) {
            subgroupMatrixStore<row_major>(&outputs, i * SIDE * TILE + across + j * SIDE, sums[i * ACROSS + j], TILE);
          }
        }
      }
      workgroupBarrier();
      for (var i = local; i < BLOCK * TILE; i += 128u) {
        let owner = 2u * half + i % TILE / BLOCK;
        if (owner >= first && owner < first + subgroups) {
          store(g, row0 + half * BLOCK + i / TILE, column0 + i % TILE, outputs[i]);
        }
      }
      workgroupBarrier();
    }
  }
}
