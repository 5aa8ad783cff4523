// Gradient of the losses in the unembedding's weights, without a buffer of logits or probabilities.
//
// dw[v] = scale * sum_r (exp(logit[r, v] - lse[r]) - [first + v = targets[r]]) x[r],  logit[r, v] = sum_d x[r, d] w[v, d]
// Shapes as the WGSL.
// An item is 32 entries of a group's vocabulary; it walks the rows in blocks of 64, and the running sum lives in dw. A block of
// logits lies row by row here, so that four entries are a vector. Scratch holds 32 D floats of packed weights, 64 D of packed rows
// and the block.
// Deterministic: a logit's d ascends in pieces of 256; in dw, a block is summed by itself before it joins.
import { exp1, exp4 } from "../../common/assembly/exp";
import * as abi from "../../../dist/abi/loss/backward_weight";
import { packColumns, packRows } from "../../matmul/assembly/panels";
import { productOfColumns, productOfRows } from "../../matmul/assembly/product";
import { BLOCK_ROW, ENTRIES, LOGITS, PANELS, ROWS } from "./blocks";

export function loss_backward_weight(block: usize, from: u32, to: u32, scratch: usize): void {
  const R = abi.R(block);
  const V = abi.V(block);
  const D = abi.D(block);
  const strideX = abi.stride_x(block);
  const strideW = abi.stride_w(block);
  const strideTargets = abi.stride_targets(block);
  const strideOut = abi.stride_dw(block);
  const scale = abi.scale(block);
  const first = abi.first(block);
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
    const dw = abi.dw(block) + (<usize>g * strideOut + <usize>v * D << 2);
    let x = abi.x(block) + (<usize>(g * strideX) << 2);
    packRows(abi.w(block) + (<usize>g * strideW + <usize>v * D << 2), row, entries, D, own);
    for (let r: u32 = 0; r < R; r += ENTRIES) {
      const rows = min(ENTRIES, R - r);
      productOfRows(x, row, rows, own, padded, D, 0, 0, 0, 0, logits, BLOCK_ROW, scratch);
      const lse = abi.lse(block) + (<usize>(g * R + r) << 2);
      const targets = abi.targets(block) + (<usize>(g * strideTargets + r) << 2);
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
