import type { Arrays, Dims, Params } from "../kernel";

/** Where head h of row t lies: its q in qkv (k and v follow by K each), its place in lse; times K, in out. */
function places({ T, H, K }: Dims, batch: number, h: number) {
  const short = (t: number) => (batch * T + t) * H + h;
  return { short, long: (t: number) => short(t) * 3 * K };
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
    const { short, long } = places(dims, Math.floor(head / H), head % H);
    for (let t = 0; t < T; t++) {
      const scores = Array.from({ length: t + 1 }, (_, s) => params.scale * dot(qkv, long(t), qkv, long(s) + K, K));
      const top = scores.reduce((a, b) => Math.max(a, b));
      const total = scores.reduce((sum, score) => sum + Math.exp(score - top), 0);
      lse[short(t)] = top + Math.log(total);
      for (let s = 0; s <= t; s++) {
        const p = Math.exp(scores[s] - top) / total;
        for (let e = 0; e < K; e++) out[short(t) * K + e] += p * qkv[long(s) + 2 * K + e];
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
    const { short, long } = places(dims, Math.floor(head / H), head % H);
    for (let t = 0; t < T; t++) {
      const q = long(t);
      const row = short(t) * K;
      const delta = dot(dout, row, out, row, K);
      for (let s = 0; s <= t; s++) {
        const k = long(s) + K;
        const v = k + K;
        const p = Math.exp(scale * dot(qkv, q, qkv, k, K) - lse[short(t)]);
        const ds = scale * p * (dot(dout, row, qkv, v, K) - delta);
        for (let e = 0; e < K; e++) {
          dqkv[q + e] += ds * qkv[k + e];
          dqkv[k + e] += ds * qkv[q + e];
          dqkv[v + e] += p * dout[row + e];
        }
      }
    }
  }
  return { dqkv };
}
