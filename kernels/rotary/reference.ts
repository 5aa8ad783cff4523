import type { Arrays, Dims, Params } from "../kernel";

/** Turns the pairs (i, i + Rt/2) of every query and key by sign times the table's angle; copies the rest. */
export function rotate({ qkv, table }: Arrays, { G, B, T, H, KV, Rt }: Dims, params: Params): Arrays {
  const { sign, q_first, q_row, q_head, k_first, kv_row, kv_head } = params;
  const out = Float64Array.from(qkv);
  const turn = (head: number, t: number) => {
    for (let i = 0; i < Rt / 2; i++) {
      const cos = table[t * Rt + i];
      const sin = sign * table[t * Rt + Rt / 2 + i];
      const [low, high] = [qkv[head + i], qkv[head + i + Rt / 2]];
      out[head + i] = cos * low - sin * high;
      out[head + i + Rt / 2] = cos * high + sin * low;
    }
  };
  for (let row = 0; row < G * B * T; row++) {
    for (let h = 0; h < H; h++) turn(q_first + row * q_row + h * q_head, row % T);
    for (let h = 0; h < KV; h++) turn(k_first + row * kv_row + h * kv_head, row % T);
  }
  return { out };
}
