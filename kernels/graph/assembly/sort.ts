// Merge sorts over raw memory: stable, no recursion, no allocation.
import { keys, order, spare, spareKeys } from "./layout";

/** Sorts `count` pairs (keys, order) by key descending, then id ascending. */
export function sortByKey(count: u32): void {
  let ids = order;
  let ks = keys;
  let outIds = spare;
  let outKs = spareKeys;
  const total = <usize>count;
  for (let width: usize = 1; width < total; width <<= 1) {
    for (let low: usize = 0; low < total; low += width << 1) {
      const mid = min(low + width, total);
      const high = min(mid + width, total);
      let i = low;
      let j = mid;
      for (let k = low; k < high; k++) {
        let left = i < mid;
        if (left && j < high) {
          const a = load<f64>(ks + (i << 3));
          const b = load<f64>(ks + (j << 3));
          left = a > b || (a == b && load<u32>(ids + (i << 2)) < load<u32>(ids + (j << 2)));
        }
        const from = left ? i : j;
        store<f64>(outKs + (k << 3), load<f64>(ks + (from << 3)));
        store<u32>(outIds + (k << 2), load<u32>(ids + (from << 2)));
        if (left) i++;
        else j++;
      }
    }
    let swap = ids;
    ids = outIds;
    outIds = swap;
    swap = ks;
    ks = outKs;
    outKs = swap;
  }
  if (ids != order) {
    memory.copy(order, ids, total << 2);
    memory.copy(keys, ks, total << 3);
  }
}

/** Sorts `count` ids at `at` ascending. */
export function sortIds(at: usize, count: u32): void {
  let ids = at;
  let out = spare;
  const total = <usize>count;
  for (let width: usize = 1; width < total; width <<= 1) {
    for (let low: usize = 0; low < total; low += width << 1) {
      const mid = min(low + width, total);
      const high = min(mid + width, total);
      let i = low;
      let j = mid;
      for (let k = low; k < high; k++) {
        const left = i < mid && (j >= high || load<u32>(ids + (i << 2)) <= load<u32>(ids + (j << 2)));
        store<u32>(out + (k << 2), load<u32>(ids + ((left ? i : j) << 2)));
        if (left) i++;
        else j++;
      }
    }
    const swap = ids;
    ids = out;
    out = swap;
  }
  if (ids != at) memory.copy(at, ids, total << 2);
}
