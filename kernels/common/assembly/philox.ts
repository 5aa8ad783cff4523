// Counter-based random words: Philox4x32-10 of common/philox.wgsl, eight blocks side by side. Integers: exact.
//
// Element e of a step is word e mod 4 of the block with counter (e / 4, step, 0, 0). Lane j of a vector is block part + j.

const MULTIPLIER_0: i32 = 0xd2511f53;
const MULTIPLIER_1: i32 = 0xcd9e8d57;
const WEYL_0: u32 = 0x9e3779b9;
const WEYL_1: u32 = 0xbb67ae85;

/**
 * Blocks part to part + 7 of a step, 128 bytes at `to`: of the first four blocks their first words, then their second, third and
 * fourth; then the same of the last four. Two chains side by side, for a round's operations wait for each other.
 */
// @ts-ignore: decorator
@inline
export function philox8(key0: u32, key1: u32, part: u32, step: u32, to: usize): void {
  const m0 = i32x4.splat(MULTIPLIER_0);
  const m1 = i32x4.splat(MULTIPLIER_1);
  let a0 = i32x4.add(i32x4.splat(part), i32x4(0, 1, 2, 3));
  let b0 = i32x4.add(i32x4.splat(part), i32x4(4, 5, 6, 7));
  let a1 = i32x4.splat(step);
  let b1 = a1;
  let a2 = i32x4.splat(0);
  let b2 = a2;
  let a3 = a2;
  let b3 = a2;
  for (let round = 0; round < 10; round++) {
    // Even words of the products are their low halves, odd ones the high halves.
    const k0 = i32x4.splat(key0);
    const k1 = i32x4.splat(key1);
    const low0a = i64x2.extmul_low_i32x4_u(a0, m0);
    const high0a = i64x2.extmul_high_i32x4_u(a0, m0);
    const low0b = i64x2.extmul_low_i32x4_u(b0, m0);
    const high0b = i64x2.extmul_high_i32x4_u(b0, m0);
    const low1a = i64x2.extmul_low_i32x4_u(a2, m1);
    const high1a = i64x2.extmul_high_i32x4_u(a2, m1);
    const low1b = i64x2.extmul_low_i32x4_u(b2, m1);
    const high1b = i64x2.extmul_high_i32x4_u(b2, m1);
    a0 = v128.xor(v128.shuffle<i32>(low1a, high1a, 1, 3, 5, 7), v128.xor(a1, k0));
    b0 = v128.xor(v128.shuffle<i32>(low1b, high1b, 1, 3, 5, 7), v128.xor(b1, k0));
    a2 = v128.xor(v128.shuffle<i32>(low0a, high0a, 1, 3, 5, 7), v128.xor(a3, k1));
    b2 = v128.xor(v128.shuffle<i32>(low0b, high0b, 1, 3, 5, 7), v128.xor(b3, k1));
    a1 = v128.shuffle<i32>(low1a, high1a, 0, 2, 4, 6);
    b1 = v128.shuffle<i32>(low1b, high1b, 0, 2, 4, 6);
    a3 = v128.shuffle<i32>(low0a, high0a, 0, 2, 4, 6);
    b3 = v128.shuffle<i32>(low0b, high0b, 0, 2, 4, 6);
    key0 += WEYL_0;
    key1 += WEYL_1;
  }
  v128.store(to, a0);
  v128.store(to, a1, 16);
  v128.store(to, a2, 32);
  v128.store(to, a3, 48);
  v128.store(to, b0, 64);
  v128.store(to, b1, 80);
  v128.store(to, b2, 96);
  v128.store(to, b3, 112);
}

/** Words by block instead of words by word, of 64 bytes in their place: elements in their order. */
// @ts-ignore: decorator
@inline
export function transpose4(at: usize): void {
  const a = v128.load(at);
  const b = v128.load(at, 16);
  const c = v128.load(at, 32);
  const d = v128.load(at, 48);
  const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const AB = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const CD = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(at, v128.shuffle<i64>(ab, cd, 0, 2));
  v128.store(at, v128.shuffle<i64>(ab, cd, 1, 3), 16);
  v128.store(at, v128.shuffle<i64>(AB, CD, 0, 2), 32);
  v128.store(at, v128.shuffle<i64>(AB, CD, 1, 3), 48);
}
