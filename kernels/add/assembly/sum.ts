// y = a + b + (use_c ? c : 0), four elements at a time; an item is 256 elements of one group. Bit-equal to the WGSL.
import * as abi from "../../../dist/abi/add/sum";

/** Elements of an item. */
const ITEM: u32 = 256;

export function add_sum(block: usize, from: u32, to: u32, _scratch: usize): void {
  const size = abi.R(block) * abi.D(block);
  const groupsOfC = abi.Gc(block);
  const useC = abi.use_c(block) != 0;
  const perGroup = (size + ITEM - 1) / ITEM;
  for (let item = from; item < to; item++) {
    const g = item / perGroup;
    const first = (item - g * perGroup) * ITEM;
    const end = min(size, first + ITEM);
    const a = abi.a(block) + (<usize>(g * abi.stride_a(block) + first) << 2);
    const b = abi.b(block) + (<usize>(g * abi.stride_b(block) + first) << 2);
    const c = abi.c(block) + (<usize>((groupsOfC == 1 ? 0 : g) * size + first) << 2);
    const y = abi.y(block) + (<usize>(g * abi.stride_y(block) + first) << 2);
    const bytes = <usize>(end - first) << 2;
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) {
      let sum = f32x4.add(v128.load(a + i), v128.load(b + i));
      if (useC) sum = f32x4.add(sum, v128.load(c + i));
      v128.store(y + i, sum);
    }
    for (; i < bytes; i += 4) {
      let sum = load<f32>(a + i) + load<f32>(b + i);
      if (useC) sum += load<f32>(c + i);
      store<f32>(y + i, sum);
    }
  }
}
