// Gradient of the losses in the unembedding's input, without a buffer of logits or probabilities; the vocabulary may be a part.
//
// dx[r] = (add[r]) + scale * sum_v (exp(logit[r, v] - lse[r]) - [first + v = targets[r]]) w[v]
// logit[r, v] = sum_d x[r, d] w[v, d]; shapes as the WGSL.
// An item is 32 rows of a group; it walks the vocabulary in blocks of 64 entries, and the running sum lives in dx. Scratch holds 32 D
// floats of packed rows, 64 D of packed weights and a block of logits.
// Deterministic: a logit's d ascends in pieces of 256; in dx, a block is summed by itself before it joins.
// Numerics: the target is taken off in its block, where it cancels a probability near 1.
import { exp1, exp4 } from "../../common/assembly/exp";
import * as abi from "../../../dist/abi/loss/backward_input";
import { packColumns, packRows } from "../../matmul/assembly/panels";
import { productOfColumns, productOfRows } from "../../matmul/assembly/product";
import { BLOCK_ROW, ENTRIES, LOGITS, OWN, PANELS, pickOwn, ROWS } from "./blocks";

export function loss_backward_input(block: usize, from: u32, to: u32, scratch: usize): void {
  const R = abi.R(block);
  const V = abi.V(block);
  const D = abi.D(block);
  const strideX = abi.stride_x(block);
  const strideW = abi.stride_w(block);
  const strideTargets = abi.stride_targets(block);
  const scale = abi.scale(block);
  const first = abi.first(block);
  const useAdd = abi.use_add(block) != 0;
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
    const lse = abi.lse(block) + (at << 2);
    const targets = abi.targets(block) + (<usize>(g * strideTargets + r) << 2);
    let w = abi.w(block) + (<usize>(g * strideW) << 2);
    let before = useAdd ? abi.add(block) + at * row : 0;
    packRows(abi.x(block) + (<usize>g * strideX + <usize>r * D << 2), row, rows, D, own);
    for (let v: u32 = 0; v < V; v += ENTRIES) {
      const entries = min(ENTRIES, V - v);
      productOfRows(w, row, entries, own, padded, D, 0, 0, 0, 0, logits, BLOCK_ROW, scratch);
      pickOwn(scratch, targets, first, v, entries, rows);
      weigh(logits, entries, rows, lse, scale);
      for (let i: usize = 0; i < <usize>rows << 2; i += 4) {
        const entry = load<u32>(targets + i) - first - v;
        if (entry >= entries) continue;
        const p = exp1(load<f32>(scratch + OWN + i) - load<f32>(lse + i));
        store<f32>(logits + <usize>entry * BLOCK_ROW + i, scale * (p - 1));
      }
      packColumns(w, row, D, entries, weights);
      productOfColumns(logits, 16, BLOCK_ROW, rows, weights, D, entries, before, row, dx, row, scratch);
      before = dx;
      w += <usize>ENTRIES * row;
    }
  }
}

/** logit -> scale * exp(logit - lse), of a block. What lies behind the last row's log-sum-exp is read and not used. */
function weigh(logits: usize, entries: u32, rows: u32, lse: usize, scale: f32): void {
  const s = f32x4.splat(scale);
  const end = <usize>entries * BLOCK_ROW;
  for (let r: usize = 0; r < <usize>rows << 2; r += 16) {
    const sum = v128.load(lse + r);
    for (let e = logits + r; e < logits + end; e += BLOCK_ROW) {
      v128.store(e, f32x4.mul(s, exp4(f32x4.sub(v128.load(e), sum))));
    }
  }
}
