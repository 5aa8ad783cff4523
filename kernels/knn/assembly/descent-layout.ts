// The header of approximate search, which has a memory of its own; see `layout.ts`.
import { placeAt, u32At } from "./layout";

/** Items of the phase that goes on: next, and where they end, as in `layout.ts`. */
const ROWS: usize = 8;
/** i16 values a point has, a multiple of 8. */
const STRIDE: usize = 12;
/** Entries of a list, more than the k that are wanted. */
const LENGTH: usize = 16;
/** Entries of a list that a join looks at, forward and backward each. */
const SAMPLE: usize = 20;
/** Points of a leaf, at most. */
const LEAF: usize = 24;
/** i16 [rows, STRIDE]: the points centered, scaled, rounded. */
const FLAT: usize = 28;
/** u32 [rows]: half of a squared length, rounded up, so that no distance is negative. */
const HALVES: usize = 32;
/** u32 [trees, rows]: rows in order of leaves. */
const ORDERS: usize = 36;
/** u32 [rows, LENGTH] each: squared distances halved, and ids with the mark of what is new; nearest first. */
const NEAR: usize = 40;
const IDS: usize = 44;
/** u32 [rows, SAMPLE]: ids of the last round, of the nearest. */
const FORWARD: usize = 48;
/** u32 [rows + 1] each: where a row's backward edges begin, and how far they are filled. */
const OFFSETS: usize = 52;
const CURSORS: usize = 56;
/** u32 [rows * SAMPLE]: rows in whose FORWARD a row stands. */
const BACKWARD: usize = 60;
/** Number of the round, for choices by hash. */
const SEED: usize = 64;

export let rows: u32 = 0;
export let stride: u32 = 0;
export let length: u32 = 0;
export let sample: u32 = 0;
export let leaf: u32 = 0;
export let flat: usize = 0;
export let halves: usize = 0;
export let orders: usize = 0;
export let near: usize = 0;
export let ids: usize = 0;
export let forward: usize = 0;
export let offsets: usize = 0;
export let cursors: usize = 0;
export let backward: usize = 0;
export let seed: u32 = 0;

export function readHeader(): void {
  rows = u32At(ROWS);
  stride = u32At(STRIDE);
  length = u32At(LENGTH);
  sample = u32At(SAMPLE);
  leaf = u32At(LEAF);
  flat = placeAt(FLAT);
  halves = placeAt(HALVES);
  orders = placeAt(ORDERS);
  near = placeAt(NEAR);
  ids = placeAt(IDS);
  forward = placeAt(FORWARD);
  offsets = placeAt(OFFSETS);
  cursors = placeAt(CURSORS);
  backward = placeAt(BACKWARD);
  seed = u32At(SEED);
}

// @ts-ignore: decorator
@inline
export function halfOf(i: u32): u32 {
  return load<u32>(halves + (<usize>i << 2));
}

/** Half the squared distance of two rows, rounded by their halves: exact integers, the same on every machine. */
// @ts-ignore: decorator
@inline
export function gap(i: u32, j: u32): u32 {
  return halfOf(i) + halfOf(j) - <u32>product(i, j);
}

/** Dot product of two rows; below 2^31, for their squared lengths are below 2^30. */
// @ts-ignore: decorator
@inline
export function product(i: u32, j: u32): i32 {
  return dot(flat + (((<usize>i) * stride) << 1), flat + (((<usize>j) * stride) << 1));
}

export function dot(a: usize, b: usize): i32 {
  const end = a + (<usize>stride << 1);
  let sum = i32x4.dot_i16x8_s(v128.load(a), v128.load(b));
  for (a += 16, b += 16; a < end; a += 16, b += 16)
    sum = i32x4.add(sum, i32x4.dot_i16x8_s(v128.load(a), v128.load(b)));
  sum = i32x4.add(sum, v128.shuffle<i32>(sum, sum, 2, 3, 0, 1));
  return i32x4.extract_lane(sum, 0) + i32x4.extract_lane(sum, 1);
}

/** A number without pattern from three (murmur3's last steps). */
export function hash(a: u32, b: u32, c: u32): u32 {
  let h = a * 0xcc9e2d51 + rotl<u32>(b * 0x1b873593 + 0x7f4a7c15, 13);
  h = mix(h) + c * 0x85ebca6b;
  return mix(h);
}

function mix(h: u32): u32 {
  h ^= h >>> 16;
  h *= 0x85ebca6b;
  h ^= h >>> 13;
  h *= 0xc2b2ae35;
  return h ^ (h >>> 16);
}
