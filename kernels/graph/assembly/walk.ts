// Personalized PageRank by push; `reference.ts` is the definition.
import { DEGREE, degreeOf, PUSHED, QUEUED, RECORD, STATE } from "./layout";
import { n, neighbors, nextRun, nodes, pushed, queue, ranks, records, rowEnd, rowStart, unit, weights } from "./layout";

/** Nodes that hold mass, and those of them that were pushed, of the current walk. */
export let reachedCount: u32 = 0;
export let pushedCount: u32 = 0;
/** Push operations of the current walk. */
export let pushCount: f64 = 0;

let run: u32 = 0;
let head: u32 = 0;
let waiting: u32 = 0;

// @ts-ignore: decorator
@inline
function enqueue(v: u32): void {
  let at: u32 = head + waiting;
  if (at >= n) at -= n;
  store<u32>(queue + (<usize>at << 2), v);
  waiting++;
}

/** A walk from `seed` with all mass there and nothing pushed. */
export function begin(seed: u32): void {
  run = nextRun();
  reachedCount = 1;
  pushedCount = 0;
  pushCount = 0;
  head = 0;
  waiting = 0;
  store<u32>(nodes, seed);
  const record = records + <usize>seed * RECORD;
  store<f64>(record, 1);
  store<u32>(record, run << 2, STATE);
}

/** One neighbor's share; makes its record valid when this walk meets it first. */
// @ts-ignore: decorator
@inline
function receive(u: u32, share: f64, tolerance: f64): void {
  const record = records + <usize>u * RECORD;
  let state = load<u32>(record, STATE);
  let r = share;
  if (state >>> 2 == run) r += load<f64>(record);
  else {
    state = run << 2;
    store<u32>(record, state, STATE);
    store<u32>(nodes + (<usize>reachedCount << 2), u);
    reachedCount++;
  }
  store<f64>(record, r);
  if ((state & QUEUED) == 0 && r > tolerance * <f64>load<f32>(record, DEGREE)) {
    store<u32>(record, state | QUEUED, STATE);
    enqueue(u);
  }
}

/** Goes on with the walk down to `tolerance`. */
export function grow(alpha: f64, lazy: bool, tolerance: f64, maxPushes: f64): void {
  const stay = lazy ? (1 - alpha) / 2 : 0;
  const go = lazy ? (1 - alpha) / 2 : 1 - alpha;
  for (let i: usize = 0; i < reachedCount; i++) {
    const v = load<u32>(nodes + (i << 2));
    const record = records + <usize>v * RECORD;
    const state = load<u32>(record, STATE);
    const degree = <f64>load<f32>(record, DEGREE);
    if ((state & QUEUED) != 0 || degree == 0 || !(load<f64>(record) >= tolerance * degree)) continue;
    store<u32>(record, state | QUEUED, STATE);
    enqueue(v);
  }
  while (waiting > 0 && pushCount < maxPushes) {
    const v = load<u32>(queue + (<usize>head << 2));
    head = head + 1 == n ? 0 : head + 1;
    waiting--;
    pushCount++;
    const record = records + <usize>v * RECORD;
    const state = load<u32>(record, STATE);
    const mass = load<f64>(record);
    const rank = ranks + (<usize>v << 3);
    if ((state & PUSHED) != 0) store<f64>(rank, load<f64>(rank) + alpha * mass);
    else {
      store<f64>(rank, alpha * mass);
      store<u32>(pushed + (<usize>pushedCount << 2), v);
      pushedCount++;
    }
    const kept = stay * mass;
    store<f64>(record, kept);
    if (kept >= tolerance * <f64>load<f32>(record, DEGREE)) {
      store<u32>(record, (run << 2) | PUSHED | QUEUED, STATE);
      enqueue(v);
    } else store<u32>(record, (run << 2) | PUSHED, STATE);
    const share = go * (mass / degreeOf(v));
    const stop = rowEnd(v);
    if (unit) {
      for (let e = rowStart(v); e < stop; e++) receive(load<u32>(neighbors + (e << 2)), share, tolerance);
    } else {
      for (let e = rowStart(v); e < stop; e++) {
        receive(load<u32>(neighbors + (e << 2)), share * load<f64>(weights + (e << 3)), tolerance);
      }
    }
  }
}
