// Adds one draw to the sum of squared deviations of x = d - phi from its mean, before moments/covariance takes the same draw.
//
// d = losses[g, n] - baseline[n];  mean = sum_d[g, n] / draws - phi_mean[g];  delta = d - phi[g] - mean
// m2[g, n] += delta^2 * draws / (draws + 1)
//
// Shapes as the WGSL. An item is 512 tokens of a chain. Deterministic: draws are added in the order in which they come.
// Numerics: those of the WGSL.
import * as abi from "../../../dist/abi/moments/deviation";
import { addExactly } from "./add";

/** Tokens of an item. */
const ITEM: u32 = 512;

export function moments_deviation(block: usize, from: u32, to: u32, _scratch: usize): void {
  const N = abi.N(block);
  const draws = abi.draws(block);
  // The first draw deviates from nothing: its share is 0.
  const before = f32x4.splat(<f32>max<u32>(1, draws));
  const share = f32x4.splat(<f32>draws / <f32>(draws + 1));
  const perGroup = (N + ITEM - 1) / ITEM;
  for (let item = from; item < to; item++) {
    const g = item / perGroup;
    const n = (item - g * perGroup) * ITEM;
    const end = min(N, n + ITEM);
    const phi = v128.load32_splat(abi.phi(block) + (<usize>g << 2));
    const phiMean = v128.load32_splat(abi.phi_mean(block) + (<usize>g << 2));
    for (let i = n; i < end; i += 4) {
      const at = <usize>g * N + i << 2;
      const sum = f32x4.add(v128.load(abi.sum_d(block) + at), v128.load(abi.c_d(block) + at));
      const mean = f32x4.sub(f32x4.div(sum, before), phiMean);
      const d = f32x4.sub(v128.load(abi.losses(block) + at), v128.load(abi.baseline(block) + (<usize>i << 2)));
      const delta = f32x4.sub(f32x4.sub(d, phi), mean);
      const square = f32x4.mul(f32x4.mul(delta, delta), share);
      addExactly(abi.m2(block) + at, abi.c_m2(block) + at, square, end - i);
    }
  }
}
