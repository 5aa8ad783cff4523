// The start of approximate search: trees that split the points at random, and all pairs of each leaf.
import { NEXT, UNTIL, u32At } from "./layout";
import { beginLeaf, coarse, halves } from "./state";
import { compareCoarse, packLeaf } from "./coarse";
import { flat, halfOf, hash, leaf, orders, product, readHeader, rows, seed, stride } from "./descent-layout";

/**
 * Plants trees, whole ones, until none are left. A node is a range of ORDERS and splits in halves by the projection on the
 * line through two of its points. `keys`: i32 [rows] of this thread.
 */
export function plant(keys: usize): void {
  readHeader();
  const until = u32At(UNTIL);
  for (let tree = atomic.add<u32>(NEXT, 1); tree < until; tree = atomic.add<u32>(NEXT, 1)) {
    const order = orders + ((<usize>tree * rows) << 2);
    for (let i: u32 = 0; i < rows; i++) store<u32>(order + (<usize>i << 2), i);
    split(order, keys, 0, rows, tree, 1);
  }
}

function split(order: usize, keys: usize, from: u32, to: u32, tree: u32, node: u32): void {
  const size = to - from;
  if (size <= leaf) return;
  const a = load<u32>(order + (<usize>(from + hash(seed, tree, 2 * node) % size) << 2));
  const b = load<u32>(order + (<usize>(from + hash(seed, tree, 2 * node + 1) % size) << 2));
  // x.a - x.b may need 32 bits and a sign: half of it will do.
  for (let i = from; i < to; i++) {
    const x = load<u32>(order + (<usize>i << 2));
    store<i32>(keys + (<usize>i << 2), (product(x, a) >> 1) - (product(x, b) >> 1));
  }
  const middle = from + (size >> 1);
  select(order, keys, from, to - 1, middle);
  split(order, keys, from, middle, tree, 2 * node);
  split(order, keys, middle, to, tree, 2 * node + 1);
}

// @ts-ignore: decorator
@inline
function before(key: i32, id: u32, otherKey: i32, other: u32): bool {
  return key < otherKey || (key == otherKey && id < other);
}

/** Puts what belongs at place `middle` by (key, row) there, lesser ones below, greater ones above. */
function select(order: usize, keys: usize, from: u32, to: u32, middle: u32): void {
  while (from < to) {
    const center = <usize>((from + to) >> 1) << 2;
    const pivotKey = load<i32>(keys + center);
    const pivot = load<u32>(order + center);
    let i = from;
    let j = to;
    while (i <= j) {
      while (before(load<i32>(keys + (<usize>i << 2)), load<u32>(order + (<usize>i << 2)), pivotKey, pivot)) i++;
      while (before(pivotKey, pivot, load<i32>(keys + (<usize>j << 2)), load<u32>(order + (<usize>j << 2)))) j--;
      if (i > j) break;
      swap(order, i, j);
      swap(keys, i, j);
      i++;
      if (j == 0) break;
      j--;
    }
    if (middle <= j) to = j;
    else if (middle >= i) from = i;
    else return;
  }
}

// @ts-ignore: decorator
@inline
function swap(base: usize, i: u32, j: u32): void {
  const a = base + (<usize>i << 2);
  const b = base + (<usize>j << 2);
  const kept = load<u32>(a);
  store<u32>(a, load<u32>(b));
  store<u32>(b, kept);
}

/**
 * Compares all pairs of a leaf, leaf by leaf of one tree, each row for its own list. A leaf's rows are nobody else's in this phase.
 * Items are paths: the bits of one, highest first, are the turns from the root that `split` took. `scratch`: this thread's.
 */
export function join(tree: u32, depth: u32, scratch: usize): void {
  readHeader();
  const until = u32At(UNTIL);
  const order = orders + ((<usize>tree * rows) << 2);
  for (let item = atomic.add<u32>(NEXT, 1); item < until; item = atomic.add<u32>(NEXT, 1)) {
    let from: u32 = 0;
    let to = rows;
    let level = depth;
    while (to - from > leaf) {
      level--;
      const middle = from + ((to - from) >> 1);
      if ((item >> level) & 1) from = middle;
      else to = middle;
    }
    // A leaf above the greatest depth is the first item's of those that lead to it.
    if (item & ((1 << level) - 1)) continue;
    joinLeaf(order + (<usize>from << 2), to - from, scratch);
  }
}

/** All pairs of `size` rows, `names`, by the tiles of `coarse.ts`. */
function joinLeaf(names: usize, size: u32, scratch: usize): void {
  const padded = (size + 7) & ~7;
  beginLeaf(stride, size, names, scratch);
  for (let i: u32 = 0; i < padded; i++) {
    const to = coarse + ((<usize>(i >> 3) * stride * 8) << 1) + (<usize>(i & 7) << 2);
    if (i >= size) {
      store<i32>(halves + (<usize>i << 2), i32.MAX_VALUE);
      for (let p: usize = 0; p < <usize>stride; p += 2) store<u32>(to + (p << 4), 0);
      continue;
    }
    const row = load<u32>(names + (<usize>i << 2));
    store<u32>(halves + (<usize>i << 2), halfOf(row));
    const from = flat + ((<usize>row * stride) << 1);
    for (let p: usize = 0; p < <usize>stride; p += 2) store<u32>(to + (p << 4), load<u32>(from + (p << 1)));
  }
  for (let first: u32 = 0; first < size; first += 4) {
    for (let slot: u32 = 0; slot < 4; slot++) packLeaf(slot, min(first + slot, size - 1));
    compareCoarse(0, 0, padded >> 3);
  }
}
