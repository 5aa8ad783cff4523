// Where things lie in the memory that the host owns and lays out (`../memory.ts`). The graph is read by all threads; scratch
// belongs to one instance each, whose number tells it from the others.

/** Words of the control block, 4 bytes each; `../memory.ts` writes them by the same numbers. */
const N: usize = 0;
const UNIT: usize = 4;
const OFFSETS: usize = 8;
const NEIGHBORS: usize = 12;
const WEIGHTS: usize = 16;
const DEGREES: usize = 20;
const SCRATCH: usize = 24;
const STRIDE: usize = 28;
export const VOLUME: usize = 32;
/** Where threads write, and bytes of each; the words of the search stand before and behind. */
export const OUT: usize = 136;
export const OUT_STRIDE: usize = 140;
/** Behind those of the search: a partition, its rows and what is asked of it, for `relabel.ts` and `pieces.ts`. */
const LABELS: usize = 704;
const ROWS: usize = 708;
export const STARTS: usize = 712;
export const CLUSTERS: usize = 716;
export const GAMMAS: usize = 720;
export const PIECES: usize = 724;
export const COUNT: usize = 728;
export const ROUNDS: usize = 732;
export const NEXT_PART: usize = 736;

/**
 * Walk record, 16 bytes, so that a neighbor that receives mass costs one cache line: residual f64, degree f32, state u32.
 * The degree is there for the queue test alone; the state is run << 2 | has been pushed << 1 | is queued.
 */
export const RECORD: usize = 16;
export const DEGREE: usize = 8;
export const STATE: usize = 12;
export const PUSHED: u32 = 2;
export const QUEUED: u32 = 1;

/** Set record of the polish, 16 bytes: weight into the set, run, inside. */
export const SET: usize = 16;
export const SET_RUN: usize = 8;
export const INSIDE: usize = 12;

export let n: u32 = 0;
export let volume: f64 = 0;
export let unit: bool = false;
export let offsets: usize = 0;
export let neighbors: usize = 0;
export let weights: usize = 0;
export let degrees: usize = 0;
/** Of a partition, i32 a node, -1 for none: shared as the graph is. */
export let labels: usize = 0;
/** Its nodes by label, u32. */
export let rows: usize = 0;

/** Scratch, one entry a node: records and sets as above, then f64, then u32. */
export let records: usize = 0;
export let sets: usize = 0;
export let ranks: usize = 0;
export let keys: usize = 0;
export let spareKeys: usize = 0;
/** Sweep output: conductance and volume of each prefix. */
export let profile: usize = 0;
export let volumes: usize = 0;
/** Reached nodes; pushed nodes; sweep order; polished members; queue; scratch of the sorts; run in which a node was met. */
export let nodes: usize = 0;
export let pushed: usize = 0;
export let order: usize = 0;
export let members: usize = 0;
export let queue: usize = 0;
/** The queue is a ring of the least power of two above the number of nodes. */
export let queueMask: u32 = 0;
export let spare: usize = 0;
export let marks: usize = 0;
/** 8 histograms of 256 counts, for the sort by key. */
export let bins: usize = 0;

/** Reads the control block; scratch number `thread` becomes this instance's, and is cleared where runs are told by numbers. */
export function attach(control: usize, thread: u32): void {
  n = load<u32>(control, N);
  unit = load<u32>(control, UNIT) != 0;
  offsets = load<u32>(control, OFFSETS);
  neighbors = load<u32>(control, NEIGHBORS);
  weights = load<u32>(control, WEIGHTS);
  degrees = load<u32>(control, DEGREES);
  volume = load<f64>(control, VOLUME);
  labels = load<u32>(control, LABELS);
  rows = load<u32>(control, ROWS);
  let at = <usize>load<u32>(control, SCRATCH) + <usize>thread * load<u32>(control, STRIDE);
  const u = (<usize>n * 4 + 15) & ~15;
  const f = (<usize>n * 8 + 15) & ~15;
  records = at;
  sets = records + <usize>n * RECORD;
  ranks = sets + <usize>n * SET;
  keys = ranks + f;
  spareKeys = keys + f;
  profile = spareKeys + f;
  volumes = profile + f;
  nodes = volumes + f;
  // One more than there are nodes: the walk writes behind the end before it knows.
  pushed = nodes + u + 16;
  order = pushed + u;
  members = order + u;
  queue = members + u;
  let ring: u32 = 1;
  while (ring <= n) ring <<= 1;
  queueMask = ring - 1;
  spare = queue + ((<usize>ring * 4 + 15) & ~15);
  marks = spare + u;
  bins = marks + u;
  memory.fill(records, 0, <usize>n * RECORD);
  memory.fill(sets, 0, <usize>n * SET);
  memory.fill(marks, 0, <usize>n << 2);
  for (let v: usize = 0; v < n; v++) store<f32>(records + v * RECORD, <f32>load<f64>(degrees + (v << 3)), DEGREE);
  run = 0;
}

let run: u32 = 0;
/** A number that no record carries yet. After 2^30 - 1 of them the records are cleared once. */
export function nextRun(): u32 {
  run++;
  if (run >>> 30 != 0) {
    for (let v: usize = 0; v < n; v++) {
      store<u32>(records + v * RECORD, 0, STATE);
      store<u32>(sets + v * SET, 0, SET_RUN);
      store<u32>(marks + (v << 2), 0);
    }
    run = 1;
  }
  return run;
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
