// Standard normals from Philox words by Box and Muller, 32 at a time: formulas and bounds of common/philox.wgsl.
//
// u = ((word >> 9) + 0.5) * 2^-23;  z[0], z[1] = sqrt(-2 ln u0) * (cos, sin)(2 pi u1); z[2], z[3] the same from u2, u3
//
// Normals differ from exact ones by less than 2e-6; |z| < 5.8. An element depends on its key, step and index alone.
import { log4 } from "./log4";
import { philox8, transpose4 } from "./philox";

/** Elements that working memory is asked for at a time; a multiple of 32. */
export const NORMALS: u32 = 256;

/** Normals of elements `from` to `from + count - 1` of a step; `from` is a multiple of 4, `count` is rounded up to one of 32. */
export function normals(key0: u32, key1: u32, step: u32, from: u32, count: u32, to: usize): void {
  const end = to + (<usize>count << 2);
  for (let part = from >>> 2; to < end; part += 8) {
    philox8(key0, key1, part, step, to);
    radii(to);
    angles(to);
    angles(to + 64);
    transpose4(to);
    transpose4(to + 64);
    to += 128;
  }
}

/** The first and third of every four vectors of words become radii: all at once, for the operations of one wait for each other. */
// @ts-ignore: decorator
@inline
function radii(at: usize): void {
  const a = radius4(v128.load(at));
  const b = radius4(v128.load(at, 32));
  const c = radius4(v128.load(at, 64));
  const d = radius4(v128.load(at, 96));
  v128.store(at, a);
  v128.store(at, b, 32);
  v128.store(at, c, 64);
  v128.store(at, d, 96);
}

// @ts-ignore: decorator
@inline
function radius4(words: v128): v128 {
  return f32x4.sqrt(f32x4.mul(f32x4.splat(-2), log4(uniform4(words))));
}

/** Numbers in (0, 1), exact. */
// @ts-ignore: decorator
@inline
function uniform4(words: v128): v128 {
  const half = f32x4.add(f32x4.convert_i32x4_s(i32x4.shr_u(words, 9)), f32x4.splat(0.5));
  return f32x4.mul(half, f32x4.splat(1.1920928955078125e-7));
}

/** Four vectors, each a radius and the words of its angle in turns, become cosines and sines times the radius. */
// @ts-ignore: decorator
@inline
function angles(at: usize): void {
  const u = uniform4(v128.load(at, 16));
  const v = uniform4(v128.load(at, 48));
  const q = quarter4(u);
  const r = quarter4(v);
  const a = rest4(u, q);
  const b = rest4(v, r);
  const sineA = sine4(a);
  const sineB = sine4(b);
  const cosineA = cosine4(a);
  const cosineB = cosine4(b);
  const radiusA = v128.load(at);
  const radiusB = v128.load(at, 32);
  // Bit 1 of q + 1 and of q are the signs of cosine and sine.
  v128.store(at, f32x4.mul(radiusA, turned(sineA, cosineA, q, i32x4.add(q, i32x4.splat(1)))));
  v128.store(at, f32x4.mul(radiusA, turned(cosineA, sineA, q, q)), 16);
  v128.store(at, f32x4.mul(radiusB, turned(sineB, cosineB, r, i32x4.add(r, i32x4.splat(1)))), 32);
  v128.store(at, f32x4.mul(radiusB, turned(cosineB, sineB, r, r)), 48);
}

/** 3 * 2^22: a float of this size has no fraction, so that adding it rounds, and its last bits are an integer. */
const ROUNDER: f32 = 12582912;

/** The nearest number of quarter turns, plus ROUNDER: its last bits are the number. */
// @ts-ignore: decorator
@inline
function quarter4(u: v128): v128 {
  return f32x4.add(f32x4.mul(u, f32x4.splat(4)), f32x4.splat(ROUNDER));
}

/** What is left of the angle, at most pi / 4; the difference is exact. */
// @ts-ignore: decorator
@inline
function rest4(u: v128, quarter: v128): v128 {
  const turns = f32x4.mul(f32x4.sub(quarter, f32x4.splat(ROUNDER)), f32x4.splat(0.25));
  return f32x4.mul(f32x4.sub(u, turns), f32x4.splat(6.283185307));
}

// @ts-ignore: decorator
@inline
function sine4(a: v128): v128 {
  const b = f32x4.mul(a, a);
  let s = f32x4.add(f32x4.mul(b, f32x4.splat(2.755731922e-6)), f32x4.splat(-1.984126984e-4));
  s = f32x4.add(f32x4.mul(b, s), f32x4.splat(8.333333333e-3));
  s = f32x4.add(f32x4.mul(b, s), f32x4.splat(-0.1666666667));
  return f32x4.mul(a, f32x4.add(f32x4.mul(b, s), f32x4.splat(1)));
}

// @ts-ignore: decorator
@inline
function cosine4(a: v128): v128 {
  const b = f32x4.mul(a, a);
  let c = f32x4.add(f32x4.mul(b, f32x4.splat(2.48015873e-5)), f32x4.splat(-1.388888889e-3));
  c = f32x4.add(f32x4.mul(b, c), f32x4.splat(4.166666667e-2));
  c = f32x4.add(f32x4.mul(b, c), f32x4.splat(-0.5));
  return f32x4.add(f32x4.mul(b, c), f32x4.splat(1));
}

/** `odd` where q is odd, else `even`; negative where bit 1 of `sign` is set. */
// @ts-ignore: decorator
@inline
function turned(odd: v128, even: v128, q: v128, sign: v128): v128 {
  const value = v128.bitselect(odd, even, i32x4.shr_s(i32x4.shl(q, 31), 31));
  return v128.xor(value, i32x4.shl(v128.and(sign, i32x4.splat(2)), 30));
}
