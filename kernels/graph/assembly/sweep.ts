// Conductance and sweep cut; `reference.ts` is the definition.
import { DEGREE, INSIDE, NODE, P, SET, SET_EPOCH } from "./layout";
import { degreeOf, keys, members, neighbors, nextEpoch, nodes, order, profile, records } from "./layout";
import { rowEnd, rowStart, sets, volume, volumes, weightAt } from "./layout";
import { reachedCount } from "./push";
import { sortByKey } from "./sort";

const VALLEY_RISE: f64 = 1.05;
const CUT_FLOOR: f64 = 1e-12;

/** Length of the swept order, and of the chosen prefix (0 for none). */
export let sweptCount: u32 = 0;
export let chosenSize: u32 = 0;

export function conductanceOf(cut: f64, vol: f64): f64 {
  const rest = volume - vol;
  const smaller = vol < rest ? vol : rest;
  return smaller > 0 ? cut / smaller : 1;
}

/** Marks `v` as inside in this run and returns the change of the cut one neighbor at a time. */
// @ts-ignore: decorator
@inline
function addToCut(v: u32, cut: f64, run: u32): f64 {
  store<u32>(sets + <usize>v * SET, run, SET_EPOCH);
  const stop = rowEnd(v);
  for (let e = rowStart(v); e < stop; e++) {
    const u = load<u32>(neighbors + (e << 2));
    if (load<u32>(sets + <usize>u * SET, SET_EPOCH) == run) cut -= weightAt(e);
    else cut += weightAt(e);
  }
  return cut;
}

/** Conductance of the `count` distinct ids in `members`. */
export function conductance(count: u32): f64 {
  const run = nextEpoch();
  let cut: f64 = 0;
  let vol: f64 = 0;
  for (let i: usize = 0; i < count; i++) {
    const v = load<u32>(members + (i << 2));
    vol += degreeOf(v);
    cut = addToCut(v, cut, run);
  }
  return conductanceOf(cut, vol);
}

/** Sweeps the result of the last push; the chosen length is in `chosenSize`, order and profile in memory. */
export function sweep(rule: i32, delta: f64, minSize: u32, maxVolume: f64): void {
  let count: u32 = 0;
  for (let i: usize = 0; i < reachedCount; i++) {
    const v = load<u32>(nodes + (i << 2));
    const record = records + <usize>v * NODE;
    const p = load<f64>(record, P);
    if (p > 0) {
      store<f64>(keys + (<usize>count << 3), p / load<f64>(record, DEGREE));
      store<u32>(order + (<usize>count << 2), v);
      count++;
    }
  }
  sweptCount = count;
  sortByKey(count);
  const run = nextEpoch();
  let cut: f64 = 0;
  let vol: f64 = 0;
  let best = Infinity;
  let at: u32 = 0;
  // The keys are spent: their place holds, per prefix, its conductance or Infinity where it is not eligible.
  for (let i: usize = 0; i < count; i++) {
    const v = load<u32>(order + (i << 2));
    vol += degreeOf(v);
    cut = addToCut(v, cut, run);
    const phi = conductanceOf(cut, vol);
    store<f64>(profile + (i << 3), phi);
    store<f64>(volumes + (i << 3), vol);
    const eligible = i + 1 >= <usize>minSize && vol <= maxVolume && cut > CUT_FLOOR * vol;
    store<f64>(keys + (i << 3), eligible ? phi : Infinity);
    if (eligible && phi < best) {
      best = phi;
      at = <u32>i + 1;
    }
  }
  chosenSize = at;
  if (rule == 0 || at == 0) return;
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
