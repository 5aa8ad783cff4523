// The searches of many seeds, pulled by threads from one counter; `../reference.ts` is the definition of one.
import { attach, members, n, order, OUT, OUT_STRIDE, volume, volumes } from "./layout";
import { measure, polish, polishedCapped, polishedConductance, polishedSize, polishedVolume } from "./polish";
import { chosenSize, closed, lowestVolume, sweep, sweptCount } from "./sweep";
import { begin, grow, pushCount } from "./walk";

/** The control block goes on behind the graph's words; `../memory.ts` writes it by the same numbers. */
const ALPHA: usize = 40;
const DELTA: usize = 48;
const MAX_VOLUME: usize = 56;
const MAIN_BODY: usize = 64;
const PHI_MAX: usize = 72;
const STRICTNESS: usize = 80;
const OPEN_PHI: usize = 88;
const MAX_PUSHES: usize = 96;
const LAZY: usize = 104;
const RULE: usize = 108;
const MIN_SIZE: usize = 112;
const POLISH_ROUNDS: usize = 116;
const SCALE_COUNT: usize = 120;
const NEXT: usize = 124;
const ITEMS: usize = 128;
const SEEDS: usize = 132;
const WORST: usize = 144;
const EVERY: usize = 148;
const SCALES: usize = 152;

/** Output record, 32 bytes and then ids, padded to 8: kind, item, size, scale as u32, conductance and volume as f64; a footprint
 *  has the number of pushes for its volume. */
const HEAD: usize = 32;
const SET: u32 = 0;
const FOOTPRINT: u32 = 1;
const BODY: u32 = 2;
/** A seed in the main body stands for one node in this many. */
const BODY_PART: u32 = 100;
/** A set of which only conductance and volume are told. */
const MEASURE: u32 = 3;

let out: usize = 0;

function emit(kind: u32, item: u32, from: usize, size: u32, scale: u32, phi: f64, vol: f64): void {
  store<u32>(out, kind);
  store<u32>(out, item, 4);
  store<u32>(out, size, 8);
  store<u32>(out, scale, 12);
  store<f64>(out, phi, 16);
  store<f64>(out, vol, 24);
  memory.copy(out + HEAD, from, <usize>size << 2);
  out += HEAD + (((<usize>size << 2) + 7) & ~7);
}

/** Whether the sweep reached more than a set may hold, and has no lower prefix than nearly all of that. */
function liesInBody(minSize: u32, maxVolume: f64, share: f64): bool {
  const all = sweptCount > 0 ? load<f64>(volumes + (<usize>(sweptCount - 1) << 3)) : 0;
  return all > maxVolume && lowestVolume(minSize) >= share * all;
}

function searchSeed(control: usize, item: u32): void {
  const seed = load<u32>(<usize>load<u32>(control, SEEDS) + (<usize>item << 2));
  const alpha = load<f64>(control, ALPHA);
  const lazy = load<u32>(control, LAZY) != 0;
  const maxPushes = load<f64>(control, MAX_PUSHES);
  const maxVolume = load<f64>(control, MAX_VOLUME);
  const phiMax = load<f64>(control, PHI_MAX);
  const minSize = load<u32>(control, MIN_SIZE);
  const scaleCount = load<u32>(control, SCALE_COUNT);
  const rounds = load<u32>(control, POLISH_ROUNDS);
  const strictness = load<f64>(control, STRICTNESS);
  const every = load<u32>(control, EVERY) != 0;
  let inBody: u32 = 0;
  // Of the last good set: the prefix that it was polished from lies in `order`, which the next scale overwrites.
  let prefix: u32 = 0;
  let kept: usize = 0;
  begin(seed);
  for (let scale: u32 = 0; scale < scaleCount && pushCount < maxPushes; scale++) {
    grow(alpha, lazy, load<f64>(control + SCALES + (<usize>scale << 3)), maxPushes);
    sweep(load<u32>(control, RULE), load<f64>(control, DELTA), minSize, maxVolume);
    if (every) {
      for (let size = minSize; sweptCount >= minSize; size <<= 1) {
        measure(order, min(size, sweptCount), rounds, strictness, minSize, maxVolume);
        emit(MEASURE, item, members, 0, scale, polishedConductance, polishedVolume);
        if (size >= sweptCount || load<f64>(volumes + (<usize>(size - 1) << 3)) > maxVolume) break;
      }
      continue;
    }
    const openPhi = load<f64>(control, OPEN_PHI);
    let good = chosenSize > 0;
    if (good) {
      polish(order, chosenSize, rounds, strictness, minSize, maxVolume);
      const phi = polishedConductance;
      const walked = phi <= openPhi || polishedSize <= chosenSize;
      good = phi <= phiMax && !polishedCapped && (closed || (walked && polishedVolume <= volume / 2));
    }
    if (!good) {
      if (liesInBody(minSize, maxVolume, load<f64>(control, MAIN_BODY))) inBody++;
      continue;
    }
    if (prefix > 0) out = kept;
    emit(SET, item, members, polishedSize, scale, polishedConductance, polishedVolume);
    kept = out;
    prefix = chosenSize;
    emit(FOOTPRINT, item, order, prefix, scale, 1, pushCount);
    if (closed) return;
  }
  if (prefix > 0) {
    store<f64>(kept, pushCount, 24);
    return;
  }
  const body = inBody == scaleCount;
  const few = body ? max(minSize, n / BODY_PART) : minSize;
  emit(body ? BODY : FOOTPRINT, item, order, min(few, sweptCount), 0, 1, pushCount);
}

/**
 * One thread's part: searches seeds until none is left or its output may not hold another. Returns the bytes written.
 * What was not searched has not been taken from the counter.
 */
export function work(control: usize, thread: u32, fresh: bool): u32 {
  if (fresh) attach(control, thread);
  const base = <usize>load<u32>(control, OUT) + <usize>thread * load<u32>(control, OUT_STRIDE);
  const last = base + load<u32>(control, OUT_STRIDE) - load<u32>(control, WORST);
  const items = load<u32>(control, ITEMS);
  out = base;
  while (out <= last && atomic.load<u32>(control + NEXT) < items) {
    const item = atomic.add<u32>(control + NEXT, 1);
    if (item >= items) break;
    searchSeed(control, item);
  }
  return <u32>(out - base);
}
