// Rotary position embedding of packed queries and keys, and its inverse; values, and elements from Rt on, are copied.
//
// out[i] = cos(a) x[i] - sign sin(a) x[i + Rt/2],  out[i + Rt/2] = cos(a) x[i + Rt/2] + sign sin(a) x[i]
//
// Shapes as the WGSL. An item is a position of a sequence: the q, k and v of all its heads, which have one row of the table. Deterministic: no sums.
import { storeFirst } from "../../common/assembly/lanes";
import * as abi from "../../../dist/abi/rotary/rotate";

export function rotary_rotate(block: usize, from: u32, to: u32, _scratch: usize): void {
  const T = abi.T(block);
  const H = abi.H(block);
  const K = abi.K(block);
  const Rt = abi.Rt(block);
  const sign = abi.sign(block);
  const KV = abi.KV(block);
  const head = <usize>K << 2;
  const qRow = <usize>abi.q_row(block) << 2;
  const qHead = <usize>abi.q_head(block) << 2;
  const kvRow = <usize>abi.kv_row(block) << 2;
  const kvHead = <usize>abi.kv_head(block) << 2;
  const qFirst = <usize>abi.q_first(block) << 2;
  const kFirst = <usize>abi.k_first(block) << 2;
  const vFirst = <usize>abi.v_first(block) << 2;
  // A row that q, k and v fill together is copied at once.
  const whole = <usize>(H + 2 * KV) * head;
  const together = qRow == whole && kvRow == whole;
  const begin = min(qFirst, min(kFirst, vFirst));
  const half = <usize>Rt << 1;
  const x = abi.qkv(block);
  const out = abi.out(block);
  for (let item = from; item < to; item++) {
    const table = abi.table(block) + (<usize>(item % T) * Rt << 2);
    const q = qFirst + item * qRow;
    const k = kFirst + item * kvRow;
    const v = vFirst + item * kvRow;
    if (together) memory.copy(out + begin + item * whole, x + begin + item * whole, whole);
    for (let h: usize = 0; h < H; h++) rotateHead(x + q + h * qHead, table, head, half, sign, out + q + h * qHead, together);
    for (let h: usize = 0; h < KV; h++) {
      rotateHead(x + k + h * kvHead, table, head, half, sign, out + k + h * kvHead, together);
      if (!together) memory.copy(out + v + h * kvHead, x + v + h * kvHead, head);
    }
  }
}

/** A head of `head` bytes, of which twice `half` are turned; `copied`: its others are there already. */
// @ts-ignore: decorator
@inline
function rotateHead(x: usize, table: usize, head: usize, half: usize, sign: f32, out: usize, copied: bool): void {
  if (!copied) memory.copy(out, x, head);
  if (half == 8) quarter(x, table, sign, out);
  else turn(x, table, half, sign, out);
}

/** Two pairs in one vector: (cos0, cos1, sin0, sin1) turn (x0, x1, x2, x3) as (x0, x2) and (x1, x3). */
// @ts-ignore: decorator
@inline
function quarter(x: usize, table: usize, sign: f32, out: usize): void {
  const t = v128.load(table);
  const a = v128.load(x);
  const cosines = v128.shuffle<i32>(t, t, 0, 1, 0, 1);
  const sines = f32x4.mul(v128.shuffle<i32>(t, t, 2, 3, 2, 3), f32x4.mul(f32x4(-1, -1, 1, 1), f32x4.splat(sign)));
  const swapped = v128.shuffle<i32>(a, a, 2, 3, 0, 1);
  v128.store(out, f32x4.add(f32x4.mul(cosines, a), f32x4.mul(sines, swapped)));
}

/** Any number of pairs, `half` bytes apart. */
function turn(x: usize, table: usize, half: usize, sign: f32, out: usize): void {
  const s = f32x4.splat(sign);
  for (let i: usize = 0; i < half; i += 16) {
    const cosine = v128.load(table + i);
    const sine = f32x4.mul(v128.load(table + half + i), s);
    const low = v128.load(x + i);
    const high = v128.load(x + half + i);
    const count = <u32>(half - i) >> 2;
    storeFirst(out + i, f32x4.sub(f32x4.mul(cosine, low), f32x4.mul(sine, high)), count);
    storeFirst(out + half + i, f32x4.add(f32x4.mul(cosine, high), f32x4.mul(sine, low)), count);
  }
}
