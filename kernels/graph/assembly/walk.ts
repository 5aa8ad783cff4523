// Personalized PageRank by push; `../reference.ts` is the definition.
import { DEGREE, degreeOf, PUSHED, QUEUED, RECORD, STATE } from "./layout";
import { neighbors, nextRun, nodes, offsets, pushed, queue, queueMask, ranks, records, unit, weights } from "./layout";

/** Nodes that hold mass, and those of them that were pushed, of the current walk. */
export let reachedCount: u32 = 0;
export let pushedCount: u32 = 0;
/** Push operations of the current walk. */
export let pushCount: f64 = 0;

let run: u32 = 0;
let head: u32 = 0;
let waiting: u32 = 0;

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

// @ts-ignore: decorator
@inline
function enqueue(v: u32): void {
  store<u32>(queue + (<usize>((head + waiting) & queueMask) << 2), v);
  waiting++;
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
  if (unit) serve<bool>(alpha, stay, go, tolerance, maxPushes);
  else serve<f64>(alpha, stay, go, tolerance, maxPushes);
}

/**
 * Serves the queue; `W` is the type of the weights, bool where all are 1. Globals are held in locals: the engine reads a
 * global anew in every step of a loop that stores.
 */
function serve<W>(alpha: f64, stay: f64, go: f64, tolerance: f64, maxPushes: f64): void {
  const table = records;
  const ends = neighbors;
  const starts = offsets;
  const reachedList = nodes;
  const line = queue;
  const ring = queueMask;
  const fresh = run << 2;
  let reached = <usize>reachedCount;
  let first = head;
  let count = waiting;
  let pushes = pushCount;
  while (count > 0 && pushes < maxPushes) {
    const v = load<u32>(line + (<usize>first << 2));
    first = (first + 1) & ring;
    count--;
    pushes++;
    const record = table + <usize>v * RECORD;
    const mass = load<f64>(record);
    const rank = ranks + (<usize>v << 3);
    if ((load<u32>(record, STATE) & PUSHED) != 0) store<f64>(rank, load<f64>(rank) + alpha * mass);
    else {
      store<f64>(rank, alpha * mass);
      store<u32>(pushed + (<usize>pushedCount << 2), v);
      pushedCount++;
    }
    const kept = stay * mass;
    store<f64>(record, kept);
    if (kept >= tolerance * <f64>load<f32>(record, DEGREE)) {
      store<u32>(record, fresh | PUSHED | QUEUED, STATE);
      store<u32>(line + (<usize>((first + count) & ring) << 2), v);
      count++;
    } else store<u32>(record, fresh | PUSHED, STATE);
    const share = go * (mass / degreeOf(v));
    const row = starts + (<usize>v << 2);
    const stop = <usize>load<u32>(row, 4);
    for (let e = <usize>load<u32>(row); e < stop; e++) {
      const u = load<u32>(ends + (e << 2));
      const other = table + <usize>u * RECORD;
      let state = load<u32>(other, STATE);
      let r = isFloat<W>() ? share * load<f64>(weights + (e << 3)) : share;
      if (state >= fresh) {
        r += load<f64>(other);
        store<f64>(other, r);
      } else {
        state = fresh;
        store<f64>(other, r);
        store<u32>(other, state, STATE);
        store<u32>(reachedList + (reached << 2), u);
        reached++;
      }
      if ((state & QUEUED) == 0 && r > tolerance * <f64>load<f32>(other, DEGREE)) {
        store<u32>(other, state | QUEUED, STATE);
        store<u32>(line + (<usize>((first + count) & ring) << 2), u);
        count++;
      }
    }
  }
  reachedCount = <u32>reached;
  head = first;
  waiting = count;
  pushCount = pushes;
}
