// Activation functions: y = f(x), as the WGSL. An item is 2,048 elements.
// Sixteen at a time: one chain of dependent operations would leave the processor idle.
// Deterministic: no sums. Any finite x: huge arguments give x or 0, never NaN.
import { gelu4 } from "../../common/assembly/erf";
import { storeFirst } from "../../common/assembly/lanes";
import { place, word } from "../../wasm/assembly/block";
import { geluTanh4, relu4 } from "./functions";

/** Bytes of an item. */
const ITEM: usize = 8192;

export function activation_gelu_forward(block: usize, from: u32, to: u32, _scratch: usize): void {
  const bytes = <usize>word(block, 2) << 2;
  const x = place(block, 0);
  const y = place(block, 1);
  const end = min(<usize>to * ITEM, bytes);
  let i = <usize>from * ITEM;
  for (; i + 64 <= end; i += 64) {
    const a = gelu4(v128.load(x + i));
    const b = gelu4(v128.load(x + i, 16));
    const c = gelu4(v128.load(x + i, 32));
    const d = gelu4(v128.load(x + i, 48));
    v128.store(y + i, a);
    v128.store(y + i, b, 16);
    v128.store(y + i, c, 32);
    v128.store(y + i, d, 48);
  }
  for (; i + 16 <= end; i += 16) v128.store(y + i, gelu4(v128.load(x + i)));
  if (i < end) storeFirst(y + i, gelu4(v128.load(x + i)), <u32>(end - i) >> 2);
}

export function activation_gelu_tanh_forward(block: usize, from: u32, to: u32, _scratch: usize): void {
  const bytes = <usize>word(block, 2) << 2;
  const x = place(block, 0);
  const y = place(block, 1);
  const end = min(<usize>to * ITEM, bytes);
  let i = <usize>from * ITEM;
  for (; i + 64 <= end; i += 64) {
    const a = geluTanh4(v128.load(x + i));
    const b = geluTanh4(v128.load(x + i, 16));
    const c = geluTanh4(v128.load(x + i, 32));
    const d = geluTanh4(v128.load(x + i, 48));
    v128.store(y + i, a);
    v128.store(y + i, b, 16);
    v128.store(y + i, c, 32);
    v128.store(y + i, d, 48);
  }
  for (; i + 16 <= end; i += 16) v128.store(y + i, geluTanh4(v128.load(x + i)));
  if (i < end) storeFirst(y + i, geluTanh4(v128.load(x + i)), <u32>(end - i) >> 2);
}

export function activation_relu_forward(block: usize, from: u32, to: u32, _scratch: usize): void {
  const bytes = <usize>word(block, 2) << 2;
  const x = place(block, 0);
  const y = place(block, 1);
  const end = min(<usize>to * ITEM, bytes);
  let i = <usize>from * ITEM;
  for (; i + 64 <= end; i += 64) {
    const a = relu4(v128.load(x + i));
    const b = relu4(v128.load(x + i, 16));
    const c = relu4(v128.load(x + i, 32));
    const d = relu4(v128.load(x + i, 48));
    v128.store(y + i, a);
    v128.store(y + i, b, 16);
    v128.store(y + i, c, 32);
    v128.store(y + i, d, 48);
  }
  for (; i + 16 <= end; i += 16) v128.store(y + i, relu4(v128.load(x + i)));
  if (i < end) storeFirst(y + i, relu4(v128.load(x + i)), <u32>(end - i) >> 2);
}
