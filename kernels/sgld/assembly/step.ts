// One SGLD step of every chain: drift, pulls, noise, update and box in one pass.
//
// w <- w - lr/2 * (n_beta * g + localization * (w - center) + weight_decay * w) + noise_level * sqrt(lr) * xi
//
// Shapes as the WGSL. An item is 1,024 elements of a chain; scratch holds 256 normals.
// Deterministic: an element depends on its key, step and index alone.
// Numerics: those of the WGSL. The box keeps a NaN: a chain that diverged must be seen.
import { storeFirst } from "../../common/assembly/lanes";
import { NORMALS, normals } from "../../common/assembly/normal";
import * as abi from "../../../dist/abi/sgld/step";
import { boxed4 } from "./box";

/** Elements of an item. */
const ITEM: u32 = 1024;

export function sgld_step(block: usize, from: u32, to: u32, scratch: usize): void {
  const P = abi.P(block);
  const strideCenter = abi.stride_center(block);
  const lr = abi.lr(block);
  const beta = f32x4.splat(abi.n_beta(block));
  const localization = f32x4.splat(abi.localization(block));
  const decay = f32x4.splat(abi.weight_decay(block));
  const box = abi.bounding_box_size(block);
  const noise = f32x4.splat(abi.noise_level(block) * sqrt<f32>(lr));
  const half = f32x4.splat(<f32>0.5 * lr);
  const step = abi.step(block);
  const perGroup = (P + ITEM - 1) / ITEM;
  for (let item = from; item < to; item++) {
    const chain = item / perGroup;
    const e = (item - chain * perGroup) * ITEM;
    const end = min(P, e + ITEM);
    const key = abi.keys(block) + (<usize>chain << 3);
    for (let i = e; i < end; i += NORMALS) {
      const bytes = <usize>min(NORMALS, end - i) << 2;
      normals(load<u32>(key), load<u32>(key, 4), step, i, <u32>bytes >> 2, scratch);
      const w = abi.w(block) + (<usize>chain * P + i << 2);
      const g = abi.g(block) + (<usize>chain * P + i << 2);
      const center = abi.center(block) + (<usize>chain * strideCenter + i << 2);
      for (let at: usize = 0; at < bytes; at += 16) {
        const here = v128.load(w + at);
        const there = v128.load(center + at);
        const pull = f32x4.mul(localization, f32x4.sub(here, there));
        let drift = f32x4.add(f32x4.mul(beta, v128.load(g + at)), pull);
        drift = f32x4.add(drift, f32x4.mul(decay, here));
        let next = f32x4.sub(here, f32x4.mul(half, drift));
        next = f32x4.add(next, f32x4.mul(noise, v128.load(scratch + at)));
        if (box > 0) next = boxed4(next, there, box);
        storeFirst(w + at, next, <u32>(bytes - at) >> 2);
      }
    }
  }
}
