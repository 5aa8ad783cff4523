// Sum or mean over rows, one number a group: out[g] = scale * sum over r of x[g, r].
//
// Shapes as the WGSL. An item is a group. Deterministic: blocks of 128 terms in sixteen partial sums, four vectors of four; the blocks'
// sums by lanes in order, then the four lanes. The error grows with 8 + R/128 roundings, not with R.
import { first, sumOf } from "../../common/assembly/lanes";
import * as abi from "../../../dist/abi/reduce/sum_rows";

/** Bytes of a block. */
const BLOCK: usize = 512;

export function reduce_sum_rows(block: usize, from: u32, to: u32, _scratch: usize): void {
  const R = abi.R(block);
  const scale = abi.scale(block);
  for (let g = from; g < to; g++) {
    const sum = sumOfRow(abi.x(block) + (<usize>g * R << 2), <usize>R << 2);
    store<f32>(abi.out(block) + (<usize>g << 2), scale * sum);
  }
}

function sumOfRow(x: usize, bytes: usize): f32 {
  const end = x + bytes;
  let total = f32x4.splat(0);
  while (x < end) {
    const last = min(end, x + BLOCK);
    let a = f32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    for (; x + 64 <= last; x += 64) {
      a = f32x4.add(a, v128.load(x));
      b = f32x4.add(b, v128.load(x, 16));
      c = f32x4.add(c, v128.load(x, 32));
      d = f32x4.add(d, v128.load(x, 48));
    }
    for (; x < last; x += 16) a = f32x4.add(a, v128.and(v128.load(x), first(<i32>(last - x) >> 2)));
    total = f32x4.add(total, f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
  }
  return sumOf(total);
}
