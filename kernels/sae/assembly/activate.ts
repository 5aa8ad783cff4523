// Codes of a sparse autoencoder from products, in place; kinds and shapes as the WGSL. An item is a row of F features.
// Deterministic: no sums over elements. Numerics: those of the WGSL.
import { storeFirst } from "../../common/assembly/lanes";
import * as abi from "../../../dist/abi/sae/activate";

const RELU: u32 = 0;
const JUMPRELU: u32 = 1;
const GATED: u32 = 2;
const SCORE: u32 = 3;
const PLAIN: u32 = 4;

export function sae_activate(block: usize, from: u32, to: u32, _scratch: usize): void {
  const kind = abi.kind(block);
  if (kind == RELU) rows(RELU, block, from, to);
  else if (kind == JUMPRELU) rows(JUMPRELU, block, from, to);
  else if (kind == GATED) rows(GATED, block, from, to);
  else if (kind == SCORE) rows(SCORE, block, from, to);
  else rows(PLAIN, block, from, to);
}

/** Inlined with a constant kind. */
// @ts-ignore: decorator
@inline
function rows(kind: u32, block: usize, from: u32, to: u32): void {
  const bytes = <usize>abi.F(block) << 2;
  const bias = abi.bias(block);
  const gate = abi.gate(block);
  const scale = abi.scale(block);
  for (let row = from; row < to; row++) {
    const codes = abi.codes(block) + <usize>row * bytes;
    for (let i: usize = 0; i < bytes; i += 16) {
      const p = v128.load(codes + i);
      const b = v128.load(bias + i);
      storeFirst(codes + i, code(kind, p, b, gate + i, scale + i), <u32>(bytes - i) >> 2);
    }
  }
}

// @ts-ignore: decorator
@inline
function code(kind: u32, p: v128, b: v128, gate: usize, scale: usize): v128 {
  const zero = f32x4.splat(0);
  const a = f32x4.add(p, b);
  if (kind == RELU) return f32x4.pmax(a, zero);
  if (kind == JUMPRELU) return v128.and(f32x4.pmax(a, zero), f32x4.gt(a, v128.load(gate)));
  if (kind == GATED) {
    const size = f32x4.add(f32x4.mul(p, v128.load(scale)), b);
    return v128.and(f32x4.pmax(size, zero), f32x4.gt(f32x4.add(p, v128.load(gate)), zero));
  }
  if (kind == SCORE) return f32x4.mul(a, v128.load(scale));
  return a;
}
