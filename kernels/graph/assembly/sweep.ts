// Conductance and sweep cut; `../reference.ts` is the definition.
import { degreeOf, keys, marks, members, n, neighbors, nextRun, order, profile, pushed, ranks } from "./layout";
import { rowEnd, rowStart, unit, volume, volumes, weights } from "./layout";
import { sortByKey } from "./sort";
import { pushedCount } from "./walk";

const VALLEY_RISE: f64 = 1.05;
const CUT_FLOOR: f64 = 1e-12;

/** Length of the swept order, and of the chosen prefix (0 for none), and whether the profile rises behind it. */
export let sweptCount: u32 = 0;
export let chosenSize: u32 = 0;
export let closed: bool = false;

export function conductanceOf(cut: f64, vol: f64): f64 {
  const rest = volume - vol;
  const smaller = vol < rest ? vol : rest;
  return smaller > 0 ? cut / smaller : 1;
}

/** Marks `v` as inside in this run and returns its weight to those inside before it. */
// @ts-ignore: decorator
@inline
function enter(v: u32, run: u32): f64 {
  const met = marks;
  const ends = neighbors;
  store<u32>(met + (<usize>v << 2), run);
  const stop = rowEnd(v);
  if (unit) {
    let count: u32 = 0;
    for (let e = rowStart(v); e < stop; e++) {
      count += <u32>(load<u32>(met + (<usize>load<u32>(ends + (e << 2)) << 2)) == run);
    }
    return <f64>count;
  }
  let tie: f64 = 0;
  for (let e = rowStart(v); e < stop; e++) {
    if (load<u32>(met + (<usize>load<u32>(ends + (e << 2)) << 2)) == run) tie += load<f64>(weights + (e << 3));
  }
  return tie;
}

/** Conductance of the `count` distinct ids in `members`. */
export function conductance(count: u32): f64 {
  const run = nextRun();
  let cut: f64 = 0;
  let vol: f64 = 0;
  for (let i: usize = 0; i < count; i++) {
    const v = load<u32>(members + (i << 2));
    const degree = degreeOf(v);
    vol += degree;
    cut = cut + degree - 2 * enter(v, run);
  }
  return conductanceOf(cut, vol);
}

/** Sweeps the current walk; the chosen length is in `chosenSize`, order and profile in memory. */
export function sweep(rule: i32, delta: f64, minSize: u32, maxVolume: f64): void {
  const count = pushedCount;
  for (let i: usize = 0; i < count; i++) {
    const v = load<u32>(pushed + (i << 2));
    store<f64>(keys + (i << 3), load<f64>(ranks + (<usize>v << 3)) / degreeOf(v));
    store<u32>(order + (i << 2), v);
  }
  sweptCount = count;
  sortByKey(count);
  const run = nextRun();
  let cut: f64 = 0;
  let vol: f64 = 0;
  let best = Infinity;
  let at: u32 = 0;
  // The keys are spent: their place holds, per prefix, its conductance or Infinity where it is not eligible.
  for (let i: usize = 0; i < count; i++) {
    const v = load<u32>(order + (i << 2));
    const degree = degreeOf(v);
    vol += degree;
    cut = cut + degree - 2 * enter(v, run);
    const phi = conductanceOf(cut, vol);
    store<f64>(profile + (i << 3), phi);
    store<f64>(volumes + (i << 3), vol);
    const sized = i + 1 >= <usize>minSize && i + 1 + <usize>minSize <= <usize>n;
    const eligible = sized && vol <= maxVolume && cut > CUT_FLOOR * vol;
    store<f64>(keys + (i << 3), eligible ? phi : Infinity);
    if (eligible && phi < best) {
      best = phi;
      at = <u32>i + 1;
    }
  }
  chosenSize = at;
  closed = false;
  if (at == 0) return;
  if (rule != 0) {
    const limit = rule == 2 ? best * (1 + delta) : Infinity;
    let floor = Infinity;
    for (let i: usize = 0; i < count; i++) {
      const phi = load<f64>(keys + (i << 3));
      if (phi == Infinity) continue;
      if (phi < floor) {
        floor = phi;
        chosenSize = <u32>i + 1;
      } else if (floor <= limit && phi > floor * VALLEY_RISE) break;
    }
  }
  const bound = load<f64>(profile + (<usize>(chosenSize - 1) << 3)) * VALLEY_RISE;
  for (let i = <usize>chosenSize; i < count; i++) {
    const phi = load<f64>(keys + (i << 3));
    if (phi != Infinity && phi > bound) {
      closed = true;
      return;
    }
  }
  if (chosenSize < count && load<f64>(volumes + (<usize>chosenSize << 3)) > maxVolume) chosenSize = 0;
}

/** Volume of the lowest prefix of the last sweep, whatever its volume; 0 when all are too short. */
export function lowestVolume(minSize: u32): f64 {
  let best = Infinity;
  let found: f64 = 0;
  for (let i = <usize>minSize - 1; i < <usize>sweptCount; i++) {
    const phi = load<f64>(profile + (i << 3));
    if (phi < best) {
      best = phi;
      found = load<f64>(volumes + (i << 3));
    }
  }
  return found;
}
