// Pieces that the losses share: how scratch is laid out, and what happens to a block of logits.
//
// A block holds the logits of ENTRIES entries of the vocabulary (its rows, BLOCK_ROW bytes apart) and of up to ROWS token rows (its
// columns): four token rows are a vector, and neither maxima nor sums over the vocabulary cross lanes.
import { exp4 } from "../../common/assembly/exp";

/** Token rows of an item. */
export const ROWS: u32 = 32;
/** Entries of the vocabulary in a block. */
export const ENTRIES: u32 = 64;
/** Bytes from an entry of a block to the next. */
export const BLOCK_ROW: usize = 128;
/** Where no target has been met, and where a maximum starts: finite. */
export const LOWEST: f32 = -3.0e38;

/** Places of a thread's working memory behind the edge of a product. */
export const LOGITS: usize = 128;
export const MAXIMA: usize = LOGITS + 8192;
export const SUMS: usize = MAXIMA + 128;
export const OWN: usize = SUMS + 128;
export const FACTORS: usize = OWN + 128;
/** Panels of the rows, then those of the weights. */
export const PANELS: usize = FACTORS + 128;

/** Puts aside the targets' logits where the block holds them; it begins with entry v, `targets` count from `first`. */
export function pickOwn(scratch: usize, targets: usize, first: u32, v: u32, entries: u32, rows: u32): void {
  for (let r: usize = 0; r < <usize>rows << 2; r += 4) {
    const entry = load<u32>(targets + r) - first - v;
    if (entry < entries) store<f32>(scratch + OWN + r, load<f32>(scratch + LOGITS + <usize>entry * BLOCK_ROW + r));
  }
}

/**
 * Joins a block to the running maxima and sums of its rows: logits become exp(logit - maximum), and the factors are those by which
 * what was summed before shrinks.
 */
export function joinBlock(scratch: usize, entries: u32, rows: u32): void {
  const end = <usize>entries * BLOCK_ROW;
  for (let r: usize = 0; r < <usize>rows << 2; r += 16) {
    const logits = scratch + LOGITS + r;
    const before = v128.load(scratch + MAXIMA + r);
    let maximum = before;
    for (let e: usize = 0; e < end; e += BLOCK_ROW) maximum = f32x4.pmax(maximum, v128.load(logits + e));
    let sum = f32x4.splat(0);
    for (let e: usize = 0; e < end; e += BLOCK_ROW) {
      const a = exp4(f32x4.sub(v128.load(logits + e), maximum));
      v128.store(logits + e, a);
      sum = f32x4.add(sum, a);
    }
    const factor = exp4(f32x4.sub(before, maximum));
    v128.store(scratch + SUMS + r, f32x4.add(f32x4.mul(v128.load(scratch + SUMS + r), factor), sum));
    v128.store(scratch + MAXIMA + r, maximum);
    v128.store(scratch + FACTORS + r, factor);
  }
}

/** Sets a thread's maxima, sums and targets' logits to what holds before the first block. */
export function clearRows(scratch: usize): void {
  for (let r: usize = 0; r < BLOCK_ROW; r += 16) {
    v128.store(scratch + MAXIMA + r, f32x4.splat(LOWEST));
    v128.store(scratch + SUMS + r, f32x4.splat(0));
    v128.store(scratch + OWN + r, f32x4.splat(0));
  }
}
