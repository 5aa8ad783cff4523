// Joins the losses of two neighboring parts of a vocabulary: a, the ids below `first`, and b, those from `first` on.
//
// lse[r] = log(exp(lse_a[r]) + exp(lse_b[r]));  losses[r] = losses_p[r] + (lse[r] - lse_p[r]),
// p = b where targets[r] >= first, else a; shapes as the WGSL.
// An item is 256 rows of a group. Deterministic: every row on its own.
// Numerics: with u = exp(-|lse_a - lse_b|), lse is the larger plus log(1 + u), and lse - lse_p is log(1 + u) where p is the
// larger, plus the difference where it is the smaller: nothing cancels.
import { exp1 } from "../../common/assembly/exp";
import * as abi from "../../../dist/abi/loss/merge";

const ITEM: u32 = 256;

export function loss_merge(block: usize, from: u32, to: u32, _scratch: usize): void {
  const R = abi.R(block);
  const strideTargets = abi.stride_targets(block);
  const first = abi.first(block);
  const perGroup = (R + ITEM - 1) / ITEM;
  for (let item = from; item < to; item++) {
    const g = item / perGroup;
    const begin = (item - g * perGroup) * ITEM;
    const end = min(R, begin + ITEM);
    for (let r = begin; r < end; r++) {
      const i = <usize>(g * R + r) << 2;
      const a = load<f32>(abi.lse_a(block) + i);
      const b = load<f32>(abi.lse_b(block) + i);
      const more = log1p(exp1(max(-abs(a - b), -80)));
      const inB = load<u32>(abi.targets(block) + (<usize>(g * strideTargets + r) << 2)) >= first;
      const own = load<f32>((inB ? abi.losses_b(block) : abi.losses_a(block)) + i);
      store<f32>(abi.lse(block) + i, max(a, b) + more);
      store<f32>(abi.losses(block) + i, own + (max(inB ? a - b : b - a, 0) + more));
    }
  }
}

/**
 * log(1 + u) for 0 <= u <= 1: 2 artanh(s), s = u / (2 + u) <= 1/3. The first term left out, 2 s^15 / 15, is 1.4e-8 of the
 * whole at most.
 */
function log1p(u: f32): f32 {
  const s = u / (2 + u);
  const q = s * s;
  const tail: f32 = 0.1111111111 + q * (0.09090909091 + q * 0.07692307692);
  return 2 * s + 2 * s * q * (0.3333333333 + q * (0.2 + q * (0.1428571429 + q * tail)));
}
