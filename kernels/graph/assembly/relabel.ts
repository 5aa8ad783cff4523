// Ties between the clusters of a partition, and moves of nodes between them; `../partition.ts` is the definition.
import { degreeOf, keys, labels, members, n, neighbors, order, profile, queue, rowEnd, rows, rowStart } from "./layout";
import { volume, weightAt } from "./layout";

/** Nodes moved by the last call. */
export let relabelCount: u32 = 0;

/**
 * `labels` are below `count`, -1 for none. Borrowed: `profile` volumes of clusters, `keys` weights to them,
 * `order` clusters met, `members` and `queue` the nodes to look at in this round and the next.
 */
export function relabel(count: u32, share: f64, gamma: f64, joins: bool, rounds: u32): void {
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
  let now = members;
  let next = queue;
  relabelCount = 0;
  for (let round: u32 = 0; round < rounds; round++) {
    const before = relabelCount;
    for (let v: u32 = 0; v < n; v++) {
      const flag = now + (<usize>v << 2);
      if (load<u32>(flag) == 0) continue;
      store<u32>(flag, 0);
      const degree = degreeOf(v);
      const own = load<i32>(labels + (<usize>v << 2));
      if (degree == 0 || (own < 0 && !joins)) continue;
      const start = rowStart(v);
      const stop = rowEnd(v);
      let met: usize = 0;
      for (let e = start; e < stop; e++) {
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
      for (let e = start; e < stop; e++) store<u32>(next + (<usize>load<u32>(neighbors + (e << 2)) << 2), 1);
    }
    if (relabelCount == before) break;
    const swap = now;
    now = next;
    next = swap;
  }
}

/**
 * Weight from the nodes at `from` .. `to` of `rows` to each cluster, labels as in `relabel`: clusters met in `order`, in
 * the order of meeting, their weights beside them in `profile`. Returns how many.
 */
export function tieRow(from: u32, to: u32): u32 {
  const nodes = rows;
  let met: u32 = 0;
  for (let i = from; i < to; i++) {
    const v = load<u32>(nodes + (<usize>i << 2));
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
  for (let i: u32 = 0; i < met; i++) {
    const at = keys + (<usize>load<u32>(order + (<usize>i << 2)) << 3);
    store<f64>(profile + (<usize>i << 3), load<f64>(at));
    store<f64>(at, 0);
  }
  return met;
}

/** Makes the weights of `tieRow` zero, once before its first call after anything else. */
export function clearTies(count: u32): void {
  memory.fill(keys, 0, <usize>count << 3);
}
