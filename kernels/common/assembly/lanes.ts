// Four numbers of a row at a time: its ragged end, and sums over lanes in one order.

/** Ones in the first `count` lanes, zeros in the others; `count` of 4 and more: ones. */
// @ts-ignore: decorator
@inline
export function first(count: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count));
}

/** Stores the first `count` lanes, 1 to 4 of them. */
// @ts-ignore: decorator
@inline
export function storeFirst(to: usize, value: v128, count: u32): void {
  if (count >= 4) {
    v128.store(to, value);
    return;
  }
  v128.store32_lane(to, value, 0);
  if (count > 1) v128.store32_lane(to, value, 1, 4);
  if (count > 2) v128.store32_lane(to, value, 2, 8);
}

/** (0 + 2) + (1 + 3). */
// @ts-ignore: decorator
@inline
export function sumOf(a: v128): f32 {
  const b = f32x4.add(a, v128.shuffle<i32>(a, a, 2, 3, 0, 1));
  return f32x4.extract_lane(b, 0) + f32x4.extract_lane(b, 1);
}

/** The largest lane; NaN is not told apart. */
// @ts-ignore: decorator
@inline
export function largestOf(a: v128): f32 {
  const b = f32x4.pmax(a, v128.shuffle<i32>(a, a, 2, 3, 0, 1));
  return f32x4.extract_lane(f32x4.pmax(b, v128.shuffle<i32>(b, b, 1, 0, 3, 2)), 0);
}
