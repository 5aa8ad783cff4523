// Activation functions: y = f(x), as the WGSL. An item is 2,048 elements.
// Sixteen at a time: one chain of dependent operations would leave the processor idle.
// Deterministic: no sums. Any finite x: huge arguments give x or 0, never NaN.
import { gelu4 } from "../../common/assembly/erf";
import { storeFirst } from "../../common/assembly/lanes";
import * as abi from "../../../dist/abi/activation/gelu_forward";
import { GELU, GELU_TANH, geluTanh4, ITEM, RELU, relu4 } from "./functions";

// @ts-ignore: decorator
@inline
function value4(name: i32, x: v128): v128 {
  if (name == GELU) return gelu4(x);
  if (name == GELU_TANH) return geluTanh4(x);
  return relu4(x);
}

/** Inlined with a constant name, so that each export has the one function only. */
// @ts-ignore: decorator
@inline
function forward(name: i32, block: usize, from: u32, to: u32): void {
  const x = abi.x(block);
  const y = abi.y(block);
  const end = min(<usize>to * ITEM, <usize>abi.N(block) << 2);
  let i = <usize>from * ITEM;
  for (; i + 64 <= end; i += 64) {
    const a = value4(name, v128.load(x + i));
    const b = value4(name, v128.load(x + i, 16));
    const c = value4(name, v128.load(x + i, 32));
    const d = value4(name, v128.load(x + i, 48));
    v128.store(y + i, a);
    v128.store(y + i, b, 16);
    v128.store(y + i, c, 32);
    v128.store(y + i, d, 48);
  }
  for (; i < end; i += 16) storeFirst(y + i, value4(name, v128.load(x + i)), <u32>(end - i) >> 2);
}

export function activation_gelu_forward(block: usize, from: u32, to: u32, _scratch: usize): void {
  forward(GELU, block, from, to);
}

export function activation_gelu_tanh_forward(block: usize, from: u32, to: u32, _scratch: usize): void {
  forward(GELU_TANH, block, from, to);
}

export function activation_relu_forward(block: usize, from: u32, to: u32, _scratch: usize): void {
  forward(RELU, block, from, to);
}
