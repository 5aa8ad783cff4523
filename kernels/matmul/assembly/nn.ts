// Input gradient of a linear layer: dx = dy w (+ add).
//
// dx[g,m,k] = sum_n dy[g,m,n] w[g,n,k] (+ add[g,m,k]); shapes as the WGSL.
// An item is 64 rows x 64 columns of a group. Items that follow one another have the same columns of w where they can, so that
// a thread packs these once; scratch holds their panels, 64 N floats, and a tile.
// Deterministic: n ascends in pieces of 256.
import * as abi from "../../../dist/abi/matmul/nn";
import { packColumns } from "./panels";
import { EDGE, productOfRows } from "./product";

const ROWS: u32 = 64;
const COLUMNS: u32 = 64;

export function matmul_nn(block: usize, from: u32, to: u32, scratch: usize): void {
  const G = abi.G(block);
  const M = abi.M(block);
  const N = abi.N(block);
  const K = abi.K(block);
  const strideW = abi.stride_w(block);
  const useAdd = abi.use_add(block) != 0;
  const inRow = <usize>N << 2;
  const outRow = <usize>K << 2;
  const panels = scratch + EDGE;
  const rowBlocks = (M + ROWS - 1) / ROWS;
  let packed: usize = 0;
  for (let item = from; item < to; item++) {
    const rest = item / rowBlocks;
    const m = (item - rest * rowBlocks) * ROWS;
    const columnBlock = rest / G;
    const g = rest - columnBlock * G;
    const k = columnBlock * COLUMNS;
    const rows = min(ROWS, M - m);
    const columns = min(COLUMNS, K - k);
    const w = abi.w(block) + (<usize>(g * strideW + k) << 2);
    if (w != packed) {
      packed = w;
      packColumns(w, outRow, columns, N, panels);
    }
    const dy = abi.dy(block) + <usize>(g * M + m) * inRow;
    const at = <usize>(g * M + m) * outRow + (<usize>k << 2);
    const add = useAdd ? abi.add(block) + at : 0;
    productOfRows(dy, inRow, rows, panels, columns, N, add, outRow, 0, 0, abi.dx(block) + at, outRow, scratch);
  }
}
