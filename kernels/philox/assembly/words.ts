// Raw Philox words and standard normals of a step: out[g, e] = word or normal e of keys[g]; see common/philox.wgsl.
//
// Shapes as the WGSL. An item is 1,024 elements of a group; scratch holds 32 or 256 of them until they are stored.
// Deterministic: an element depends on its key, step and index alone.
import { NORMALS, normals } from "../../common/assembly/normal";
import { philox8, transpose4 } from "../../common/assembly/philox";
import * as bits from "../../../dist/abi/philox/bits";
import * as normal from "../../../dist/abi/philox/normal";

/** Elements of an item. */
const ITEM: u32 = 1024;

export function philox_bits(block: usize, from: u32, to: u32, scratch: usize): void {
  const P = bits.P(block);
  const step = bits.step(block);
  const perGroup = (P + ITEM - 1) / ITEM;
  for (let item = from; item < to; item++) {
    const g = item / perGroup;
    const e = (item - g * perGroup) * ITEM;
    const end = min(P, e + ITEM);
    const key = bits.keys(block) + (<usize>g << 3);
    for (let i = e; i < end; i += 32) {
      philox8(load<u32>(key), load<u32>(key, 4), i >>> 2, step, scratch);
      transpose4(scratch);
      transpose4(scratch + 64);
      memory.copy(bits.out(block) + (<usize>g * P + i << 2), scratch, <usize>min<u32>(32, end - i) << 2);
    }
  }
}

export function philox_normal(block: usize, from: u32, to: u32, scratch: usize): void {
  const P = normal.P(block);
  const step = normal.step(block);
  const perGroup = (P + ITEM - 1) / ITEM;
  for (let item = from; item < to; item++) {
    const g = item / perGroup;
    const e = (item - g * perGroup) * ITEM;
    const end = min(P, e + ITEM);
    const key = normal.keys(block) + (<usize>g << 3);
    for (let i = e; i < end; i += NORMALS) {
      const count = min(NORMALS, end - i);
      normals(load<u32>(key), load<u32>(key, 4), step, i, count, scratch);
      memory.copy(normal.out(block) + (<usize>g * P + i << 2), scratch, <usize>count << 2);
    }
  }
}
