// The pass in 16-bit integers, twice as fast as f32: one instruction multiplies and adds eight pairs.
//
// The host centers the points and scales them so that the longest, rounded to integers, has a squared length below 2^30. Rows a, b
// with squared lengths A, B; nothing below overflows, for |a.b| <= 2^30. The loop computes, exactly,
//
//   t = floor(B / 2) - a.b,   so that |a - b|^2 = A + 2 t or A + 2 t + 1.
//
// No row lies farther than R = ROUNDING from its true place (the host measures it, and adds far more than what f64 rounds off in
// the definition), so that |a - b| and the true distance in this scale differ by at most 2 R. With T the k-th least t seen,
// k points are within sqrt(A + 2 T + 1) + 2 R, and a point with sqrt(A + 2 t) - 2 R beyond that cannot be a neighbor. Solved for t:
//
//   t > ((sqrt(A + 2 T + 1) + 4 R)^2 - A) / 2
import { append } from "./candidates";
import { ROUNDING } from "./layout";
import { FAR as NOTHING, farthest, insert } from "./lists";
import { distanceOf, ENTRY, offer } from "./nearest";
import { block, coarse, cols, halves, heaps, k, limits, names, owners, packed, rows, seen } from "./state";

const FAR = i32.MAX_VALUE;

// @ts-ignore: decorator
@inline
function pairs(): u32 {
  return (cols + 1) >> 1;
}

/** Bytes of eight points. */
export function coarseBytes(): u32 {
  return pairs() * 32;
}

/** Packs a slot's query as -a. */
export function packCoarse(slot: u32, row: u32): void {
  const from = coarse + ((<usize>(row >> 3) * pairs() * 8 + (row & 7)) << 2);
  const to = packed + ((<usize>(slot >> 2) * pairs() * 4 + (slot & 3)) << 2);
  for (let p: usize = 0; p < <usize>pairs(); p++) {
    store<i16>(to + (p << 4), -load<i16>(from + (p << 5)));
    store<i16>(to + (p << 4), -load<i16>(from + (p << 5), 2), 2);
  }
  store<i32>(limits + (<usize>slot << 2), FAR);
}

/** Four slots against blocks `from` .. `to` - 1 of eight points. */
export function compareCoarse(slot: u32, from: u32, to: u32): void {
  const four = packed + ((<usize>slot * pairs()) << 2);
  const end = four + (<usize>pairs() << 4);
  const limit = limits + (<usize>slot << 2);
  let t0 = v128.load32_splat(limit, 0);
  let t1 = v128.load32_splat(limit, 4);
  let t2 = v128.load32_splat(limit, 8);
  let t3 = v128.load32_splat(limit, 12);
  let x = coarse + ((<usize>from * pairs()) << 5);
  for (let b = from; b < to; b++) {
    let a0 = v128.load(halves + (<usize>b << 5), 0);
    let b0 = v128.load(halves + (<usize>b << 5), 16);
    let a1 = a0;
    let b1 = b0;
    let a2 = a0;
    let b2 = b0;
    let a3 = a0;
    let b3 = b0;
    for (let y = four; y < end; y += 16) {
      const left = v128.load(x, 0);
      const right = v128.load(x, 16);
      let one = v128.load32_splat(y, 0);
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(one, left));
      b0 = i32x4.add(b0, i32x4.dot_i16x8_s(one, right));
      one = v128.load32_splat(y, 4);
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(one, left));
      b1 = i32x4.add(b1, i32x4.dot_i16x8_s(one, right));
      one = v128.load32_splat(y, 8);
      a2 = i32x4.add(a2, i32x4.dot_i16x8_s(one, left));
      b2 = i32x4.add(b2, i32x4.dot_i16x8_s(one, right));
      one = v128.load32_splat(y, 12);
      a3 = i32x4.add(a3, i32x4.dot_i16x8_s(one, left));
      b3 = i32x4.add(b3, i32x4.dot_i16x8_s(one, right));
      x += 32;
    }
    const near0 = v128.or(i32x4.le_s(a0, t0), i32x4.le_s(b0, t0));
    const near1 = v128.or(i32x4.le_s(a1, t1), i32x4.le_s(b1, t1));
    const near2 = v128.or(i32x4.le_s(a2, t2), i32x4.le_s(b2, t2));
    const near3 = v128.or(i32x4.le_s(a3, t3), i32x4.le_s(b3, t3));
    if (!v128.any_true(v128.or(v128.or(near0, near1), v128.or(near2, near3)))) continue;
    if (v128.any_true(near0)) keep(slot, b << 3, a0, b0, t0);
    if (v128.any_true(near1)) keep(slot + 1, b << 3, a1, b1, t1);
    if (v128.any_true(near2)) keep(slot + 2, b << 3, a2, b2, t2);
    if (v128.any_true(near3)) keep(slot + 3, b << 3, a3, b3, t3);
    t0 = v128.load32_splat(limit, 0);
    t1 = v128.load32_splat(limit, 4);
    t2 = v128.load32_splat(limit, 8);
    t3 = v128.load32_splat(limit, 12);
  }
}

/** Packs point i of a leaf. Its limit is what its list still takes. */
export function packLeaf(slot: u32, i: u32): void {
  packCoarse(slot, i);
  store<u32>(owners + (<usize>slot << 2), i);
  store<i32>(limits + (<usize>slot << 2), leafLimit(i));
}

function leafLimit(i: u32): i32 {
  const worst = farthest(load<u32>(names + (<usize>i << 2)));
  return worst == NOTHING ? FAR : <i32>(worst - load<u32>(halves + (<usize>i << 2)));
}

/** Offers those points of a leaf to a slot's list: the distance is t and the slot's own half. */
function keepInLeaf(slot: u32, first: u32, lanes: i32): void {
  const place = <usize>slot << 2;
  const i = load<u32>(owners + place);
  const row = load<u32>(names + (<usize>i << 2));
  const half = load<u32>(halves + (<usize>i << 2));
  for (; lanes != 0; lanes &= lanes - 1) {
    const lane = ctz(lanes);
    const j = first + lane;
    if (j >= rows || j == i) continue;
    insert(row, half + load<u32>(block + (<usize>lane << 2)), load<u32>(names + (<usize>j << 2)));
  }
  store<i32>(limits + place, leafLimit(i));
}

/** Takes up those of eight points from `first` on whose t is within the limit, and lowers the limit. */
function keep(slot: u32, first: u32, left: v128, right: v128, limits4: v128): void {
  v128.store(block, left, 0);
  v128.store(block, right, 16);
  let lanes = i32x4.bitmask(i32x4.le_s(left, limits4)) | (i32x4.bitmask(i32x4.le_s(right, limits4)) << 4);
  if (names != 0) {
    keepInLeaf(slot, first, lanes);
    return;
  }
  const place = <usize>slot << 2;
  const owner = load<u32>(owners + place);
  const heap = heaps + <usize>slot * k * ENTRY;
  let limit = load<i32>(limits + place);
  let count = load<u32>(seen + place);
  for (; lanes != 0; lanes &= lanes - 1) {
    const i = ctz(lanes);
    const value = load<i32>(block + (<usize>i << 2));
    const id = first + i;
    if (value > limit || id >= rows || id == owner) continue;
    if (!append<i32>(slot, value, id, limit)) {
      store<i32>(limits + place, i32.MIN_VALUE);
      return;
    }
    const before = count == k ? distanceOf(heap) : Infinity;
    count = offer(heap, count, k, <f64>value, id);
    if (count == k && distanceOf(heap) < before) limit = limitOf(owner, distanceOf(heap));
  }
  store<i32>(limits + place, limit);
  store<u32>(seen + place, count);
}

/** The greatest t that a neighbor of `owner` can have when k points have a t of at most `worst`. */
function limitOf(owner: u32, worst: f64): i32 {
  // A is known to within 1 from its half.
  const square = 2 * <f64>load<i32>(halves + (<usize>owner << 2));
  const reach = Math.sqrt(Math.max(0, square + 2 * worst + 2)) + 4 * load<f64>(ROUNDING);
  return <i32>Math.min(<f64>FAR, Math.ceil(0.5 * (reach * reach - square)) + 1);
}
