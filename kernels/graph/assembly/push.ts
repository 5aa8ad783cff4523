// Lazy personalized PageRank by push; `reference.ts` is the definition.
import { DEGREE, EPOCH, NODE, P, QUEUED } from "./layout";
import { n, neighbors, nextEpoch, nodes, queue, records, rowEnd, rowStart, unit, weights } from "./layout";

/** Nodes reached by the last push. */
export let reachedCount: u32 = 0;
/** Push operations of the last push. */
export let pushCount: f64 = 0;

let head: u32 = 0;
let waiting: u32 = 0;

// @ts-ignore: decorator
@inline
function enqueue(v: u32, record: usize): void {
  store<u32>(record, 1, QUEUED);
  let at: u32 = head + waiting;
  if (at >= n) at -= n;
  store<u32>(queue + (<usize>at << 2), v);
  waiting++;
}

/** One neighbor's share; makes its record valid when this run meets it first. */
// @ts-ignore: decorator
@inline
function receive(u: u32, mass: f64, tolerance: f64, run: u32): void {
  const record = records + <usize>u * NODE;
  if (load<u32>(record, EPOCH) != run) {
    store<f64>(record, 0);
    store<f64>(record, 0, P);
    store<u32>(record, run, EPOCH);
    store<u32>(record, 0, QUEUED);
    store<u32>(nodes + (<usize>reachedCount << 2), u);
    reachedCount++;
  }
  const r = load<f64>(record) + mass;
  store<f64>(record, r);
  if (load<u32>(record, QUEUED) == 0 && r >= tolerance * load<f64>(record, DEGREE)) enqueue(u, record);
}

export function push(seed: u32, alpha: f64, tolerance: f64, maxPushes: f64): void {
  const run = nextEpoch();
  reachedCount = 1;
  pushCount = 0;
  head = 0;
  waiting = 0;
  store<u32>(nodes, seed);
  const first = records + <usize>seed * NODE;
  store<f64>(first, 1);
  store<f64>(first, 0, P);
  store<u32>(first, run, EPOCH);
  store<u32>(first, 0, QUEUED);
  const degree = load<f64>(first, DEGREE);
  if (degree > 0 && 1 >= tolerance * degree) enqueue(seed, first);
  while (waiting > 0 && pushCount < maxPushes) {
    const v = load<u32>(queue + (<usize>head << 2));
    head = head + 1 == n ? 0 : head + 1;
    waiting--;
    pushCount++;
    const record = records + <usize>v * NODE;
    store<u32>(record, 0, QUEUED);
    const mass = load<f64>(record);
    store<f64>(record, load<f64>(record, P) + alpha * mass, P);
    const kept = (1 - alpha) * mass * 0.5;
    store<f64>(record, kept);
    const share = kept / load<f64>(record, DEGREE);
    const stop = rowEnd(v);
    if (unit) {
      for (let e = rowStart(v); e < stop; e++) {
        receive(load<u32>(neighbors + (e << 2)), share, tolerance, run);
      }
    } else {
      for (let e = rowStart(v); e < stop; e++) {
        receive(load<u32>(neighbors + (e << 2)), share * load<f64>(weights + (e << 3)), tolerance, run);
      }
    }
    if (load<u32>(record, QUEUED) == 0 && load<f64>(record) >= tolerance * load<f64>(record, DEGREE)) {
      enqueue(v, record);
    }
  }
}
