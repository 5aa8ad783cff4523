// Neighbor descent (Dong, Moses & Li 2011): a neighbor of a neighbor is likely a neighbor. Every row looks at the neighbors, in
// both directions, of its neighbors in both directions, and keeps the nearest. Rows read the graph of the round before and write
// only their own list, and a list is the least of what was offered: the result depends neither on threads nor on order.
import {
  backward,
  cursors,
  forward,
  gap,
  hash,
  ids,
  length,
  offsets,
  readHeader,
  rows,
  sample,
  seed,
} from "./descent-layout";
import { NEXT, UNTIL, u32At } from "./layout";
import { FRESH, insert, NONE } from "./lists";

/** Rows that a thread takes at a time. */
const BLOCK: u32 = 256;

/** Copies the nearest of each list to FORWARD, where they keep their marks, counts backward edges, and takes the marks away. */
export function snapshot(): void {
  readHeader();
  const until = u32At(UNTIL);
  for (let first = atomic.add<u32>(NEXT, BLOCK); first < until; first = atomic.add<u32>(NEXT, BLOCK)) {
    for (let v = first; v < min(until, first + BLOCK); v++) {
      for (let n: u32 = 0; n < sample; n++) {
        const from = ids + ((<usize>v * length + n) << 2);
        const entry = load<u32>(from);
        store<u32>(forward + ((<usize>v * sample + n) << 2), entry);
        store<u32>(from, entry & ~FRESH);
        const u = entry & ~FRESH;
        if (u != NONE) atomic.add<u32>(offsets + (<usize>(u + 1) << 2), 1);
      }
    }
  }
}

/** Writes the backward edges, with the marks of the forward ones; in an order that `tidy` undoes. */
export function turn(): void {
  readHeader();
  const until = u32At(UNTIL);
  for (let first = atomic.add<u32>(NEXT, BLOCK); first < until; first = atomic.add<u32>(NEXT, BLOCK)) {
    for (let v = first; v < min(until, first + BLOCK); v++) {
      for (let n: u32 = 0; n < sample; n++) {
        const entry = load<u32>(forward + ((<usize>v * sample + n) << 2));
        const u = entry & ~FRESH;
        if (u == NONE) continue;
        const at = atomic.add<u32>(cursors + (<usize>u << 2), 1);
        store<u32>(backward + (<usize>at << 2), v | (entry & FRESH));
      }
    }
  }
}

/**
 * Leaves of each row's backward edges a sample, at their front, by hash: at most SAMPLE, whatever order `turn` wrote them in.
 * CURSORS then says where the sample ends, with the mark when anything is new to the row.
 */
export function tidy(): void {
  readHeader();
  const until = u32At(UNTIL);
  for (let first = atomic.add<u32>(NEXT, BLOCK); first < until; first = atomic.add<u32>(NEXT, BLOCK)) {
    for (let u = first; u < min(until, first + BLOCK); u++) {
      const from = load<u32>(offsets + (<usize>u << 2));
      const to = load<u32>(offsets + (<usize>(u + 1) << 2));
      const end = min(to, from + sample);
      // Selection of the least: only rows that many others list have more than fit.
      if (to > end) {
        for (let i = from; i < end; i++) {
          let least = i;
          let rank = rankOf(u, i);
          for (let j = i + 1; j < to; j++) {
            const other = rankOf(u, j);
            if (other >= rank) continue;
            least = j;
            rank = other;
          }
          const a = backward + (<usize>i << 2);
          const b = backward + (<usize>least << 2);
          const kept = load<u32>(a);
          store<u32>(a, load<u32>(b));
          store<u32>(b, kept);
        }
      }
      let fresh: u32 = 0;
      for (let at = from; at < end; at++) fresh |= load<u32>(backward + (<usize>at << 2));
      for (let n: u32 = 0; n < sample; n++) fresh |= load<u32>(forward + ((<usize>u * sample + n) << 2));
      store<u32>(cursors + (<usize>u << 2), end | (fresh & FRESH));
    }
  }
}

/** Unique a row: the hash, then the id. */
// @ts-ignore: decorator
@inline
function rankOf(u: u32, at: u32): u64 {
  const v = load<u32>(backward + (<usize>at << 2)) & ~FRESH;
  return (<u64>hash(seed, u, v) << 32) | v;
}

/** Of this thread, u32 [rows]: the last row that looked at a row. */
let visited: usize = 0;

/**
 * One round for all rows; returns how many entries the next one has to look at. `marks`: u32 [rows] of this thread, all zero.
 */
export function descend(marks: usize): u32 {
  readHeader();
  visited = marks;
  let fresh: u32 = 0;
  const until = u32At(UNTIL);
  for (let first = atomic.add<u32>(NEXT, BLOCK); first < until; first = atomic.add<u32>(NEXT, BLOCK)) {
    for (let v = first; v < min(until, first + BLOCK); v++) {
      improve(v);
      for (let n: u32 = 0; n < sample; n++) fresh += load<u32>(ids + ((<usize>v * length + n) << 2)) >>> 31;
    }
  }
  return fresh;
}

function improve(v: u32): void {
  store<u32>(visited + (<usize>v << 2), v + 1);
  for (let n: u32 = 0; n < length; n++) {
    const u = load<u32>(ids + ((<usize>v * length + n) << 2)) & ~FRESH;
    if (u != NONE) store<u32>(visited + (<usize>u << 2), v + 1);
  }
  const own = forward + ((<usize>v * sample) << 2);
  for (let n: u32 = 0; n < sample; n++) look(v, load<u32>(own + (<usize>n << 2)));
  const end = load<u32>(cursors + (<usize>v << 2)) & ~FRESH;
  for (let at = load<u32>(offsets + (<usize>v << 2)); at < end; at++) {
    const entry = load<u32>(backward + (<usize>at << 2));
    // Who lists v may be its neighbor as well.
    if (entry & FRESH) offer(v, entry & ~FRESH);
    look(v, entry);
  }
}

/** Looks at the neighbors of u, both ways: all of them when v and u are new to each other, else those new to u. */
function look(v: u32, entry: u32): void {
  const u = entry & ~FRESH;
  if (u == NONE) return;
  const all = entry & FRESH;
  const cursor = load<u32>(cursors + (<usize>u << 2));
  if (!((all | cursor) & FRESH)) return;
  const list = forward + ((<usize>u * sample) << 2);
  for (let n: u32 = 0; n < sample; n++) {
    const w = load<u32>(list + (<usize>n << 2));
    if ((all | w) & FRESH) offer(v, w & ~FRESH);
  }
  const end = cursor & ~FRESH;
  for (let at = load<u32>(offsets + (<usize>u << 2)); at < end; at++) {
    const w = load<u32>(backward + (<usize>at << 2));
    if ((all | w) & FRESH) offer(v, w & ~FRESH);
  }
}

// @ts-ignore: decorator
@inline
function offer(v: u32, w: u32): void {
  if (w == NONE) return;
  const mark = visited + (<usize>w << 2);
  if (load<u32>(mark) == v + 1) return;
  store<u32>(mark, v + 1);
  insert(v, gap(v, w), w);
}
