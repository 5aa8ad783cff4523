// Gradients of activation functions: dx = dy f'(x), as the WGSL. An item is 2,048 elements.
// Sixteen at a time: one chain of dependent operations would leave the processor idle.
// Deterministic: no sums. Any finite x: far out the factor is 0 or 1 exactly, never NaN.
import { geluSlope4 } from "../../common/assembly/erf";
import { storeFirst } from "../../common/assembly/lanes";
import * as abi from "../../../dist/abi/activation/gelu_backward";
import { GELU, GELU_TANH, geluTanhSlope4, ITEM, RELU, reluSlope4 } from "./functions";

// @ts-ignore: decorator
@inline
function slope4(name: i32, x: v128): v128 {
  if (name == GELU) return geluSlope4(x);
  if (name == GELU_TANH) return geluTanhSlope4(x);
  return reluSlope4(x);
}

/** Inlined with a constant name, so that each export has the one function only. */
// @ts-ignore: decorator
@inline
function backward(name: i32, block: usize, from: u32, to: u32): void {
  const x = abi.x(block);
  const dy = abi.dy(block);
  const dx = abi.dx(block);
  const end = min(<usize>to * ITEM, <usize>abi.N(block) << 2);
  let i = <usize>from * ITEM;
  for (; i + 64 <= end; i += 64) {
    const a = f32x4.mul(v128.load(dy + i), slope4(name, v128.load(x + i)));
    const b = f32x4.mul(v128.load(dy + i, 16), slope4(name, v128.load(x + i, 16)));
    const c = f32x4.mul(v128.load(dy + i, 32), slope4(name, v128.load(x + i, 32)));
    const d = f32x4.mul(v128.load(dy + i, 48), slope4(name, v128.load(x + i, 48)));
    v128.store(dx + i, a);
    v128.store(dx + i, b, 16);
    v128.store(dx + i, c, 32);
    v128.store(dx + i, d, 48);
  }
  for (; i < end; i += 16) {
    storeFirst(dx + i, f32x4.mul(v128.load(dy + i), slope4(name, v128.load(x + i))), <u32>(end - i) >> 2);
  }
}

export function activation_gelu_backward(block: usize, from: u32, to: u32, _scratch: usize): void {
  backward(GELU, block, from, to);
}

export function activation_gelu_tanh_backward(block: usize, from: u32, to: u32, _scratch: usize): void {
  backward(GELU_TANH, block, from, to);
}

export function activation_relu_backward(block: usize, from: u32, to: u32, _scratch: usize): void {
  backward(RELU, block, from, to);
}
