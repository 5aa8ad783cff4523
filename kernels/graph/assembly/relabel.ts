// Moves of nodes between the clusters of a partition, and ties between them; `../partition.ts` is the definition.
import { attach, degreeOf, keys, labels, members, n, neighbors, order, profile, queue, rowEnd, rows, rowStart } from "./layout";
import { CLUSTERS, COUNT, NEXT_PART, OUT, OUT_STRIDE, PIECES, STARTS, volume, weightAt } from "./layout";

/** Nodes moved since `beginRelabel`. */
export let relabelCount: u32 = 0;

/** Nodes to look at in this round, and in the next: u32 flags. */
let now: usize = 0;
let next: usize = 0;

/** What a thread says of a node before the round: look at it; it stays, or leaves its cluster, if no neighbor moves before it. */
const LOOK: u32 = 0;
const STAYS: u32 = 1;
const LEAVES: u32 = 2;
/** Nodes that a thread takes at a time. */
const BLOCK: u32 = 1024;

/**
 * `labels` are below `count`, -1 for none. Borrowed until the last round: `profile` volumes of clusters, `keys` weights to
 * them, `order` clusters met, `members` and `queue` the nodes to look at.
 */
export function beginRelabel(count: u32): void {
  memory.fill(profile, 0, <usize>count << 3);
  memory.fill(keys, 0, <usize>count << 3);
  for (let v: u32 = 0; v < n; v++) {
    const label = load<i32>(labels + (<usize>v << 2));
    if (label >= 0) {
      const at = profile + (<usize>label << 3);
      store<f64>(at, load<f64>(at) + degreeOf(v));
    }
    store<u32>(members + (<usize>v << 2), 1);
    store<u32>(queue + (<usize>v << 2), 0);
  }
  now = members;
  next = queue;
  relabelCount = 0;
}

/** Place of the flags of the nodes to look at, for `foresee`. */
export function relabelFlags(): usize {
  return now;
}

/** Adds up the weight from `v` to each cluster in `keys`, and lists those met in `order`. */
// @ts-ignore: decorator
@inline
function tiesOf(v: u32): usize {
  const stop = rowEnd(v);
  let met: usize = 0;
  for (let e = rowStart(v); e < stop; e++) {
    const label = load<i32>(labels + (<usize>load<u32>(neighbors + (e << 2)) << 2));
    if (label < 0) continue;
    const at = keys + (<usize>label << 3);
    const tie = load<f64>(at);
    if (tie == 0) {
      store<i32>(order + (met << 2), label);
      met++;
    }
    store<f64>(at, tie + weightAt(e));
  }
  return met;
}

/**
 * One thread's part before a round: what the ties alone decide, volumes aside, as long as no neighbor moves first. `count` is that
 * of the clusters, `flags` the nodes to look at. Nothing is changed but what is said, where the pieces lie.
 */
export function foresee(control: usize, thread: u32, fresh: bool, count: u32, flags: usize, share: f64, joins: bool): void {
  if (fresh) attach(control, thread);
  memory.fill(keys, 0, <usize>count << 3);
  const said = <usize>load<u32>(control, PIECES);
  const blocks = (n + BLOCK - 1) / BLOCK;
  for (let b = atomic.add<u32>(control + NEXT_PART, 1); b < blocks; b = atomic.add<u32>(control + NEXT_PART, 1)) {
    const stop = min(n, (b + 1) * BLOCK);
    for (let v = b * BLOCK; v < stop; v++) {
      if (load<u32>(flags + (<usize>v << 2)) == 0) continue;
      const degree = degreeOf(v);
      const own = load<i32>(labels + (<usize>v << 2));
      if (degree == 0 || (own < 0 && !joins)) continue;
      const met = tiesOf(v);
      const least = share * degree;
      let word = own >= 0 && !(load<f64>(keys + (<usize>own << 3)) >= least) ? LEAVES : STAYS;
      for (let i: usize = 0; i < met; i++) {
        const label = load<i32>(order + (i << 2));
        const at = keys + (<usize>label << 3);
        if (label != own && load<f64>(at) >= least) word = LOOK;
        store<f64>(at, 0);
      }
      store<u32>(said + (<usize>v << 2), word);
    }
  }
}

/** A round; `said`: what `foresee` left, 0 for nothing. Returns the nodes moved in it. */
export function relabelRound(share: f64, gamma: f64, joins: bool, said: usize): u32 {
  const before = relabelCount;
  for (let v: u32 = 0; v < n; v++) {
    const flag = now + (<usize>v << 2);
    if (load<u32>(flag) == 0) continue;
    store<u32>(flag, 0);
    const degree = degreeOf(v);
    const own = load<i32>(labels + (<usize>v << 2));
    if (degree == 0 || (own < 0 && !joins)) continue;
    // What was said holds unless a neighbor has moved in this round, and then the node is to be looked at in the next.
    const word = said != 0 && load<u32>(next + (<usize>v << 2)) == 0 ? load<u32>(said + (<usize>v << 2)) : LOOK;
    if (word == STAYS) continue;
    const best = word == LEAVES ? -1 : bestFor(v, own, degree, share, gamma);
    if (best == own) continue;
    store<i32>(labels + (<usize>v << 2), best);
    if (own >= 0) {
      const at = profile + (<usize>own << 3);
      store<f64>(at, load<f64>(at) - degree);
    }
    if (best >= 0) {
      const at = profile + (<usize>best << 3);
      store<f64>(at, load<f64>(at) + degree);
    }
    relabelCount++;
    const stop = rowEnd(v);
    for (let e = rowStart(v); e < stop; e++) store<u32>(next + (<usize>load<u32>(neighbors + (e << 2)) << 2), 1);
  }
  const swap = now;
  now = next;
  next = swap;
  return relabelCount - before;
}

// @ts-ignore: decorator
@inline
function bestFor(v: u32, own: i32, degree: f64, share: f64, gamma: f64): i32 {
  const met = tiesOf(v);
  const least = share * degree;
  const pull = (gamma * degree) / volume;
  let best: i32 = -1;
  let gain = -Infinity;
  if (own >= 0) {
    const tie = load<f64>(keys + (<usize>own << 3));
    if (tie >= least) {
      best = own;
      gain = tie - pull * (load<f64>(profile + (<usize>own << 3)) - degree);
    }
  }
  for (let i: usize = 0; i < met; i++) {
    const label = load<i32>(order + (i << 2));
    const at = keys + (<usize>label << 3);
    const tie = load<f64>(at);
    store<f64>(at, 0);
    if (label == own || tie < least) continue;
    const other = tie - pull * load<f64>(profile + (<usize>label << 3));
    if (other > gain || (other == gain && best != own && label < best)) {
      gain = other;
      best = label;
    }
  }
  return best;
}

/** The nodes of each label below `count`, ascending, in `rows`, and where each label's begin at `starts`. Borrowed: `order`. */
export function placeRows(starts: usize, count: u32): void {
  memory.fill(starts, 0, (<usize>count + 1) << 2);
  for (let v: usize = 0; v < n; v++) {
    const label = load<i32>(labels + (v << 2));
    if (label < 0) continue;
    const at = starts + (<usize>label << 2);
    store<u32>(at, load<u32>(at, 4) + 1, 4);
  }
  for (let c: usize = 0; c < count; c++) {
    const at = starts + (c << 2);
    store<u32>(at, load<u32>(at) + load<u32>(at, 4), 4);
  }
  memory.copy(order, starts, <usize>count << 2);
  for (let v: usize = 0; v < n; v++) {
    const label = load<i32>(labels + (v << 2));
    if (label < 0) continue;
    const next = order + (<usize>label << 2);
    const at = load<u32>(next);
    store<u32>(rows + (<usize>at << 2), <u32>v);
    store<u32>(next, at + 1);
  }
}

/**
 * One thread's part of the ties between clusters, in the order that the host has listed, until none is left or its output may
 * not hold another. A record is the cluster and the number of clusters met as u32, its volume as f64, the weights to those as f64, and their numbers
 * as u32, padded to 8, in the order of meeting. Returns the bytes written.
 */
export function tieRows(control: usize, thread: u32, fresh: bool): u32 {
  if (fresh) attach(control, thread);
  const count = load<u32>(control, COUNT);
  memory.fill(keys, 0, <usize>count << 3);
  const starts = <usize>load<u32>(control, STARTS);
  const base = <usize>load<u32>(control, OUT) + <usize>thread * load<u32>(control, OUT_STRIDE);
  const last = base + load<u32>(control, OUT_STRIDE) - (24 + 12 * <usize>count);
  let out = base;
  while (out <= last && atomic.load<u32>(control + NEXT_PART) < count) {
    const i = atomic.add<u32>(control + NEXT_PART, 1);
    if (i >= count) break;
    const cluster = load<u32>(<usize>load<u32>(control, CLUSTERS) + (<usize>i << 2));
    const row = starts + (<usize>cluster << 2);
    const met = tieRow(load<u32>(row), load<u32>(row, 4));
    store<u32>(out, cluster);
    store<u32>(out, met, 4);
    store<f64>(out, rowVolume, 8);
    out += 16;
    for (let j: u32 = 0; j < met; j++) {
      const at = keys + (<usize>load<u32>(order + (<usize>j << 2)) << 3);
      store<f64>(out, load<f64>(at));
      store<f64>(at, 0);
      out += 8;
    }
    memory.copy(out, order, <usize>met << 2);
    out += ((<usize>met << 2) + 7) & ~7;
  }
  return <u32>(out - base);
}

/** Volume of the nodes that `tieRow` has looked at. */
let rowVolume: f64 = 0;

/** Weight from the nodes at `from` .. `to` of `rows` to each cluster, in `keys`; clusters met in `order`. Returns how many. */
function tieRow(from: u32, to: u32): u32 {
  let met: u32 = 0;
  rowVolume = 0;
  for (let i = from; i < to; i++) {
    const v = load<u32>(rows + (<usize>i << 2));
    rowVolume += degreeOf(v);
    const stop = rowEnd(v);
    for (let e = rowStart(v); e < stop; e++) {
      const label = load<i32>(labels + (<usize>load<u32>(neighbors + (e << 2)) << 2));
      if (label < 0) continue;
      const at = keys + (<usize>label << 3);
      const tie = load<f64>(at);
      if (tie == 0) {
        store<i32>(order + (<usize>met << 2), label);
        met++;
      }
      store<f64>(at, tie + weightAt(e));
    }
  }
  return met;
}
