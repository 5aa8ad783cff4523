// Moves boundary nodes until the set is even; `../reference.ts` is the definition.
import { INSIDE, SET, SET_RUN } from "./layout";
import { degreeOf, members, neighbors, nextRun, queue, rowEnd, rowStart, sets, weightAt } from "./layout";
import { sortIds } from "./sort";
import { conductanceOf } from "./sweep";

/** Of the last polish; its members lie ascending in `members`. */
export let polishedSize: u32 = 0;
export let polishedConductance: f64 = 1;
/** Whether the set would have grown past its largest volume. */
export let polishedCapped: bool = false;
export let polishedVolume: f64 = 0;
export let moveCount: u32 = 0;

let listed: u32 = 0;

/** Lists a node once a run. The queue of the push is free at this time and holds the list. */
// @ts-ignore: decorator
@inline
function reach(v: u32, run: u32): usize {
  const record = sets + <usize>v * SET;
  if (load<u32>(record, SET_RUN) != run) {
    store<f64>(record, 0);
    store<u32>(record, run, SET_RUN);
    store<u32>(record, 0, INSIDE);
    store<u32>(queue + (<usize>listed << 2), v);
    listed++;
  }
  return record;
}

function join(v: u32, run: u32): void {
  store<u32>(sets + <usize>v * SET, 1, INSIDE);
  const stop = rowEnd(v);
  for (let e = rowStart(v); e < stop; e++) {
    const record = reach(load<u32>(neighbors + (e << 2)), run);
    store<f64>(record, load<f64>(record) + weightAt(e));
  }
}

function leave(v: u32): void {
  store<u32>(sets + <usize>v * SET, 0, INSIDE);
  const stop = rowEnd(v);
  for (let e = rowStart(v); e < stop; e++) {
    const record = sets + <usize>load<u32>(neighbors + (e << 2)) * SET;
    store<f64>(record, load<f64>(record) - weightAt(e));
  }
}

/** Polishes the `count` distinct ids at `from`, and lists the members. */
export function polish(from: usize, count: u32, rounds: u32, strictness: f64, minSize: u32, maxVolume: f64): void {
  measure(from, count, rounds, strictness, minSize, maxVolume);
  let kept: usize = 0;
  for (let i: usize = 0; i < listed; i++) {
    const v = load<u32>(queue + (i << 2));
    if (load<u32>(sets + <usize>v * SET, INSIDE) == 0) continue;
    store<u32>(members + (kept << 2), v);
    kept++;
  }
  sortIds(members, <u32>kept);
}

/** The same for who asks for conductance and volume alone: no list is made. */
export function measure(from: usize, count: u32, rounds: u32, strictness: f64, minSize: u32, maxVolume: f64): void {
  const run = nextRun();
  listed = 0;
  moveCount = 0;
  polishedCapped = false;
  let size = count;
  let cut: f64 = 0;
  let vol: f64 = 0;
  for (let i: usize = 0; i < count; i++) reach(load<u32>(from + (i << 2)), run);
  for (let i: usize = 0; i < count; i++) {
    const v = load<u32>(from + (i << 2));
    const degree = degreeOf(v);
    cut += degree - 2 * load<f64>(sets + <usize>v * SET);
    vol += degree;
    join(v, run);
  }
  let pull = strictness * (1 - cut / vol);
  for (let round: u32 = 0; round < rounds; round++) {
    const before = moveCount;
    const stop = listed;
    for (let i: usize = 0; i < stop; i++) {
      const v = load<u32>(queue + (i << 2));
      const record = sets + <usize>v * SET;
      const degree = degreeOf(v);
      const tie = load<f64>(record);
      const bound = pull * degree;
      if (load<u32>(record, INSIDE) == 0) {
        if (!(tie > bound)) continue;
        if (vol + degree > maxVolume) {
          polishedCapped = true;
          break;
        }
        cut = cut + degree - 2 * tie;
        vol = vol + degree;
        join(v, run);
        size++;
      } else {
        if (!(tie < bound) || size <= minSize) continue;
        cut = cut - degree + 2 * tie;
        vol = vol - degree;
        leave(v);
        size--;
      }
      pull = strictness * (1 - cut / vol);
      moveCount++;
    }
    if (polishedCapped || moveCount == before) break;
  }
  polishedSize = size;
  polishedConductance = conductanceOf(cut, vol);
  polishedVolume = vol;
}
