// Exact k nearest neighbors. A pass over all points rules out almost all of them, in 16-bit integers or in f32; what is left is
// ranked by the definition: differences squared in f64 and summed in order of columns, ties by id. No neighbor is ever ruled out
// (`coarse.ts`, `fine.ts` say why), so the ids are the definition's, bit for bit.
//
// A query whose candidates are too many goes on to the finer pass, and then to the definition over all points: many equal points,
// or clusters far tighter than their distance.
import { prune } from "./candidates";
import { coarseBytes, compareCoarse, packCoarse } from "./coarse";
import { compareFine, fineBytes, packFine } from "./fine";
import { IDS, NEXT, placeAt, QUERIES, u32At, UNTIL, USES_COARSE } from "./layout";
import { drain, ENTRY, offer } from "./nearest";
import {
  asked,
  begin,
  CANDIDATE,
  candidates,
  capacity,
  cols,
  group,
  heaps,
  held,
  k,
  limits,
  owners,
  points,
  rows,
  seen,
} from "./state";

/** Points of this many bytes stay in a core's second cache while the queries of a group pass over them. */
const CACHED: u32 = 131072;

/** Answers queries, a group at a time, until none are left. `scratch`: this thread's, at a multiple of 16. */
export function search(scratch: usize): void {
  begin(scratch);
  const until = u32At(UNTIL);
  let coarsely = u32At(USES_COARSE) != 0;
  for (let first = atomic.add<u32>(NEXT, group); first < until; first = atomic.add<u32>(NEXT, group)) {
    const queries = placeAt(QUERIES) + (<usize>first << 2);
    const ids = placeAt(IDS) + ((<usize>first * k) << 2);
    const count = min(group, until - first);
    for (let q: u32 = 0; q < count; q++) store<u32>(asked + (<usize>q << 2), q);
    let left = count;
    if (coarsely) {
      left = pass(queries, left, ids, true);
      // Where the coarse pass fails for many it is not worth its time; the ids are the same without it.
      coarsely = left <= count >> 1;
    }
    left = pass(queries, left, ids, false);
    for (let slot: u32 = 0; slot < left; slot++) {
      const q = load<u32>(asked + (<usize>slot << 2));
      rankAll(load<u32>(queries + (<usize>q << 2)), ids + ((<usize>q * k) << 2));
    }
  }
}

/** Passes over all points for the `count` queries in `asked`, and answers them; returns how many it leaves there unanswered. */
function pass(queries: usize, count: u32, ids: usize, coarsely: bool): u32 {
  if (count == 0) return 0;
  // Four queries are compared at a time; the last one repeats.
  const padded = (count + 3) & ~3;
  for (let slot: u32 = 0; slot < padded; slot++) {
    const place = <usize>slot << 2;
    const row = load<u32>(queries + (<usize>load<u32>(asked + (<usize>min(slot, count - 1) << 2)) << 2));
    store<u32>(owners + place, row);
    store<u32>(seen + place, 0);
    store<u32>(held + place, 0);
    if (coarsely) packCoarse(slot, row);
    else packFine(slot, row);
  }
  const blocks = (rows + 7) >> 3;
  const step = max<u32>(1, CACHED / (coarsely ? coarseBytes() : fineBytes()));
  for (let from: u32 = 0; from < blocks; from += step) {
    const to = min(blocks, from + step);
    for (let slot: u32 = 0; slot < padded; slot += 4) {
      if (coarsely) compareCoarse(slot, from, to);
      else compareFine(slot, from, to);
    }
  }
  let left: u32 = 0;
  for (let slot: u32 = 0; slot < count; slot++) {
    const q = load<u32>(asked + (<usize>slot << 2));
    if (load<u32>(held + (<usize>slot << 2)) > capacity) {
      store<u32>(asked + (<usize>left << 2), q);
      left++;
    } else rank(slot, ids + ((<usize>q * k) << 2), coarsely);
  }
  return left;
}

/** The neighbors of a slot's query by the definition, among its candidates. */
function rank(slot: u32, ids: usize, coarsely: bool): void {
  const place = <usize>slot << 2;
  const owner = load<u32>(owners + place);
  const heap = heaps + <usize>slot * k * ENTRY;
  const list = candidates + <usize>slot * capacity * CANDIDATE;
  const size = coarsely
    ? prune<i32>(list, load<u32>(held + place), load<i32>(limits + place))
    : prune<f32>(list, load<u32>(held + place), load<f32>(limits + place));
  let count: u32 = 0;
  for (let i: u32 = 0; i < size; i++) {
    const id = load<u32>(list + <usize>i * CANDIDATE, 4);
    count = offer(heap, count, k, distance(owner, id), id);
  }
  drain(heap, count, ids);
}

/** The same among all points. The first heap is free by then. */
function rankAll(owner: u32, ids: usize): void {
  let count: u32 = 0;
  const all = rows & ~3;
  for (let id: u32 = 0; id < all; id += 4) count = offerFour(count, owner, id);
  for (let id = all; id < rows; id++) if (id != owner) count = offer(heaps, count, k, distance(owner, id), id);
  drain(heaps, count, ids);
}

/** The definition: squared differences in f64, summed in order of columns. */
function distance(i: u32, j: u32): f64 {
  let a = points + ((<usize>i * cols) << 3);
  let b = points + ((<usize>j * cols) << 3);
  const end = a + (<usize>cols << 3);
  let sum: f64 = 0;
  for (; a < end; a += 8, b += 8) {
    const gap = load<f64>(a) - load<f64>(b);
    sum += gap * gap;
  }
  return sum;
}

/** The definition for points j to j + 3, whose four sums go on at once. */
function offerFour(count: u32, i: u32, j: u32): u32 {
  const row = <usize>cols << 3;
  let a = points + <usize>i * row;
  let b = points + <usize>j * row;
  const end = a + row;
  let d0: f64 = 0;
  let d1: f64 = 0;
  let d2: f64 = 0;
  let d3: f64 = 0;
  for (; a < end; a += 8, b += 8) {
    const x = load<f64>(a);
    const g0 = x - load<f64>(b);
    const g1 = x - load<f64>(b + row);
    const g2 = x - load<f64>(b + 2 * row);
    const g3 = x - load<f64>(b + 3 * row);
    d0 += g0 * g0;
    d1 += g1 * g1;
    d2 += g2 * g2;
    d3 += g3 * g3;
  }
  if (i != j) count = offer(heaps, count, k, d0, j);
  if (i != j + 1) count = offer(heaps, count, k, d1, j + 1);
  if (i != j + 2) count = offer(heaps, count, k, d2, j + 2);
  if (i != j + 3) count = offer(heaps, count, k, d3, j + 3);
  return count;
}
