// The pass in f32: rules out, four points at a time, what cannot be a neighbor.
//
// Why that is safe. The host centers the points, scales them by a power of two so that no coordinate passes 1, and rounds
// them to f32: rows a, b with squared lengths A, B. D is the definition's value in that scale, n the number of columns,
// u = 2^-24, gamma(m) = m u / (1 - m u). The loop computes
//
//   s = fl(LOWERED(b) + sum_c fl(-2 a_c b_c)),   LOWERED(b) = fl((1 - E) B),   a stand-in for D - E (A + B) - (1 - E) A.
//
//   1. Summation: n + 1 terms in any order are off by at most gamma(n + 1) (B + sum |2 a_c b_c|) <= gamma(n + 1) (A + 2B),
//      roundings of the products included (Higham 2002, section 3.1).
//   2. Rounding of coordinates: |a - true| <= u |a| (1 + 2^-28), so squared distances move by at most
//      2 |a - b| u (|a| + |b|) + u^2 (|a| + |b|)^2 <= 4 u (A + B) (1 + 2^-20).
//   3. The definition itself: (n + 2) 2^-53 D, and D <= 2 (A + B) (1 + 2^-20).
//   4. LOWERED is rounded: u B.
//   5. Underflow of n products, of coordinates and of the definition's own products: ABSOLUTE holds four times their sum.
//
// With E = 2 gamma(n + 1) + 16 u, |s + (1 - E) A - (D - E (A + B))| <= E (A + B) + ABSOLUTE / 2. So D lies between
// s + (1 - E) A - ABSOLUTE / 2 and s + (1 - E) A + 2 E (A + B) + ABSOLUTE / 2, and with
//
//   h = s + 2 E (A + B) + ABSOLUTE
//
// a point with s > H, H the k-th least h seen, is farther than k others and cannot be a neighbor. One with s = H stays. H is
// compared in f32: rounding is monotonic, so s <= H gives s <= fl(H).
import { append } from "./candidates";
import { ABSOLUTE, RELATIVE } from "./layout";
import { distanceOf, ENTRY, offer } from "./nearest";
import { block, cols, fine, heaps, k, limits, lowered, owners, packed, rows, seen, squares } from "./state";

/** Points of this many bytes stay in a core's second cache while the queries of a group pass over them. */
export function fineBytes(): u32 {
  return cols * 32;
}

/** Packs a slot's query as -2 a. */
export function packFine(slot: u32, row: u32): void {
  const from = fine + ((<usize>(row >> 3) * cols * 8 + (row & 7)) << 2);
  const to = packed + ((<usize>(slot >> 2) * cols * 4 + (slot & 3)) << 2);
  for (let c: usize = 0; c < <usize>cols; c++) store<f32>(to + (c << 4), -2 * load<f32>(from + (c << 5)));
  store<f32>(limits + (<usize>slot << 2), Infinity);
}

/** Four slots against blocks `from` .. `to` - 1 of eight points. */
export function compareFine(slot: u32, from: u32, to: u32): void {
  const four = packed + ((<usize>slot * cols) << 2);
  const end = four + (<usize>cols << 4);
  const limit = limits + (<usize>slot << 2);
  let t0 = v128.load32_splat(limit, 0);
  let t1 = v128.load32_splat(limit, 4);
  let t2 = v128.load32_splat(limit, 8);
  let t3 = v128.load32_splat(limit, 12);
  let x = fine + ((<usize>from * cols) << 5);
  for (let b = from; b < to; b++) {
    let a0 = v128.load(lowered + (<usize>b << 5), 0);
    let b0 = v128.load(lowered + (<usize>b << 5), 16);
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
      a0 = f32x4.add(a0, f32x4.mul(one, left));
      b0 = f32x4.add(b0, f32x4.mul(one, right));
      one = v128.load32_splat(y, 4);
      a1 = f32x4.add(a1, f32x4.mul(one, left));
      b1 = f32x4.add(b1, f32x4.mul(one, right));
      one = v128.load32_splat(y, 8);
      a2 = f32x4.add(a2, f32x4.mul(one, left));
      b2 = f32x4.add(b2, f32x4.mul(one, right));
      one = v128.load32_splat(y, 12);
      a3 = f32x4.add(a3, f32x4.mul(one, left));
      b3 = f32x4.add(b3, f32x4.mul(one, right));
      x += 32;
    }
    const near0 = v128.or(f32x4.le(a0, t0), f32x4.le(b0, t0));
    const near1 = v128.or(f32x4.le(a1, t1), f32x4.le(b1, t1));
    const near2 = v128.or(f32x4.le(a2, t2), f32x4.le(b2, t2));
    const near3 = v128.or(f32x4.le(a3, t3), f32x4.le(b3, t3));
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

/** Takes up those of eight points from `first` on whose s is within the limit, and lowers the limit. */
function keep(slot: u32, first: u32, left: v128, right: v128, limits4: v128): void {
  v128.store(block, left, 0);
  v128.store(block, right, 16);
  let lanes = i32x4.bitmask(f32x4.le(left, limits4)) | (i32x4.bitmask(f32x4.le(right, limits4)) << 4);
  const place = <usize>slot << 2;
  const owner = load<u32>(owners + place);
  const heap = heaps + <usize>slot * k * ENTRY;
  const relative = 2 * load<f64>(RELATIVE);
  const own = relative * load<f64>(squares + (<usize>owner << 3)) + load<f64>(ABSOLUTE);
  let limit = load<f32>(limits + place);
  let count = load<u32>(seen + place);
  for (; lanes != 0; lanes &= lanes - 1) {
    const i = ctz(lanes);
    const value = load<f32>(block + (<usize>i << 2));
    const id = first + i;
    if (!(value <= limit) || id >= rows || id == owner) continue;
    if (!append<f32>(slot, value, id, limit)) {
      store<f32>(limits + place, -Infinity);
      return;
    }
    count = offer(heap, count, k, <f64>value + own + relative * load<f64>(squares + (<usize>id << 3)), id);
    if (count == k) limit = <f32>distanceOf(heap);
  }
  store<f32>(limits + place, limit);
  store<u32>(seen + place, count);
}
