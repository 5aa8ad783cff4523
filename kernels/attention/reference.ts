import type { Arrays, Dims, Params } from "../kernel";

/** Where head h of row t lies: in q, in k and v, which key and value heads are shared in, and in lse; times K, in out. */
function places({ T, H, KV }: Dims, views: Params, batch: number, h: number) {
  const { q_first, q_row, q_head, k_first, v_first, kv_row, kv_head } = views;
  const shared = Math.floor(h / (H / KV)) * kv_head;
  return {
    q: (t: number) => q_first + (batch * T + t) * q_row + h * q_head,
    k: (t: number) => k_first + (batch * T + t) * kv_row + shared,
    v: (t: number) => v_first + (batch * T + t) * kv_row + shared,
    short: (t: number) => (batch * T + t) * H + h,
  };
}

function dot(a: ArrayLike<number>, i: number, b: ArrayLike<number>, j: number, count: number): number {
  let total = 0;
  for (let e = 0; e < count; e++) total += a[i + e] * b[j + e];
  return total;
}

/** Causal softmax attention, f64: the definition of `attention/forward`. */
export function forward(inputs: Arrays, dims: Dims, params: Params): Arrays {
  const { G, B, T, H, K } = dims;
  const { qkv } = inputs;
  const out = new Float64Array(G * B * T * H * K);
  const lse = new Float64Array(G * B * T * H);
  for (let head = 0; head < G * B * H; head++) {
    const { q, k, v, short } = places(dims, params, Math.floor(head / H), head % H);
    for (let t = 0; t < T; t++) {
      const scores = Array.from({ length: t + 1 }, (_, s) => params.scale * dot(qkv, q(t), qkv, k(s), K));
      const top = scores.reduce((a, b) => Math.max(a, b));
      const total = scores.reduce((sum, score) => sum + Math.exp(score - top), 0);
      lse[short(t)] = top + Math.log(total);
      for (let s = 0; s <= t; s++) {
        const p = Math.exp(scores[s] - top) / total;
        for (let e = 0; e < K; e++) out[short(t) * K + e] += p * qkv[v(s) + e];
      }
    }
  }
  return { out, lse };
}

/** Gradient of `forward` given its out and lse, f64: the definition of `attention/backward`. */
export function backward(inputs: Arrays, dims: Dims, params: Params): Arrays {
  const { G, B, T, H, K } = dims;
  const { qkv, out, lse, dout } = inputs;
  const { scale } = params;
  const dqkv = new Float64Array(qkv.length);
  for (let head = 0; head < G * B * H; head++) {
    const { q, k, v, short } = places(dims, params, Math.floor(head / H), head % H);
    for (let t = 0; t < T; t++) {
      const row = short(t) * K;
      const delta = dot(dout, row, out, row, K);
      for (let s = 0; s <= t; s++) {
        const p = Math.exp(scale * dot(qkv, q(t), qkv, k(s), K) - lse[short(t)]);
        const ds = scale * p * (dot(dout, row, qkv, v(s), K) - delta);
        for (let e = 0; e < K; e++) {
          dqkv[q(t) + e] += ds * qkv[k(s) + e];
          dqkv[k(s) + e] += ds * qkv[q(t) + e];
          dqkv[v(s) + e] += p * dout[row + e];
        }
      }
    }
  }
  return { dqkv };
}
