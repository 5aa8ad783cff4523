// Adds one draw to the streaming sums from which susceptibilities are made.
//
// d = losses[g, n] - baseline[n];  sum_d[g, n] += d;  sum_phi_d[g, n] += phi[g] * d
//
// Shapes as the WGSL. An item is 512 tokens of a chain. Deterministic: draws are added in the order in which they come.
// Numerics: each addition is Knuth's TwoSum, whose exact rounding error is kept beside the sum. WebAssembly rounds every operation
// as written, so that nothing has to be hidden from a compiler. Bit-equal to the WGSL.
import * as abi from "../../../dist/abi/moments/covariance";
import { addExactly } from "./add";

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
      addExactly(abi.sum_d(block) + at, abi.c_d(block) + at, d, end - i);
      addExactly(abi.sum_phi_d(block) + at, abi.c_phi_d(block) + at, f32x4.mul(phi, d), end - i);
    }
  }
}
