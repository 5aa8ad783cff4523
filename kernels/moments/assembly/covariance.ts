// Adds one draw to the streaming sums from which susceptibilities are made.
//
// d = losses[g, n] - baseline[n];  sum_d[g, n] += d;  sum_phi_d[g, n] += phi[g] * d
//
// Shapes as the WGSL. An item is 512 tokens of a chain. Deterministic: draws are added in the order in which they come.
// Numerics: each addition is Knuth's TwoSum, whose exact rounding error is kept beside the sum. WebAssembly rounds every operation
// as written, so that nothing has to be hidden from a compiler. Bit-equal to the WGSL.
import { storeFirst } from "../../common/assembly/lanes";
import * as abi from "../../../dist/abi/moments/covariance";

/** Tokens of an item. */
const ITEM: u32 = 512;

export function moments_covariance(block: usize, from: u32, to: u32, _scratch: usize): void {
  const N = abi.N(block);
  const perGroup = (N + ITEM - 1) / ITEM;
  for (let item = from; item < to; item++) {
    const g = item / perGroup;
    const n = (item - g * perGroup) * ITEM;
    const end = min(N, n + ITEM);
    const phi = v128.load32_splat(abi.phi(block) + (<usize>g << 2));
    for (let i = n; i < end; i += 4) {
      const at = <usize>g * N + i << 2;
      const d = f32x4.sub(v128.load(abi.losses(block) + at), v128.load(abi.baseline(block) + (<usize>i << 2)));
      add(abi.sum_d(block) + at, abi.c_d(block) + at, d, end - i);
      add(abi.sum_phi_d(block) + at, abi.c_phi_d(block) + at, f32x4.mul(phi, d), end - i);
    }
  }
}

/** sum += term, and its rounding error to `rest`, for the first `count` of four. */
// @ts-ignore: decorator
@inline
function add(sum: usize, rest: usize, term: v128, count: u32): void {
  const a = v128.load(sum);
  const s = f32x4.add(a, term);
  const termPart = f32x4.sub(s, a);
  const sumPart = f32x4.sub(s, termPart);
  const lost = f32x4.add(f32x4.sub(a, sumPart), f32x4.sub(term, termPart));
  storeFirst(sum, s, count);
  storeFirst(rest, f32x4.add(v128.load(rest), lost), count);
}
