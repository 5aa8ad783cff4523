// Weight gradient of a linear layer: dw = dy^T x, summed over the rows of each group.
//
// dw[g,n,k] = sum_m dy[g,m,n] x[g,m,k]; shapes as the WGSL.
// An item is 32 rows x 64 columns of a group's dw. It walks the rows of dy and x in pieces of 256 that it packs first: as they are,
// their rows lie far apart, and such places share the few sets of a cache that one power of two leaves.
// Deterministic: m ascends; a piece is summed by itself and added to the sum of those before it, so that rounding does not grow
// with the length. Running sums live in dw.
import * as abi from "../../../dist/abi/matmul/tn";
import { packColumns, packQuads } from "./panels";
import { EDGE, productOfColumns } from "./product";

const ROWS: u32 = 32;
const COLUMNS: u32 = 64;
/** Rows of dy and x in a piece. */
const STEPS: u32 = 256;

export function matmul_tn(block: usize, from: u32, to: u32, scratch: usize): void {
  const M = abi.M(block);
  const N = abi.N(block);
  const K = abi.K(block);
  const strideX = abi.stride_x(block);
  const strideOut = abi.stride_dw(block);
  const dyRow = <usize>N << 2;
  const xRow = <usize>K << 2;
  const quads = scratch + EDGE;
  const panels = quads + (<usize>(ROWS * STEPS) << 2);
  const rowBlocks = (N + ROWS - 1) / ROWS;
  const columnBlocks = (K + COLUMNS - 1) / COLUMNS;
  for (let item = from; item < to; item++) {
    const rest = item / rowBlocks;
    const n = (item - rest * rowBlocks) * ROWS;
    const g = rest / columnBlocks;
    const k = (rest - g * columnBlocks) * COLUMNS;
    const rows = min(ROWS, N - n);
    const columns = min(COLUMNS, K - k);
    const out = abi.dw(block) + (<usize>g * strideOut + <usize>n * K + k << 2);
    let dy = abi.dy(block) + (<usize>g * M * N + n << 2);
    let x = abi.x(block) + (<usize>g * strideX + k << 2);
    for (let m: u32 = 0; m < M; m += STEPS) {
      const steps = min(STEPS, M - m);
      packQuads(dy, dyRow, rows, steps, quads);
      packColumns(x, xRow, columns, steps, panels);
      const before = m ? out : 0;
      productOfColumns(quads, <usize>steps << 4, 16, rows, panels, columns, steps, before, xRow, out, xRow, scratch);
      dy += <usize>STEPS * dyRow;
      x += <usize>STEPS * xRow;
    }
  }
}
