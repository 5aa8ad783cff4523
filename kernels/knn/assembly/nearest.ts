// The k least (distance, id) pairs seen so far: a binary heap with the worst on top.

/** An entry: f64 distance, u32 id, 4 bytes unused. */
export const ENTRY: usize = 16;

// @ts-ignore: decorator
@inline
export function distanceOf(entry: usize): f64 {
  return load<f64>(entry);
}

// @ts-ignore: decorator
@inline
export function idOf(entry: usize): u32 {
  return load<u32>(entry, 8);
}

/** Whether (d, id) comes behind an entry: ties go to the lower id. */
// @ts-ignore: decorator
@inline
function behind(d: f64, id: u32, entry: usize): bool {
  const other = distanceOf(entry);
  return d > other || (d == other && id > idOf(entry));
}

// @ts-ignore: decorator
@inline
export function put(entry: usize, d: f64, id: u32): void {
  store<f64>(entry, d);
  store<u32>(entry, id, 8);
}

/** Puts (d, id) at the top of a heap of `count` and lets it sink. */
function sink(heap: usize, count: u32, d: f64, id: u32): void {
  let at = heap;
  for (let child: u32 = 1; child < count; ) {
    let entry = heap + <usize>child * ENTRY;
    if (child + 1 < count && behind(distanceOf(entry + ENTRY), idOf(entry + ENTRY), entry)) {
      entry += ENTRY;
      child++;
    }
    if (behind(d, id, entry)) break;
    put(at, distanceOf(entry), idOf(entry));
    at = entry;
    child = 2 * child + 1;
  }
  put(at, d, id);
}

/** Offers (d, id) to a heap that holds `count` of at most k; returns how many it holds now. */
export function offer(heap: usize, count: u32, k: u32, d: f64, id: u32): u32 {
  if (count == k) {
    if (!behind(d, id, heap)) sink(heap, k, d, id);
    return k;
  }
  let at = count;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const entry = heap + <usize>parent * ENTRY;
    if (!behind(d, id, entry)) break;
    put(heap + <usize>at * ENTRY, distanceOf(entry), idOf(entry));
    at = parent;
  }
  put(heap + <usize>at * ENTRY, d, id);
  return count + 1;
}

/** Empties a heap into `ids`, nearest first. */
export function drain(heap: usize, count: u32, ids: usize): void {
  while (count > 0) {
    count--;
    store<u32>(ids + (<usize>count << 2), idOf(heap));
    const last = heap + <usize>count * ENTRY;
    sink(heap, count, distanceOf(last), idOf(last));
  }
}
