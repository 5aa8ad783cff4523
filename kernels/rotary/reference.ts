import type { Arrays, Dims, Params } from "../kernel";

/** Turns the pairs (i, i + Rt/2) of every query and key by sign times the table's angle; copies the rest. */
export function rotate({ qkv, table }: Arrays, { G, B, T, H, K, Rt }: Dims, { sign }: Params): Arrays {
  const out = Float64Array.from(qkv);
  for (let head = 0; head < G * B * T * H * 3; head++) {
    if (head % 3 === 2) continue;
    const t = Math.floor(head / (3 * H)) % T;
    for (let i = 0; i < Rt / 2; i++) {
      const cos = table[t * Rt + i];
      const sin = sign * table[t * Rt + Rt / 2 + i];
      const [low, high] = [qkv[head * K + i], qkv[head * K + i + Rt / 2]];
      out[head * K + i] = cos * low - sin * high;
      out[head * K + i + Rt / 2] = cos * high + sin * low;
    }
  }
  return { out };
}
