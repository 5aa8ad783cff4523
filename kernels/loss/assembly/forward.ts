// Per-token losses of an unembedding, without a buffer of logits.
//
// logit[r, v] = sum_d x[r, d] w[v, d];  lse[r] = log sum_v exp(logit[r, v])
// losses[r] = lse[r] - logit[r, targets[r] - first], or lse[r] where the target lies in another part; shapes as the WGSL.
// An item is 32 rows of a group; it walks the vocabulary in blocks of 64 entries with a running maximum and sum. Its rows are packed
// once, and the weights are read as they lie. Scratch holds 32 D floats of packed rows and a block of logits.
// Deterministic: a logit's d ascends in pieces of 256, a block's exponentials are summed by themselves, then joined.
import { place, word } from "../../common/assembly/block";
import { packRows } from "../../matmul/assembly/panels";
import { productOfRows } from "../../matmul/assembly/product";
import { BLOCK_ROW, clearRows, ENTRIES, joinBlock, LOGITS, PANELS, pickOwn, ROWS } from "./blocks";
import { storeLosses } from "./softmax";

export function loss_forward(block: usize, from: u32, to: u32, scratch: usize): void {
  const R = word(block, 6);
  const V = word(block, 7);
  const D = word(block, 8);
  const strideX = word(block, 9);
  const strideW = word(block, 10);
  const strideTargets = word(block, 11);
  const first = word(block, 12);
  const row = <usize>D << 2;
  const logits = scratch + LOGITS;
  const perGroup = (R + ROWS - 1) / ROWS;
  for (let item = from; item < to; item++) {
    const g = item / perGroup;
    const r = (item - g * perGroup) * ROWS;
    const rows = min(ROWS, R - r);
    const padded = (rows + 7) & ~7;
    const targets = place(block, 2) + (<usize>(g * strideTargets + r) << 2);
    let w = place(block, 1) + (<usize>(g * strideW) << 2);
    packRows(place(block, 0) + (<usize>g * strideX + <usize>r * D << 2), row, rows, D, scratch + PANELS);
    clearRows(scratch);
    for (let v: u32 = 0; v < V; v += ENTRIES) {
      const entries = min(ENTRIES, V - v);
      productOfRows(w, row, entries, scratch + PANELS, padded, D, 0, 0, 0, 0, logits, BLOCK_ROW, scratch);
      pickOwn(scratch, targets, first, v, entries, rows);
      joinBlock(scratch, entries, rows);
      w += <usize>ENTRIES * row;
    }
    const at = <usize>(g * R + r) << 2;
    storeLosses(scratch, rows, place(block, 3) + at, place(block, 4) + at);
  }
}
