// Per-token losses of an unembedding, without a buffer of logits.
//
// logit[r, v] = sum_d x[r, d] w[v, d];  lse[r] = log sum_v exp(logit[r, v])
// losses[r] = lse[r] - logit[r, targets[r] - first], or lse[r] where the target lies in another part; shapes as the WGSL.
// An item is 32 rows of a group; it walks the vocabulary in blocks of 64 entries with a running maximum and sum. Its rows are packed
// once, and the weights are read as they lie. Scratch holds 32 D floats of packed rows and a block of logits.
// Deterministic: a logit's d ascends in pieces of 256, a block's exponentials are summed by themselves, then joined.
import * as abi from "../../../dist/abi/loss/forward";
import { packRows } from "../../matmul/assembly/panels";
import { productOfRows } from "../../matmul/assembly/product";
import { BLOCK_ROW, clearRows, ENTRIES, joinBlock, LOGITS, PANELS, pickOwn, ROWS } from "./blocks";
import { storeLosses } from "./softmax";

export function loss_forward(block: usize, from: u32, to: u32, scratch: usize): void {
  const R = abi.R(block);
  const V = abi.V(block);
  const D = abi.D(block);
  const strideX = abi.stride_x(block);
  const strideW = abi.stride_w(block);
  const strideTargets = abi.stride_targets(block);
  const first = abi.first(block);
  const row = <usize>D << 2;
  const logits = scratch + LOGITS;
  const perGroup = (R + ROWS - 1) / ROWS;
  for (let item = from; item < to; item++) {
    const g = item / perGroup;
    const r = (item - g * perGroup) * ROWS;
    const rows = min(ROWS, R - r);
    const padded = (rows + 7) & ~7;
    const targets = abi.targets(block) + (<usize>(g * strideTargets + r) << 2);
    let w = abi.w(block) + (<usize>(g * strideW) << 2);
    packRows(abi.x(block) + (<usize>g * strideX + <usize>r * D << 2), row, rows, D, scratch + PANELS);
    clearRows(scratch);
    for (let v: u32 = 0; v < V; v += ENTRIES) {
      const entries = min(ENTRIES, V - v);
      productOfRows(w, row, entries, scratch + PANELS, padded, D, 0, 0, 0, 0, logits, BLOCK_ROW, scratch);
      pickOwn(scratch, targets, first, v, entries, rows);
      joinBlock(scratch, entries, rows);
      w += <usize>ENTRIES * row;
    }
    const at = <usize>(g * R + r) << 2;
    storeLosses(scratch, rows, abi.losses(block) + at, abi.lse(block) + at);
  }
}
