// A linear layer: y = x w^T, then bias and residual as their flags say.
//
// y[g,m,n] = epilogue(sum_k x[g,m,k] w[g,n,k]); shapes as the WGSL.
// An item is 64 rows x 64 columns of a group. Items that follow one another have the same columns of w where they can, so that
// a thread packs these once; scratch holds their panels, 64 K floats, and a tile.
// Deterministic: k ascends in pieces of 256. Bias and residual are added to the sum, as the definition has it.
import * as abi from "../../../dist/abi/matmul/nt";
import { packRows } from "./panels";
import { EDGE, productOfRows } from "./product";

const ROWS: u32 = 64;
const COLUMNS: u32 = 64;

export function matmul_nt(block: usize, from: u32, to: u32, scratch: usize): void {
  const G = abi.G(block);
  const M = abi.M(block);
  const N = abi.N(block);
  const K = abi.K(block);
  const strideX = abi.stride_x(block);
  const strideW = abi.stride_w(block);
  const strideBias = abi.stride_bias(block);
  const strideResidual = abi.stride_residual(block);
  const useBias = abi.use_bias(block) != 0;
  const useResidual = abi.use_residual(block) != 0;
  const row = <usize>K << 2;
  const outRow = <usize>N << 2;
  const panels = scratch + EDGE;
  const rowBlocks = (M + ROWS - 1) / ROWS;
  let packed: usize = 0;
  for (let item = from; item < to; item++) {
    const rest = item / rowBlocks;
    const m = (item - rest * rowBlocks) * ROWS;
    const columnBlock = rest / G;
    const g = rest - columnBlock * G;
    const n = columnBlock * COLUMNS;
    const rows = min(ROWS, M - m);
    const columns = min(COLUMNS, N - n);
    const w = abi.w(block) + (<usize>(g * strideW) << 2) + <usize>n * row;
    if (w != packed) {
      packed = w;
      packRows(w, row, columns, K, panels);
    }
    const x = abi.x(block) + (<usize>(g * strideX) << 2) + <usize>m * row;
    const y = abi.y(block) + (<usize>(g * M + m) * N + n << 2);
    const bias = useBias ? abi.bias(block) + (<usize>(g * strideBias + n) << 2) : 0;
    const residual = useResidual ? abi.residual(block) + (<usize>g * strideResidual + <usize>m * N + n << 2) : 0;
    productOfRows(x, row, rows, panels, columns, K, bias, 0, residual, outRow, y, outRow, scratch);
  }
}
