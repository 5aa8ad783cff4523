// Gradients of activation functions: dx = dy f'(x), as the WGSL. An item is 2,048 elements.
// Sixteen at a time: one chain of dependent operations would leave the processor idle.
// Deterministic: no sums. Any finite x: far out the factor is 0 or 1 exactly, never NaN.
import { geluSlope4 } from "../../common/assembly/erf";
import { storeFirst } from "../../common/assembly/lanes";
import { place, word } from "../../wasm/assembly/block";
import { geluTanhSlope4, reluSlope4 } from "./functions";

/** Bytes of an item. */
const ITEM: usize = 8192;

export function activation_gelu_backward(block: usize, from: u32, to: u32, _scratch: usize): void {
  const bytes = <usize>word(block, 3) << 2;
  const x = place(block, 0);
  const dy = place(block, 1);
  const dx = place(block, 2);
  const end = min(<usize>to * ITEM, bytes);
  let i = <usize>from * ITEM;
  for (; i + 64 <= end; i += 64) {
    const a = f32x4.mul(v128.load(dy + i), geluSlope4(v128.load(x + i)));
    const b = f32x4.mul(v128.load(dy + i, 16), geluSlope4(v128.load(x + i, 16)));
    const c = f32x4.mul(v128.load(dy + i, 32), geluSlope4(v128.load(x + i, 32)));
    const d = f32x4.mul(v128.load(dy + i, 48), geluSlope4(v128.load(x + i, 48)));
    v128.store(dx + i, a);
    v128.store(dx + i, b, 16);
    v128.store(dx + i, c, 32);
    v128.store(dx + i, d, 48);
  }
  for (; i + 16 <= end; i += 16) {
    v128.store(dx + i, f32x4.mul(v128.load(dy + i), geluSlope4(v128.load(x + i))));
  }
  if (i >= end) return;
  storeFirst(dx + i, f32x4.mul(v128.load(dy + i), geluSlope4(v128.load(x + i))), <u32>(end - i) >> 2);
}

export function activation_gelu_tanh_backward(block: usize, from: u32, to: u32, _scratch: usize): void {
  const bytes = <usize>word(block, 3) << 2;
  const x = place(block, 0);
  const dy = place(block, 1);
  const dx = place(block, 2);
  const end = min(<usize>to * ITEM, bytes);
  let i = <usize>from * ITEM;
  for (; i + 64 <= end; i += 64) {
    const a = f32x4.mul(v128.load(dy + i), geluTanhSlope4(v128.load(x + i)));
    const b = f32x4.mul(v128.load(dy + i, 16), geluTanhSlope4(v128.load(x + i, 16)));
    const c = f32x4.mul(v128.load(dy + i, 32), geluTanhSlope4(v128.load(x + i, 32)));
    const d = f32x4.mul(v128.load(dy + i, 48), geluTanhSlope4(v128.load(x + i, 48)));
    v128.store(dx + i, a);
    v128.store(dx + i, b, 16);
    v128.store(dx + i, c, 32);
    v128.store(dx + i, d, 48);
  }
  for (; i + 16 <= end; i += 16) {
    v128.store(dx + i, f32x4.mul(v128.load(dy + i), geluTanhSlope4(v128.load(x + i))));
  }
  if (i >= end) return;
  storeFirst(dx + i, f32x4.mul(v128.load(dy + i), geluTanhSlope4(v128.load(x + i))), <u32>(end - i) >> 2);
}

export function activation_relu_backward(block: usize, from: u32, to: u32, _scratch: usize): void {
  const bytes = <usize>word(block, 3) << 2;
  const x = place(block, 0);
  const dy = place(block, 1);
  const dx = place(block, 2);
  const end = min(<usize>to * ITEM, bytes);
  let i = <usize>from * ITEM;
  for (; i + 64 <= end; i += 64) {
    const a = f32x4.mul(v128.load(dy + i), reluSlope4(v128.load(x + i)));
    const b = f32x4.mul(v128.load(dy + i, 16), reluSlope4(v128.load(x + i, 16)));
    const c = f32x4.mul(v128.load(dy + i, 32), reluSlope4(v128.load(x + i, 32)));
    const d = f32x4.mul(v128.load(dy + i, 48), reluSlope4(v128.load(x + i, 48)));
    v128.store(dx + i, a);
    v128.store(dx + i, b, 16);
    v128.store(dx + i, c, 32);
    v128.store(dx + i, d, 48);
  }
  for (; i + 16 <= end; i += 16) {
    v128.store(dx + i, f32x4.mul(v128.load(dy + i), reluSlope4(v128.load(x + i))));
  }
  if (i >= end) return;
  storeFirst(dx + i, f32x4.mul(v128.load(dy + i), reluSlope4(v128.load(x + i))), <u32>(end - i) >> 2);
}
