// Where things lie in the memory that the host owns. Nothing is ever freed: `configure` lays out one graph from the heap
// base up, `cover` puts its growing output behind it.

/** Node record, 32 bytes, so that a push touches one half cache line: residual, p, degree, epoch, queued. */
export const NODE: usize = 32;
export const P: usize = 8;
export const DEGREE: usize = 16;
/** A record is valid in the run whose number it carries; so no pass clears the records between seeds. */
export const EPOCH: usize = 24;
export const QUEUED: usize = 28;

/** Set record, 16 bytes, for sweep and polish: weight into the set, epoch, inside. */
export const SET: usize = 16;
export const SET_EPOCH: usize = 8;
export const INSIDE: usize = 12;

export let n: u32 = 0;
export let volume: f64 = 0;
export let unit: bool = false;

export let offsets: usize = 0;
export let neighbors: usize = 0;
export let weights: usize = 0;
export let degrees: usize = 0;
export let records: usize = 0;
export let sets: usize = 0;
/** Reached nodes, seed order, sweep order, polished members, queue: u32 each. */
export let nodes: usize = 0;
export let seeds: usize = 0;
export let order: usize = 0;
export let members: usize = 0;
export let queue: usize = 0;
export let hits: usize = 0;
export let body: usize = 0;
/** Scratch of the sorts. */
export let spare: usize = 0;
export let keys: usize = 0;
export let spareKeys: usize = 0;
/** Sweep output: conductance and volume of each prefix, f64. */
export let profile: usize = 0;
export let volumes: usize = 0;
/** Up to 64 tolerances, f64. */
export let scales: usize = 0;
export let end: usize = 0;

let top: usize = 0;
function take(bytes: usize): usize {
  const at = top;
  top = (top + bytes + 15) & ~15;
  return at;
}

/** Grows the memory to hold `bytes`; false when the host refuses. */
export function ensure(bytes: usize): bool {
  const pages = <i32>((bytes + 65535) >>> 16);
  const have = memory.size();
  return pages <= have || memory.grow(pages - have) >= 0;
}

/** Lays out a graph of `count` nodes and `entries` neighbor entries; false when memory is short. */
export function configure(count: u32, entries: u32, isUnit: bool): bool {
  n = count;
  unit = isUnit;
  top = (__heap_base + 15) & ~15;
  const u = <usize>count * 4;
  const f = <usize>count * 8;
  offsets = take(u + 4);
  neighbors = take(<usize>entries * 4);
  weights = take(isUnit ? 0 : <usize>entries * 8);
  degrees = take(f);
  records = take(<usize>count * NODE);
  sets = take(<usize>count * SET);
  nodes = take(u);
  seeds = take(u);
  order = take(u);
  members = take(u);
  queue = take(u);
  hits = take(u);
  body = take(u);
  spare = take(u);
  keys = take(f);
  spareKeys = take(f);
  profile = take(f);
  volumes = take(f);
  scales = take(64 * 8);
  end = top;
  if (!ensure(end)) return false;
  memory.fill(records, 0, <usize>count * NODE);
  memory.fill(sets, 0, <usize>count * SET);
  epoch = 0;
  return true;
}

/** After the host has written the arrays: copies degrees into the records. */
export function prepare(total: f64): void {
  volume = total;
  for (let v: usize = 0; v < n; v++) {
    store<f64>(records + v * NODE, load<f64>(degrees + (v << 3)), DEGREE);
  }
}

let epoch: u32 = 0;
/** A number no record carries yet. After 2^32 - 1 runs the records are cleared once. */
export function nextEpoch(): u32 {
  epoch++;
  if (epoch == 0) {
    for (let v: usize = 0; v < n; v++) {
      store<u32>(records + v * NODE, 0, EPOCH);
      store<u32>(sets + v * SET, 0, SET_EPOCH);
    }
    epoch = 1;
  }
  return epoch;
}

// @ts-ignore: decorator
@inline
export function rowStart(v: u32): usize {
  return load<u32>(offsets + (<usize>v << 2));
}

// @ts-ignore: decorator
@inline
export function rowEnd(v: u32): usize {
  return load<u32>(offsets + (<usize>v << 2), 4);
}

// @ts-ignore: decorator
@inline
export function degreeOf(v: u32): f64 {
  return load<f64>(degrees + (<usize>v << 3));
}

// @ts-ignore: decorator
@inline
export function weightAt(e: usize): f64 {
  return unit ? 1.0 : load<f64>(weights + (e << 3));
}
