// The candidates of all seeds at all scales; `reference.ts` is the definition.
import { body, end, ensure, hits, members, n, order, scales, seeds } from "./layout";
import { polish, polishedConductance, polishedSize } from "./polish";
import { push } from "./push";
import { chosenSize, lowestVolume, sweep } from "./sweep";

/** Candidate head, 32 bytes: conductance f64, start usize, size, seed, scale, votes, hash: u32 each. */
export const HEAD: usize = 32;
const START: usize = 8;
const SIZE: usize = 12;
const SEED: usize = 16;
const SCALE: usize = 20;
const VOTES: usize = 24;
const HASH: usize = 28;

export let heads: usize = 0;
export let candidateCount: u32 = 0;
/** Hash table of candidate numbers + 1, open addressing. */
let table: usize = 0;
let mask: u32 = 0;
let pool: usize = 0;

/** Number of the candidate equal to the polished set, made if it is new; false when memory is short. */
function record(seed: u32, scale: u32): bool {
  const bytes = <usize>polishedSize << 2;
  let hash: u32 = 0x811c9dc5;
  for (let i: usize = 0; i < bytes; i += 4) {
    hash = (hash ^ load<u32>(members + i)) * 0x01000193;
    hash ^= hash >>> 15;
  }
  let slot = hash & mask;
  for (;;) {
    const known = load<u32>(table + (<usize>slot << 2));
    if (known == 0) break;
    const head = heads + <usize>(known - 1) * HEAD;
    if (
      load<u32>(head, HASH) == hash &&
      load<u32>(head, SIZE) == polishedSize &&
      memory.compare(load<u32>(head, START), members, bytes) == 0
    ) {
      store<u32>(head, load<u32>(head, VOTES) + 1, VOTES);
      return true;
    }
    slot = (slot + 1) & mask;
  }
  if (!ensure(pool + bytes)) return false;
  memory.copy(pool, members, bytes);
  const head = heads + <usize>candidateCount * HEAD;
  store<f64>(head, polishedConductance);
  store<u32>(head, <u32>pool, START);
  store<u32>(head, polishedSize, SIZE);
  store<u32>(head, seed, SEED);
  store<u32>(head, scale, SCALE);
  store<u32>(head, 1, VOTES);
  store<u32>(head, hash, HASH);
  pool += bytes;
  candidateCount++;
  store<u32>(table + (<usize>slot << 2), candidateCount);
  return true;
}

/** Finds the candidates of the first `seedCount` of `seeds`; false when memory is short. */
export function cover(
  seedCount: u32, scaleCount: u32, alpha: f64, rule: i32, delta: f64, minSize: u32, maxVolume: f64, bodyVolume: f64,
  phiMax: f64, polishRounds: u32, strictness: f64, maxHits: u32, maxPushes: f64,
): bool {
  candidateCount = 0;
  const most = <usize>seedCount * scaleCount;
  mask = 16;
  while (<usize>mask < most * 2) mask <<= 1;
  heads = end;
  table = heads + most * HEAD;
  pool = table + (<usize>mask << 2);
  if (!ensure(pool)) return false;
  memory.fill(table, 0, <usize>mask << 2);
  mask--;
  memory.fill(body, 0, <usize>n << 2);
  for (let scale: u32 = 0; scale < scaleCount; scale++) {
    const tolerance = load<f64>(scales + (<usize>scale << 3));
    memory.fill(hits, 0, <usize>n << 2);
    for (let i: usize = 0; i < seedCount; i++) {
      const seed = load<u32>(seeds + (i << 2));
      if (load<u32>(hits + (<usize>seed << 2)) >= maxHits) continue;
      push(seed, alpha, tolerance, maxPushes);
      sweep(rule, delta, minSize, maxVolume);
      polish(order, chosenSize, polishRounds, strictness, minSize, maxVolume);
      if (chosenSize == 0 || !(polishedConductance <= phiMax)) {
        if (lowestVolume(minSize) >= bodyVolume) {
          store<u32>(body + (<usize>seed << 2), load<u32>(body + (<usize>seed << 2)) + 1);
        }
        continue;
      }
      for (let j: usize = 0; j < polishedSize; j++) {
        const hit = hits + (<usize>load<u32>(members + (j << 2)) << 2);
        store<u32>(hit, load<u32>(hit) + 1);
      }
      if (!record(seed, scale)) return false;
    }
  }
  return true;
}
