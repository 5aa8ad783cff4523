// Draws from the localized prior, which is the posterior at n_beta = 0: no chain, every step an independent draw.
//
// w = center * localization / pull + noise_level * xi / sqrt(pull),  pull = localization[g] + weight_decay,  xi ~ N(0, 1)
//
// Shapes as the WGSL. An item is 1,024 elements of a chain; scratch holds 256 normals.
// Deterministic: an element depends on its key, step and index alone. Without decay the mean is the center to the bit.
import { storeFirst } from "../../common/assembly/lanes";
import { NORMALS, normals } from "../../common/assembly/normal";
import * as abi from "../../../dist/abi/sgld/gaussian";

/** Elements of an item. */
const ITEM: u32 = 1024;

export function sgld_gaussian(block: usize, from: u32, to: u32, scratch: usize): void {
  const P = abi.P(block);
  const strideCenter = abi.stride_center(block);
  const decay = abi.weight_decay(block);
  const step = abi.step(block);
  const noiseLevel = abi.noise_level(block);
  const perGroup = (P + ITEM - 1) / ITEM;
  for (let item = from; item < to; item++) {
    const g = item / perGroup;
    const e = (item - g * perGroup) * ITEM;
    const end = min(P, e + ITEM);
    const key = abi.keys(block) + (<usize>g << 3);
    const localization = load<f32>(abi.localization(block) + (<usize>g << 2));
    const pull = localization + decay;
    const kept = f32x4.splat(decay > 0 ? localization / pull : 1);
    const spread = f32x4.splat(noiseLevel / sqrt<f32>(pull));
    for (let i = e; i < end; i += NORMALS) {
      const bytes = <usize>min(NORMALS, end - i) << 2;
      normals(load<u32>(key), load<u32>(key, 4), step, i, <u32>bytes >> 2, scratch);
      const w = abi.w(block) + (<usize>g * P + i << 2);
      const center = abi.center(block) + (<usize>g * strideCenter + i << 2);
      for (let at: usize = 0; at < bytes; at += 16) {
        const mean = f32x4.mul(kept, v128.load(center + at));
        const next = f32x4.add(mean, f32x4.mul(v128.load(scratch + at), spread));
        storeFirst(w + at, next, <u32>(bytes - at) >> 2);
      }
    }
  }
}
