// Sorts over raw memory: no recursion, no allocation.
import { bins, keys, order, spare, spareKeys } from "./layout";

/** Below this, insertion beats the passes over 256 bins. */
const FEW: u32 = 48;

/** Sorts `count` pairs (keys, order) by key descending, then id ascending. Keys are not negative and not NaN. */
export function sortByKey(count: u32): void {
  const total = <usize>count;
  if (count <= FEW) {
    insertion(0, total);
    return;
  }
  memory.fill(bins, 0, 8192);
  for (let i: usize = 0; i < total; i++) {
    const bits = load<u64>(keys + (i << 3));
    for (let b: usize = 0; b < 8; b++) {
      const bin = bins + (b << 10) + ((<usize>(bits >>> (<u64>b << 3)) & 255) << 2);
      store<u32>(bin, load<u32>(bin) + 1);
    }
  }
  let ids = order;
  let ks = keys;
  let outIds = spare;
  let outKs = spareKeys;
  // Bits of non-negative floats order as the floats do. From the lowest byte up, largest first, each pass stable.
  for (let b: usize = 0; b < 8; b++) {
    const histogram = bins + (b << 10);
    const first = (<usize>(load<u64>(ks) >>> (<u64>b << 3)) & 255) << 2;
    if (load<u32>(histogram + first) == count) continue;
    let sum: u32 = 0;
    for (let d: isize = 255; d >= 0; d--) {
      const bin = histogram + (<usize>d << 2);
      const here = load<u32>(bin);
      store<u32>(bin, sum);
      sum += here;
    }
    for (let i: usize = 0; i < total; i++) {
      const bits = load<u64>(ks + (i << 3));
      const bin = histogram + ((<usize>(bits >>> (<u64>b << 3)) & 255) << 2);
      const at = <usize>load<u32>(bin);
      store<u32>(bin, <u32>at + 1);
      store<u64>(outKs + (at << 3), bits);
      store<u32>(outIds + (at << 2), load<u32>(ids + (i << 2)));
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
  // Equal keys lie together in the order of the push; there the ids decide.
  let low: usize = 0;
  while (low < total) {
    const key = load<u64>(keys + (low << 3));
    let high = low + 1;
    while (high < total && load<u64>(keys + (high << 3)) == key) high++;
    if (high - low > <usize>FEW) sortIds(order + (low << 2), <u32>(high - low));
    else if (high - low > 1) insertion(low, high);
    low = high;
  }
}

function insertion(from: usize, to: usize): void {
  for (let i = from + 1; i < to; i++) {
    const key = load<f64>(keys + (i << 3));
    const id = load<u32>(order + (i << 2));
    let j = i;
    while (j > from) {
      const other = load<f64>(keys + ((j - 1) << 3));
      if (other > key || (other == key && load<u32>(order + ((j - 1) << 2)) < id)) break;
      store<f64>(keys + (j << 3), other);
      store<u32>(order + (j << 2), load<u32>(order + ((j - 1) << 2)));
      j--;
    }
    store<f64>(keys + (j << 3), key);
    store<u32>(order + (j << 2), id);
  }
}

/** Sorts `count` ids at `at` ascending, by merging. */
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
