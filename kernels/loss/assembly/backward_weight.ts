// Gradient of the losses in the unembedding's weights, without a buffer of logits or probabilities.
//
// dw[v] = scale * sum_r (exp(logit[r, v] - lse[r]) - [first + v = targets[r]]) x[r],  logit[r, v] = sum_d x[r, d] w[v, d]
// Shapes as the WGSL.
// An item is 32 entries of a group's vocabulary; it walks the rows in blocks of 64, and the running sum lives in dw. A block of
// logits lies row by row here, so that four entries are a vector. Scratch holds 32 D floats of packed weights, 64 D of packed rows
// and the block.
// Deterministic: a logit's d ascends in pieces of 256; in dw, a block is summed by itself before it joins.
import { exp1, exp4 } from "../../common/assembly/exp";
import { float, place, word } from "../../common/assembly/block";
import { packColumns, packRows } from "../../matmul/assembly/panels";
import { productOfColumns, productOfRows } from "../../matmul/assembly/product";
import { BLOCK_ROW, ENTRIES, LOGITS, PANELS, ROWS } from "./blocks";

export function loss_backward_weight(block: usize, from: u32, to: u32, scratch: usize): void {
  const R = word(block, 6);
  const V = word(block, 7);
  const D = word(block, 8);
  const strideX = word(block, 9);
  const strideW = word(block, 10);
  const strideTargets = word(block, 11);
  const strideOut = word(block, 12);
  const scale = float(block, 13);
  const first = word(block, 14);
  const row = <usize>D << 2;
  const logits = scratch + LOGITS;
  const own = scratch + PANELS;
  const packed = own + <usize>ROWS * row;
  // The widths of a block swap: as many entries as elsewhere rows, and the other way round.
  const perGroup = (V + ROWS - 1) / ROWS;
  for (let item = from; item < to; item++) {
    const g = item / perGroup;
    const v = (item - g * perGroup) * ROWS;
    const entries = min(ROWS, V - v);
    const padded = (entries + 7) & ~7;
    const dw = place(block, 4) + (<usize>g * strideOut + <usize>v * D << 2);
    let x = place(block, 0) + (<usize>(g * strideX) << 2);
    packRows(place(block, 1) + (<usize>g * strideW + <usize>v * D << 2), row, entries, D, own);
    for (let r: u32 = 0; r < R; r += ENTRIES) {
      const rows = min(ENTRIES, R - r);
      productOfRows(x, row, rows, own, padded, D, 0, 0, 0, 0, logits, BLOCK_ROW, scratch);
      const lse = place(block, 3) + (<usize>(g * R + r) << 2);
      const targets = place(block, 2) + (<usize>(g * strideTargets + r) << 2);
      for (let i: u32 = 0; i < rows; i++) {
        const sum = load<f32>(lse + (<usize>i << 2));
        const hit = load<u32>(targets + (<usize>i << 2)) - first - v;
        weigh(logits + <usize>i * BLOCK_ROW, entries, sum, hit, scale);
      }
      packColumns(x, row, D, rows, packed);
      productOfColumns(logits, 16, BLOCK_ROW, entries, packed, D, rows, r ? dw : 0, row, dw, row, scratch);
      x += <usize>ENTRIES * row;
    }
  }
}

/** logit -> scale * (exp(logit - lse) - [entry = hit]), of a row. */
function weigh(logits: usize, entries: u32, sum: f32, hit: u32, scale: f32): void {
  const own: f32 = hit < entries ? load<f32>(logits + (<usize>hit << 2)) : 0;
  for (let e: usize = 0; e < <usize>entries << 2; e += 16) {
    const p = exp4(f32x4.sub(v128.load(logits + e), f32x4.splat(sum)));
    v128.store(logits + e, f32x4.mul(f32x4.splat(scale), p));
  }
  if (hit < entries) store<f32>(logits + (<usize>hit << 2), scale * (exp1(own - sum) - 1));
}
