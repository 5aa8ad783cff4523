// Products of blocks: all tiles of rows times packed panels, ragged edges included.
//
// out[i, j] = sum_k A[i, k] B[k, j] (+ plus[i, j]) (+ more[i, j])
//
// A long sum is cut into pieces of PIECE: each is summed by itself and added to the sum of those before it, for the rounding error of
// a sum of k terms grows with its root, and losses are told apart by their last digits. Panels are cut at CHUNK, which keeps one in
// the first cache. Where the cuts are depends on the length alone. `plus` and
// `more` join the first piece. Nothing past the block is written.
import { CHUNK, WIDTH } from "./panels";
import { tileOfColumns, tileOfRows } from "./tile";

/** Terms that are summed by themselves: with 64 the losses of nano were half as far again from the truth as on a GPU. */
const PIECE: u32 = 32;

/** Bytes that a product needs for the tile at a ragged edge. */
export const EDGE: usize = 128;

/** A tile of `tileOfRows`, in pieces of PIECE steps. */
function sumOfRows(
  a0: usize,
  a1: usize,
  a2: usize,
  a3: usize,
  b: usize,
  k: u32,
  plus: usize,
  plusRow: usize,
  more: usize,
  moreRow: usize,
  out: usize,
  outRow: usize,
): void {
  for (let k0: u32 = 0; k0 < k; k0 += PIECE) {
    const at = <usize>k0 << 2;
    const steps = min(PIECE, k - k0);
    tileOfRows(a0 + at, a1 + at, a2 + at, a3 + at, b + (at << 3), steps, plus, plusRow, more, moreRow, out, outRow);
    plus = out;
    plusRow = outRow;
    more = 0;
  }
}

/** A tile of `tileOfColumns`, likewise. */
function sumOfColumns(
  a: usize,
  aStep: usize,
  b: usize,
  k: u32,
  plus: usize,
  plusRow: usize,
  out: usize,
  outRow: usize,
): void {
  for (let k0: u32 = 0; k0 < k; k0 += PIECE) {
    tileOfColumns(a + k0 * aStep, aStep, b + (<usize>k0 << 5), min(PIECE, k - k0), plus, plusRow, 0, 0, out, outRow);
    plus = out;
    plusRow = outRow;
  }
}

/** Stores what a ragged tile has of the block, and adds what a whole one adds by itself. */
function finishEdge(
  edge: usize,
  rows: u32,
  columns: u32,
  plus: usize,
  plusRow: usize,
  more: usize,
  moreRow: usize,
  out: usize,
  outRow: usize,
): void {
  for (let i: u32 = 0; i < rows; i++) {
    for (let j: usize = 0; j < <usize>columns << 2; j += 4) {
      let sum = load<f32>(edge + (<usize>i << 5) + j);
      if (plus) sum += load<f32>(plus + <usize>i * plusRow + j);
      if (more) sum += load<f32>(more + <usize>i * moreRow + j);
      store<f32>(out + <usize>i * outRow + j, sum);
    }
  }
}

/**
 * A lies by rows, `aRow` bytes apart; `panels` hold `columns` columns. Strides are bytes; 0 for `plus` and `more` adds nothing.
 * `edge` is EDGE bytes of working memory.
 */
export function productOfRows(
  a: usize,
  aRow: usize,
  rows: u32,
  panels: usize,
  columns: u32,
  k: u32,
  plus: usize,
  plusRow: usize,
  more: usize,
  moreRow: usize,
  out: usize,
  outRow: usize,
  edge: usize,
): void {
  for (let k0: u32 = 0; k0 < k; k0 += CHUNK) {
    const steps = min(CHUNK, k - k0);
    for (let j: u32 = 0; j < columns; j += WIDTH) {
      const left = min(WIDTH, columns - j);
      const column = <usize>j << 2;
      for (let i: u32 = 0; i < rows; i += 4) {
        const last = min<u32>(3, rows - i - 1);
        const a0 = a + <usize>i * aRow;
        const a1 = a0 + <usize>min<u32>(1, last) * aRow;
        const a2 = a0 + <usize>min<u32>(2, last) * aRow;
        const a3 = a0 + <usize>last * aRow;
        const to = out + <usize>i * outRow + column;
        const p = plus ? plus + <usize>i * plusRow + column : 0;
        const m = more ? more + <usize>i * moreRow + column : 0;
        if (left == WIDTH && last == 3) {
          sumOfRows(a0, a1, a2, a3, panels, steps, p, plusRow, m, moreRow, to, outRow);
        } else {
          sumOfRows(a0, a1, a2, a3, panels, steps, 0, 0, 0, 0, edge, 32);
          finishEdge(edge, last + 1, left, p, plusRow, m, moreRow, to, outRow);
        }
      }
      panels += <usize>steps << 5;
    }
    a += <usize>CHUNK << 2;
    plus = out;
    plusRow = outRow;
    more = 0;
  }
}

/**
 * A lies by columns: element (i, k) is at a + i / 4 * aQuad + k * aStep + i % 4 * 4, so that four rows of a step are neighbors, and
 * those past the last row may be read. `panels` hold `columns` columns of all k steps; k is at most CHUNK.
 */
export function productOfColumns(
  a: usize,
  aQuad: usize,
  aStep: usize,
  rows: u32,
  panels: usize,
  columns: u32,
  k: u32,
  plus: usize,
  plusRow: usize,
  out: usize,
  outRow: usize,
  edge: usize,
): void {
  for (let j: u32 = 0; j < columns; j += WIDTH) {
    const left = min(WIDTH, columns - j);
    const column = <usize>j << 2;
    let from = a;
    for (let i: u32 = 0; i < rows; i += 4) {
      const count = min<u32>(4, rows - i);
      const to = out + <usize>i * outRow + column;
      const p = plus ? plus + <usize>i * plusRow + column : 0;
      if (left == WIDTH && count == 4) {
        sumOfColumns(from, aStep, panels, k, p, plusRow, to, outRow);
      } else {
        sumOfColumns(from, aStep, panels, k, 0, 0, edge, 32);
        finishEdge(edge, count, left, p, plusRow, 0, 0, to, outRow);
      }
      from += aQuad;
    }
    panels += <usize>k << 5;
  }
}
