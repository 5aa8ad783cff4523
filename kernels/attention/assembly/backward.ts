// Gradient of causal self-attention.
//
// p[t,s] = exp(scale q[t].k[s] - lse[t]), dp[t,s] = dout[t].v[s], mean[t] = sum_s p[t,s] dp[t,s] / sum_s p[t,s],
// ds[t,s] = scale p[t,s] (dp[t,s] - mean[t])
// dq[t] = sum_(s<=t) ds[t,s] k[s], dk[s] = sum_(t>=s) ds[t,s] q[t], dv[s] = sum_(t>=s) p[t,s] dout[t]
//
// Shapes as the WGSL, K of any size. An item is a head of keys and values, and the query heads that share it one after another, so
// that scores are computed once. Queries go by in blocks of 64, and for each the keys in blocks of 64, twice: p and dp of all of a
// query's blocks lie in scratch (square.ts), beside panels of q, k, v and dout and the running dq, dk and dv.
// Where softmax is saturated ds is 0, and what rounding leaves of it is multiplied by keys. So the mean is one of these very dp by
// these very p, where WGSL, which keeps no row of them, takes dout.out; and scores are those of the forward pass, to the bit.
// Deterministic: blocks ascend, rows within them too. p comes from lse with its exponent clamped to [-80, 0].
import { storeFirst } from "../../common/assembly/lanes";
import * as abi from "../../../dist/abi/attention/backward";
import { packColumns, packRows } from "../../matmul/assembly/panels";
import { tileOfColumns, tileOfRows } from "../../matmul/assembly/tile";
import { BLOCK, paddedRow, rowAt } from "./heads";
import { averages, SQUARE, SQUARE_ROW, slopes, weigh } from "./square";

export function attention_backward(block: usize, from: u32, to: u32, scratch: usize): void {
  const T = abi.T(block);
  const H = abi.H(block);
  const K = abi.K(block);
  const scale = abi.scale(block);
  const width = <usize>K << 2;
  const KV = abi.KV(block);
  const sharing = H / KV;
  const qPitch = <usize>abi.q_row(block) << 2;
  const kvPitch = <usize>abi.kv_row(block) << 2;
  const keysToValues = <usize>(abi.v_first(block) - abi.k_first(block)) << 2;
  const shortPitch = <usize>H << 2;
  const outPitch = shortPitch * K;
  const padded = paddedRow(K);
  const T8 = <usize>((T + 7) & ~7);
  const p = scratch;
  const squares = <usize>((T + BLOCK - 1) / BLOCK) * SQUARE;
  const ds = p + squares;
  const lses = ds + squares;
  const means = lses + (<usize>BLOCK << 2);
  const dq = means + (<usize>BLOCK << 2);
  const queries = dq + BLOCK * padded;
  const gradients = queries + BLOCK * padded;
  const dk = gradients + BLOCK * padded;
  const dv = dk + T8 * padded;
  const keyColumns = dv + T8 * padded;
  const keys = keyColumns + T8 * padded;
  const values = keys + T8 * width;
  const scaled = values + T8 * width;
  for (let item = from; item < to; item++) {
    const batch = item / KV;
    const kv = item - batch * KV;
    const kvPlace = (<usize>(abi.k_first(block) + kv * abi.kv_head(block)) << 2) + <usize>batch * T * kvPitch;
    const k = abi.qkv(block) + kvPlace;
    packRows(k, kvPitch, T, K, keys);
    packRows(k + keysToValues, kvPitch, T, K, values);
    for (let s: u32 = 0; s < T; s += BLOCK) {
      packColumns(k + s * kvPitch, kvPitch, K, min(BLOCK, T - s), keyColumns + s * padded);
    }
    for (let h = kv * sharing; h < (kv + 1) * sharing; h++) {
      const firstHead = h == kv * sharing;
      const place = (<usize>(abi.q_first(block) + h * abi.q_head(block)) << 2) + <usize>batch * T * qPitch;
      const short = <usize>batch * T * H + h;
      const q = abi.qkv(block) + place;
      const lse = abi.lse(block) + (short << 2);
      const dout = abi.dout(block) + short * width;
      for (let t: u32 = 0; t < T; t += BLOCK) {
        const rows = min(BLOCK, T - t);
        const ownDout = dout + t * outPitch;
        scaleRows(q + t * qPitch, qPitch, rows, K, scale, scaled);
        packColumns(scaled, width, K, rows, queries);
        packColumns(ownDout, outPitch, K, rows, gradients);
        for (let i: u32 = 0; i < rows; i++) {
          store<f32>(lses + (<usize>i << 2), load<f32>(lse + (t + i) * shortPitch));
        }
        for (let s: u32 = 0, at: usize = 0; s <= t; s += BLOCK, at += SQUARE) {
          const diagonal = s == t;
          const count = min(BLOCK, T - s);
          products(scaled, width, rows, keys + s * width, count, K, diagonal, p + at);
          products(ownDout, outPitch, rows, values + s * width, count, K, diagonal, ds + at);
          weigh(p + at, ds + at, rows, diagonal, lses);
        }
        averages(p, ds, rows, t, means);
        for (let s: u32 = 0, at: usize = 0; s <= t; s += BLOCK, at += SQUARE) {
          const diagonal = s == t;
          const fresh = diagonal && firstHead;
          const count = min(BLOCK, T - s);
          slopes(p + at, ds + at, rows, diagonal, means);
          gatherQueries(ds + at, rows, keyColumns + s * padded, count, diagonal, s > 0, dq, padded);
          gatherKeys(ds + at, rows, queries, count, diagonal, fresh, dk + s * padded, padded);
          gatherKeys(p + at, rows, gradients, count, diagonal, fresh, dv + s * padded, padded);
        }
        storeRows(dq, padded, rows, width, scale, abi.dqkv(block) + place + t * qPitch, qPitch);
      }
    }
    const dkv = abi.dqkv(block) + kvPlace;
    storeRows(dk, padded, T, width, 1, dkv, kvPitch);
    storeRows(dv, padded, T, width, 1, dkv + keysToValues, kvPitch);
  }
}

/** A square of products of rows with packed ones; on the diagonal up to the panel that holds a row's own column. */
function products(
  a: usize,
  aRow: usize,
  rows: u32,
  panels: usize,
  count: u32,
  K: u32,
  diagonal: bool,
  square: usize,
): void {
  for (let s: u32 = 0; s < count; s += 8) {
    for (let quad = diagonal ? s : 0; quad < rows; quad += 4) {
      const a0 = a + quad * aRow;
      const a1 = rowAt(a, aRow, quad + 1, rows);
      const a2 = rowAt(a, aRow, quad + 2, rows);
      const a3 = rowAt(a, aRow, quad + 3, rows);
      const to = square + quad * SQUARE_ROW + (<usize>s << 2);
      tileOfRows(a0, a1, a2, a3, panels, K, 0, 0, 0, 0, to, SQUARE_ROW);
    }
    panels += <usize>K << 5;
  }
}

/** dq += ds k for a block of keys; `more`: there were others before. */
function gatherQueries(
  ds: usize,
  rows: u32,
  keys: usize,
  count: u32,
  diagonal: bool,
  more: bool,
  dq: usize,
  padded: usize,
): void {
  for (let e: usize = 0; e < padded; e += 32) {
    for (let quad: u32 = 0; quad < rows; quad += 4) {
      const a = ds + quad * SQUARE_ROW;
      const to = dq + quad * padded + e;
      const steps = diagonal ? min(quad + 4, count) : count;
      const before = more ? to : 0;
      tileOfRows(
        a,
        a + SQUARE_ROW,
        a + 2 * SQUARE_ROW,
        a + 3 * SQUARE_ROW,
        keys,
        steps,
        before,
        padded,
        0,
        0,
        to,
        padded,
      );
    }
    keys += <usize>count << 5;
  }
}

/** sums += square^T rows for a block of queries; `fresh`: nothing has reached these keys before. */
function gatherKeys(
  square: usize,
  rows: u32,
  panels: usize,
  count: u32,
  diagonal: bool,
  fresh: bool,
  sums: usize,
  padded: usize,
): void {
  for (let e: usize = 0; e < padded; e += 32) {
    for (let quad: u32 = 0; quad < count; quad += 4) {
      const skipped = diagonal ? quad : 0;
      const a = square + skipped * SQUARE_ROW + (<usize>quad << 2);
      const to = sums + quad * padded + e;
      const before = fresh ? 0 : to;
      tileOfColumns(a, SQUARE_ROW, panels + (<usize>skipped << 5), rows - skipped, before, padded, 0, 0, to, padded);
    }
    panels += <usize>rows << 5;
  }
}

/** `rows` rows of k floats, times `factor`, one after another. */
function scaleRows(source: usize, row: usize, rows: u32, k: u32, factor: f32, target: usize): void {
  const whole = <usize>(k & ~3) << 2;
  const bytes = <usize>k << 2;
  const f = f32x4.splat(factor);
  for (let i: u32 = 0; i < rows; i++) {
    let e: usize = 0;
    for (; e < whole; e += 16) v128.store(target + e, f32x4.mul(v128.load(source + e), f));
    for (; e < bytes; e += 4) store<f32>(target + e, load<f32>(source + e) * factor);
    source += row;
    target += bytes;
  }
}

/** Rows without their padding, times `factor`. */
function storeRows(
  source: usize,
  padded: usize,
  rows: u32,
  bytes: usize,
  factor: f32,
  target: usize,
  row: usize,
): void {
  const f = f32x4.splat(factor);
  const whole = bytes & ~15;
  for (let i: u32 = 0; i < rows; i++) {
    let e: usize = 0;
    for (; e < whole; e += 16) v128.store(target + e, f32x4.mul(v128.load(source + e), f));
    if (e < bytes) {
      storeFirst(target + e, f32x4.mul(v128.load(source + e), f), <u32>(bytes - e) >> 2);
    }
    source += padded;
    target += row;
  }
}
