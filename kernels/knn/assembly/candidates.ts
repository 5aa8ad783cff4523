// The candidates of a slot: points whose value is within its limit. Values order a slot's points by distance, up to an error
// that the pass knows: it turns the values of the k best into the limit.
import { CANDIDATE, capacity, candidates, held } from "./state";

/**
 * Appends a candidate; false when there is no room, and then the slot is marked as given up. T is f32 or i32.
 */
export function append<T>(slot: u32, value: T, id: u32, limit: T): bool {
  const place = held + (<usize>slot << 2);
  const list = candidates + <usize>slot * capacity * CANDIDATE;
  let size = load<u32>(place);
  if (size == capacity) {
    size = prune<T>(list, size, limit);
    // Without room to spare the list would be pruned again and again.
    if (size > capacity - (capacity >> 2)) {
      store<u32>(place, capacity + 1);
      return false;
    }
  }
  store<T>(list + <usize>size * CANDIDATE, value);
  store<u32>(list + <usize>size * CANDIDATE, id, 4);
  store<u32>(place, size + 1);
  return true;
}

/** Drops candidates beyond the limit; returns how many are left. */
export function prune<T>(list: usize, size: u32, limit: T): u32 {
  let left: u32 = 0;
  for (let i: u32 = 0; i < size; i++) {
    const from = list + <usize>i * CANDIDATE;
    if (!(load<T>(from) <= limit)) continue;
    store<u64>(list + <usize>left * CANDIDATE, load<u64>(from));
    left++;
  }
  return left;
}
