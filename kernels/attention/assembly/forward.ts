// Causal self-attention.
//
// p[t,s] = exp(scale q[t].k[s] - lse[t]) for s <= t, lse[t] = log sum_(s<=t) exp(scale q[t].k[s]), out[t] = sum_s p[t,s] v[s]
//
// Shapes as the WGSL, K of any size. An item is 64 rows t of a head. 16 rows at a time have their scores in scratch, [s, 16]: a
// vector is four rows and one key, so that nothing is summed across lanes; T x T of them never exist. Beside them lie the values up to
// the item's last row in panels, which the head's next item, and other heads with the same values, go on with.
// Deterministic: a row's maximum, sum and products by keys, ascending; products in pieces of 64.
// Numerics: the true maximum is taken off before exp, whose arguments are clamped to -80; hidden scores weigh 0 exactly.
import { exp4 } from "../../common/assembly/exp";
import { storeFirst } from "../../common/assembly/lanes";
import { log4 } from "../../common/assembly/log4";
import * as abi from "../../../dist/abi/attention/forward";
import { packColumns } from "../../matmul/assembly/panels";
import { tileOfColumns, tileOfRows } from "../../matmul/assembly/tile";
import { BLOCK, packScaled, paddedRow, rowAt } from "./heads";

/** Rows of an item, and of those whose scores are held at a time. */
const ROWS: u32 = 64;
const HELD: u32 = 16;
/** Bytes of a key's scores. */
const SCORES: usize = <usize>HELD << 2;

export function attention_forward(block: usize, from: u32, to: u32, scratch: usize): void {
  const T = abi.T(block);
  const H = abi.H(block);
  const K = abi.K(block);
  const scale = abi.scale(block);
  const width = <usize>K << 2;
  const sharing = H / abi.KV(block);
  const qPitch = <usize>abi.q_row(block) << 2;
  const kvPitch = <usize>abi.kv_row(block) << 2;
  const keysToValues = <usize>(abi.v_first(block) - abi.k_first(block)) << 2;
  const shortPitch = <usize>H << 2;
  const padded = paddedRow(K);
  const queries = scratch;
  const totals = queries + HELD * width;
  const sums = totals + 32;
  const scores = sums + 4 * padded;
  const values = scores + <usize>((T + 7) & ~7) * SCORES;
  const blocks = (T + ROWS - 1) / ROWS;
  let packedValues: usize = 0;
  let packed: u32 = 0;
  for (let item = from; item < to; item++) {
    const head = item / blocks;
    const top = (item - head * blocks) * ROWS;
    const bottom = min(T, top + ROWS);
    const batch = head / H;
    const h = head - batch * H;
    const kv = h / sharing;
    const q = abi.qkv(block) + (<usize>(abi.q_first(block) + h * abi.q_head(block)) << 2) + <usize>batch * T * qPitch;
    const k = abi.qkv(block) + (<usize>(abi.k_first(block) + kv * abi.kv_head(block)) << 2) + <usize>batch * T * kvPitch;
    const v = k + keysToValues;
    const short = <usize>batch * T * H + h;
    if (v != packedValues) packed = 0;
    packedValues = v;
    for (; packed < bottom; packed += BLOCK) {
      packColumns(v + packed * kvPitch, kvPitch, K, min(BLOCK, T - packed), values + packed * padded);
    }
    for (let t = top; t < bottom; t += HELD) {
      const end = min(t + HELD, T);
      packScaled(q + t * qPitch, qPitch, end - t, K, scale, queries);
      scoreRows(k, kvPitch, queries, t, end, K, scores);
      for (let quad = t; quad < end; quad += 4) {
        const own = scores + (<usize>(quad - t) << 2);
        const rows = min<u32>(4, end - quad);
        softmax(own, quad, totals);
        average(own, values, min(quad + 4, T), T, sums, padded);
        let lse = abi.lse(block) + (short << 2) + quad * shortPitch;
        let out = abi.out(block) + (short << 2) * K + quad * shortPitch * K;
        for (let i: usize = 0; i < rows; i++) {
          store<f32>(lse, load<f32>(totals + (i << 2), 16));
          divide(sums + i * padded, v128.load32_splat(totals + (i << 2)), K, out);
          lse += shortPitch;
          out += shortPitch * K;
        }
      }
    }
  }
}

/** Scores of rows t to `end` for the keys up to the last of them; the first eight rows have none for keys of the last eight. */
function scoreRows(k: usize, pitch: usize, queries: usize, t: u32, end: u32, K: u32, scores: usize): void {
  const second = queries + (<usize>K << 5);
  for (let s: u32 = 0; s < end; s += 4) {
    const a0 = k + s * pitch;
    const a1 = rowAt(k, pitch, s + 1, end);
    const a2 = rowAt(k, pitch, s + 2, end);
    const a3 = rowAt(k, pitch, s + 3, end);
    if (s < t + 8) tileOfRows(a0, a1, a2, a3, queries, K, 0, 0, 0, 0, scores, SCORES);
    if (end > t + 8) tileOfRows(a0, a1, a2, a3, second, K, 0, 0, 0, 0, scores + 32, SCORES);
    scores += 4 * SCORES;
  }
}

/**
 * Replaces the scores of rows t to t + 3 by exp(score - maximum), zeros for the keys that a row does not see. Their sums, and behind
 * these the log-sum-exps, go to `totals`. Four keys at a time: one chain of dependent operations would leave the processor idle.
 */
function softmax(scores: usize, t: u32, totals: usize): void {
  // Keys before t are seen by all four rows, t + i by those from i on.
  const last = scores + <usize>t * SCORES;
  let top = v128.load(last);
  top = v128.bitselect(f32x4.pmax(top, v128.load(last, SCORES)), top, i32x4(0, -1, -1, -1));
  top = v128.bitselect(f32x4.pmax(top, v128.load(last, 2 * SCORES)), top, i32x4(0, 0, -1, -1));
  top = v128.bitselect(f32x4.pmax(top, v128.load(last, 3 * SCORES)), top, i32x4(0, 0, 0, -1));
  for (let at = scores; at < last; at += 4 * SCORES) {
    const low = f32x4.pmax(v128.load(at), v128.load(at, SCORES));
    const high = f32x4.pmax(v128.load(at, 2 * SCORES), v128.load(at, 3 * SCORES));
    top = f32x4.pmax(top, f32x4.pmax(low, high));
  }
  let sum = f32x4.splat(0);
  for (let at = scores; at < last; at += 4 * SCORES) {
    const a = weight4(at, top);
    const b = weight4(at + SCORES, top);
    const c = weight4(at + 2 * SCORES, top);
    const d = weight4(at + 3 * SCORES, top);
    sum = f32x4.add(sum, f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
    v128.store(at, a);
    v128.store(at, b, SCORES);
    v128.store(at, c, 2 * SCORES);
    v128.store(at, d, 3 * SCORES);
  }
  const a = weight4(last, top);
  const b = v128.and(weight4(last + SCORES, top), i32x4(0, -1, -1, -1));
  const c = v128.and(weight4(last + 2 * SCORES, top), i32x4(0, 0, -1, -1));
  const d = v128.and(weight4(last + 3 * SCORES, top), i32x4(0, 0, 0, -1));
  sum = f32x4.add(sum, f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
  v128.store(last, a);
  v128.store(last, b, SCORES);
  v128.store(last, c, 2 * SCORES);
  v128.store(last, d, 3 * SCORES);
  v128.store(totals, sum);
  v128.store(totals, f32x4.add(top, log4(sum)), 16);
}

// @ts-ignore: decorator
@inline
function weight4(score: usize, top: v128): v128 {
  return exp4(f32x4.pmax(f32x4.sub(v128.load(score), top), f32x4.splat(-80)));
}

/** Weighted sums of the first n values for four rows. */
function average(p: usize, values: usize, n: u32, T: u32, sums: usize, sumRow: usize): void {
  for (let s: u32 = 0; s < n; s += BLOCK) {
    const steps = min(BLOCK, n - s);
    const panelBytes = <usize>min(BLOCK, T - s) << 5;
    let panel = values + s * sumRow;
    for (let e: usize = 0; e < sumRow; e += 32) {
      tileOfColumns(p, SCORES, panel, steps, s ? sums + e : 0, sumRow, 0, 0, sums + e, sumRow);
      panel += panelBytes;
    }
    p += <usize>BLOCK * SCORES;
  }
}

/** A row of K sums over their total. */
// @ts-ignore: decorator
@inline
function divide(sums: usize, total: v128, K: u32, out: usize): void {
  for (let e: u32 = 0; e < K; e += 4) {
    const at = <usize>e << 2;
    storeFirst(out + at, f32x4.div(v128.load(sums + at), total), K - e);
  }
}
