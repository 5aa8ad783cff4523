// Both products of a flash loss by subgroup matrices, 32 rows x 64 entries or columns a workgroup of 128: four blocks of 16 x 32, a
// subgroup owns one at a time. With fewer subgroups blocks are taken in rounds, those past the fourth only help to stage.
// Needs tiles.wgsl, common/half.wgsl and common/matrix.*.wgsl. Every invocation of the workgroup calls these together; barriers in
// them part them from what came before and comes after.

const ROWS = 32u;
const TILE = 64u; // entries of the vocabulary, or columns of dx
const DEPTH = 32u; // terms of a product that are staged at a time
const DOWN = 16u / SIDE;
const ACROSS = 32u / SIDE;
// Pitches: what fits, and padding that spreads neighbors over memory banks; rows keep the alignment of 16 bytes.
const ROW_FOURS = 10u;
const TILE_FOURS = 18u;
const ROW_PITCH = 40u;
const TILE_PITCH = 68u;
var<workgroup> xs: array<vec4<Operand>, DEPTH * ROW_FOURS>; // [DEPTH columns][32 rows]
var<workgroup> ws: array<vec4<Operand>, DEPTH * TILE_FOURS>; // [DEPTH columns][64 entries] or [DEPTH entries][64 columns]
var<workgroup> ps: array<Operand, TILE * ROW_PITCH>; // [64 entries][32 rows]: exp(logit - maximum)
var<workgroup> tile: array<f32, ROWS * TILE_PITCH>; // [32 rows][64]: a product

/// The 64 entries from v of the 32 rows' logits, to tile.
fn logits(g: u32, first: u32, v: u32, local: u32, subgroup: u32, subgroups: u32) {
  for (var start = 0u; start < 4u; start += subgroups) {
    let block = start + subgroup;
    let down = block / 2u * 16u;
    let across = block % 2u * 32u;
    var sums = array<Sum, DOWN * ACROSS>();
    for (var k0 = 0u; k0 < params.D; k0 += DEPTH) {
      workgroupBarrier();
      // Eight neighbors lie along the columns and the rest along rows: whole 32-byte sectors.
      for (var i = local; i < DEPTH * 8u; i += 128u) {
        let k = i % 8u + i / 64u * 8u;
        let four = i / 8u % 8u;
        xs[k * ROW_FOURS + four] = narrow(column_x(g, first + 4u * four, k0 + k));
      }
      for (var i = local; i < DEPTH * 16u; i += 128u) {
        let k = i % 8u + i / 128u * 8u;
        let four = i / 8u % 16u;
        ws[k * TILE_FOURS + four] = narrow(column_w(g, v + 4u * four, k0 + k));
      }
      workgroupBarrier();
      if (block < 4u) {
        for (var k = 0u; k < DEPTH; k += SIDE) {
          for (var i = 0u; i < DOWN; i++) {
            let a = subgroupMatrixLoad<Left, col_major>(&xs, k * ROW_FOURS + (down + i * SIDE) / 4u, ROW_FOURS);
            for (var j = 0u; j < ACROSS; j++) {
              let b = subgroupMatrixLoad<Right, row_major>(&ws, k * TILE_FOURS + (across + j * SIDE) / 4u, TILE_FOURS);
              sums[i * ACROSS + j] = subgroupMatrixMultiplyAccumulate(a, b, sums[i * ACROSS + j]);
            }
          }
        }
      }
    }
    if (block < 4u) { put_block(&sums, down * TILE_PITCH + across); }
  }
  workgroupBarrier();
}

/// The share of the 64 entries from v in the 64 columns from d of the 32 rows of dx, to tile.
fn mix(g: u32, v: u32, d: u32, local: u32, subgroup: u32, subgroups: u32) {
  for (var start = 0u; start < 4u; start += subgroups) {
    let block = start + subgroup;
    let down = block / 2u * 16u;
    let across = block % 2u * 32u;
    var sums = array<Sum, DOWN * ACROSS>();
    for (var k0 = 0u; k0 < TILE; k0 += DEPTH) {
      workgroupBarrier();
      for (var i = local; i < DEPTH * 16u; i += 128u) {
        ws[i / 16u * TILE_FOURS + i % 16u] = narrow(row_w(g, v + k0 + i / 16u, d + 4u * (i % 16u)));
      }
      workgroupBarrier();
      if (block < 4u) {
        for (var k = 0u; k < DEPTH; k += SIDE) {
          for (var i = 0u; i < DOWN; i++) {
            let a = subgroupMatrixLoad<Left, col_major>(&ps, (k0 + k) * ROW_PITCH + down + i * SIDE, ROW_PITCH);
            for (var j = 0u; j < ACROSS; j++) {
              let b = subgroupMatrixLoad<Right, row_major>(&ws, k * TILE_FOURS + (across + j * SIDE) / 4u, TILE_FOURS);
              sums[i * ACROSS + j] = subgroupMatrixMultiplyAccumulate(a, b, sums[i * ACROSS + j]);
            }
          }
        }
      }
    }
    if (block < 4u) { put_block(&sums, down * TILE_PITCH + across); }
  }
  workgroupBarrier();
}

/// Stores a block of a product, whose first element has this place in tile.
fn put_block(sums: ptr<function, array<Sum, DOWN * ACROSS>>, at: u32) {
  for (var i = 0u; i < DOWN; i++) {
    for (var j = 0u; j < ACROSS; j++) {
      subgroupMatrixStore<row_major>(&tile, at + i * SIDE * TILE_PITCH + j * SIDE, (*sums)[i * ACROSS + j], TILE_PITCH);
    }
  }
}
