// One BAOAB step of every chain: kick, half a drift, friction and noise, half a drift, walls, in one pass.
//
// h = sqrt(lr),  p <- p - kick * h * (n_beta * g + localization * (w - center) + weight_decay * w)
// w <- w + h/2 * p,  p <- persistence * p + noise_level * sqrt(1 - persistence^2) * xi,  w <- w + h/2 * p
//
// Shapes as the WGSL. An item is 1,024 elements of a chain; scratch holds 256 normals.
// Deterministic: an element depends on its key, step and index alone.
// Numerics: those of the WGSL. The walls keep a NaN: a chain that diverged must be seen.
import { storeFirst } from "../../common/assembly/lanes";
import { NORMALS, normals } from "../../common/assembly/normal";
import * as abi from "../../../dist/abi/sgld/baoab";
import { boxed4, inward4 } from "./box";

/** Elements of an item. */
const ITEM: u32 = 1024;

export function sgld_baoab(block: usize, from: u32, to: u32, scratch: usize): void {
  const P = abi.P(block);
  const strideCenter = abi.stride_center(block);
  const h = sqrt<f32>(abi.lr(block));
  const beta = f32x4.splat(abi.n_beta(block));
  const localization = f32x4.splat(abi.localization(block));
  const decay = f32x4.splat(abi.weight_decay(block));
  const box = abi.bounding_box_size(block);
  const kept = abi.persistence(block);
  const persistence = f32x4.splat(kept);
  const fresh = f32x4.splat(abi.noise_level(block) * sqrt<f32>((<f32>1 - kept) * (<f32>1 + kept)));
  const kick = f32x4.splat(abi.kick(block) * h);
  const half = f32x4.splat(<f32>0.5 * h);
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
      const own = <usize>chain * P + i << 2;
      const w = abi.w(block) + own;
      const p = abi.p(block) + own;
      const g = abi.g(block) + own;
      const center = abi.center(block) + (<usize>chain * strideCenter + i << 2);
      for (let at: usize = 0; at < bytes; at += 16) {
        const count = <u32>(bytes - at) >> 2;
        const here = v128.load(w + at);
        const there = v128.load(center + at);
        const pull = f32x4.mul(localization, f32x4.sub(here, there));
        let drift = f32x4.add(f32x4.mul(beta, v128.load(g + at)), pull);
        drift = f32x4.add(drift, f32x4.mul(decay, here));
        const kicked = f32x4.sub(v128.load(p + at), f32x4.mul(kick, drift));
        let momentum = f32x4.add(f32x4.mul(persistence, kicked), f32x4.mul(fresh, v128.load(scratch + at)));
        let next = f32x4.add(here, f32x4.mul(half, f32x4.add(kicked, momentum)));
        if (box > 0) {
          momentum = inward4(momentum, next, there, box);
          next = boxed4(next, there, box);
        }
        storeFirst(p + at, momentum, count);
        storeFirst(w + at, next, count);
      }
    }
  }
}
