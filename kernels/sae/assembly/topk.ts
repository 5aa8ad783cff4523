// The K largest scores of each row over pieces of features; definition and shapes as the WGSL. An item is a row.
//
// Sixteen scores at a time are held against the list's last; only where one is larger are they looked at one by one. A place in the
// list is found by halving, and what is smaller moves down in one piece.
// Deterministic and exact: no arithmetic; features come in order, and one is inserted behind its equals.
import * as abi from "../../../dist/abi/sae/topk";

const LOW: f32 = -3e38;

export function sae_topk(block: usize, from: u32, to: u32, _scratch: usize): void {
  const F = abi.F(block);
  const K = abi.K(block);
  const first = abi.first(block);
  const fresh = abi.fresh(block) != 0;
  for (let row = from; row < to; row++) {
    const scores = abi.scores(block) + (<usize>row * F << 2);
    const values = abi.values(block) + (<usize>row * K << 2);
    const indices = abi.indices(block) + (<usize>row * K << 2);
    if (fresh) {
      for (let k: usize = 0; k < <usize>K << 2; k += 4) {
        store<f32>(values + k, LOW);
        store<u32>(indices + k, 0xffffffff);
      }
    }
    merge(scores, F, first, values, indices, K);
  }
}

function merge(scores: usize, F: u32, first: u32, values: usize, indices: usize, K: u32): void {
  const last = values + (<usize>(K - 1) << 2);
  let worst = load<f32>(last);
  let f: u32 = 0;
  for (; f + 16 <= F; f += 16) {
    const at = scores + (<usize>f << 2);
    const limit = f32x4.splat(worst);
    const low = v128.or(f32x4.gt(v128.load(at), limit), f32x4.gt(v128.load(at, 16), limit));
    const high = v128.or(f32x4.gt(v128.load(at, 32), limit), f32x4.gt(v128.load(at, 48), limit));
    if (!v128.any_true(v128.or(low, high))) continue;
    for (let i: u32 = 0; i < 16; i++) {
      const score = load<f32>(at + (<usize>i << 2));
      if (!(score > worst)) continue;
      insert(score, first + f + i, values, indices, K);
      worst = load<f32>(last);
    }
  }
  for (; f < F; f++) {
    const score = load<f32>(scores + (<usize>f << 2));
    if (!(score > worst)) continue;
    insert(score, first + f, values, indices, K);
    worst = load<f32>(last);
  }
}

/** Puts a score that is larger than the list's last behind all that are not smaller. */
function insert(score: f32, feature: u32, values: usize, indices: usize, K: u32): void {
  let low: u32 = 0;
  let high = K - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<f32>(values + (<usize>middle << 2)) < score) high = middle;
    else low = middle + 1;
  }
  const at = <usize>low << 2;
  const bytes = <usize>(K - 1 - low) << 2;
  memory.copy(values + at + 4, values + at, bytes);
  memory.copy(indices + at + 4, indices + at, bytes);
  store<f32>(values + at, score);
  store<u32>(indices + at, feature);
}
