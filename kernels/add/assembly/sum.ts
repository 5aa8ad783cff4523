// y = a + b, four elements at a time; an item is 256 elements of one group. Bit-equal to the WGSL.
import * as abi from "../../../dist/abi/add/sum";

/** Elements of an item. */
const ITEM: u32 = 256;

export function add_sum(block: usize, from: u32, to: u32, _scratch: usize): void {
  const size = abi.R(block) * abi.D(block);
  const perGroup = (size + ITEM - 1) / ITEM;
  for (let item = from; item < to; item++) {
    const g = item / perGroup;
    const first = (item - g * perGroup) * ITEM;
    const end = min(size, first + ITEM);
    const a = abi.a(block) + (<usize>(g * abi.stride_a(block) + first) << 2);
    const b = abi.b(block) + (<usize>(g * abi.stride_b(block) + first) << 2);
    const y = abi.y(block) + (<usize>(g * abi.stride_y(block) + first) << 2);
    const bytes = <usize>(end - first) << 2;
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) v128.store(y + i, f32x4.add(v128.load(a + i), v128.load(b + i)));
    for (; i < bytes; i += 4) store<f32>(y + i, load<f32>(a + i) + load<f32>(b + i));
  }
}
