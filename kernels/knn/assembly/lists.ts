// Lists of the nearest rows found so far: NEAR and IDS of `descent-layout.ts`.
import { ids, length, near } from "./descent-layout";

/** No neighbor yet. */
export const NONE: u32 = 0x7fffffff;
/** Mark of an entry that no join has looked at. */
export const FRESH: u32 = 0x80000000;
/** Behind every distance. */
export const FAR: u32 = 0xffffffff;

/** The greatest distance in the list of row i. */
export function farthest(i: u32): u32 {
  return load<u32>(near + ((<usize>i * length + length - 1) << 2));
}

/** Offers (d, id) to the list of row i. The list is the least of all that were offered, in any order. */
export function insert(i: u32, d: u32, id: u32): void {
  const last = length - 1;
  const distances = near + ((<usize>i * length) << 2);
  const names = ids + ((<usize>i * length) << 2);
  let other = load<u32>(distances + (<usize>last << 2));
  if (d > other || (d == other && id >= (load<u32>(names + (<usize>last << 2)) & ~FRESH))) return;
  // Where it belongs, and whether it is there already.
  let at = last;
  while (at > 0) {
    const place = <usize>(at - 1) << 2;
    other = load<u32>(distances + place);
    if (other < d) break;
    if (other == d) {
      const name = load<u32>(names + place) & ~FRESH;
      if (name == id) return;
      if (name < id) break;
    }
    at--;
  }
  const place = <usize>at << 2;
  memory.copy(distances + place + 4, distances + place, <usize>(last - at) << 2);
  memory.copy(names + place + 4, names + place, <usize>(last - at) << 2);
  store<u32>(distances + place, d);
  store<u32>(names + place, id | FRESH);
}
