// Flash loss: per-token losses of an unembedding and their gradient in x, in one pass and without a buffer of logits.
//
// logit[r, v] = sum_d x[r, d] w[v, d];  lse[r] = log sum_v exp(logit[r, v]);  losses[r] = lse[r] - logit[r, targets[r]]
// dx[r] = scale * (sum_v exp(logit[r, v] - lse[r]) w[v] - w[targets[r]]); shapes as the WGSL.
// An item is 32 rows of a group; it walks the vocabulary in blocks of 64 entries with a running maximum and sum. The running sum of
// dx lives in dx itself and is rescaled when a maximum moves. Scratch holds 32 D floats of packed rows, 64 D of packed weights
// and a block of logits.
// Deterministic: a logit's d ascends in pieces of 256, a block's exponentials and its share of dx are
// summed by themselves before they join.
// Numerics: every exponent has its row's running maximum subtracted; a factor of exactly 1 is skipped, which changes no bit.
import * as abi from "../../../dist/abi/loss/forward_backward";
import { packColumns, packRows } from "../../matmul/assembly/panels";
import { productOfColumns, productOfRows } from "../../matmul/assembly/product";
import { BLOCK_ROW, clearRows, ENTRIES, FACTORS, joinBlock, LOGITS, PANELS, pickOwn, ROWS, SUMS } from "./blocks";
import { storeLosses } from "./softmax";

export function loss_forward_backward(block: usize, from: u32, to: u32, scratch: usize): void {
  const R = abi.R(block);
  const V = abi.V(block);
  const D = abi.D(block);
  const strideX = abi.stride_x(block);
  const strideW = abi.stride_w(block);
  const strideTargets = abi.stride_targets(block);
  const scale = abi.scale(block);
  const row = <usize>D << 2;
  const logits = scratch + LOGITS;
  const own = scratch + PANELS;
  const weights = own + <usize>ROWS * row;
  const perGroup = (R + ROWS - 1) / ROWS;
  for (let item = from; item < to; item++) {
    const g = item / perGroup;
    const r = (item - g * perGroup) * ROWS;
    const rows = min(ROWS, R - r);
    const padded = (rows + 7) & ~7;
    const at = <usize>(g * R + r);
    const dx = abi.dx(block) + at * row;
    const targets = abi.targets(block) + (<usize>(g * strideTargets + r) << 2);
    const w = abi.w(block) + (<usize>(g * strideW) << 2);
    packRows(abi.x(block) + (<usize>g * strideX + <usize>r * D << 2), row, rows, D, own);
    clearRows(scratch);
    for (let v: u32 = 0; v < V; v += ENTRIES) {
      const entries = min(ENTRIES, V - v);
      const these = w + <usize>v * row;
      productOfRows(these, row, entries, own, padded, D, 0, 0, 0, 0, logits, BLOCK_ROW, scratch);
      pickOwn(scratch, targets, 0, v, entries, rows);
      joinBlock(scratch, entries, rows);
      if (v) shrink(dx, D, scratch + FACTORS, rows);
      packColumns(these, row, D, entries, weights);
      productOfColumns(logits, 16, BLOCK_ROW, rows, weights, D, entries, v ? dx : 0, row, dx, row, scratch);
    }
    for (let i: u32 = 0; i < rows; i++) {
      const y = load<u32>(targets + (<usize>i << 2));
      const sum = load<f32>(scratch + SUMS + (<usize>i << 2));
      finishRow(dx + <usize>i * row, w + <usize>y * row, D, scale / sum, scale);
    }
    storeLosses(scratch, rows, abi.losses(block) + (at << 2), abi.lse(block) + (at << 2));
  }
}

/** Multiplies each row by its factor. */
function shrink(dx: usize, D: u32, factors: usize, rows: u32): void {
  const end = <usize>D << 2;
  const whole = end & ~15;
  for (let i: u32 = 0; i < rows; i++) {
    const factor = load<f32>(factors + (<usize>i << 2));
    if (factor != 1) {
      let d: usize = 0;
      for (; d < whole; d += 16) v128.store(dx + d, f32x4.mul(v128.load(dx + d), f32x4.splat(factor)));
      for (; d < end; d += 4) store<f32>(dx + d, load<f32>(dx + d) * factor);
    }
    dx += end;
  }
}

/** dx = dx * factor - scale * w, of a row. */
function finishRow(dx: usize, w: usize, D: u32, factor: f32, scale: f32): void {
  const end = <usize>D << 2;
  const whole = end & ~15;
  const f = f32x4.splat(factor);
  const s = f32x4.splat(scale);
  let d: usize = 0;
  for (; d < whole; d += 16) {
    v128.store(dx + d, f32x4.sub(f32x4.mul(v128.load(dx + d), f), f32x4.mul(v128.load(w + d), s)));
  }
  for (; d < end; d += 4) store<f32>(dx + d, load<f32>(dx + d) * factor - load<f32>(w + d) * scale);
}
