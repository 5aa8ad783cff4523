import type { Arrays, Dims, Params } from "../kernel";

/** Codes from products, by kind: see activate.wgsl. */
export function activate({ bias, gate, scale, codes }: Arrays, { T, F }: Dims, { kind }: Params): Arrays {
  const out = new Float64Array(T * F);
  for (let t = 0; t < T; t++) {
    for (let f = 0; f < F; f++) {
      const product = codes[t * F + f];
      const a = product + bias[f];
      let code = a;
      if (kind === 0) code = Math.max(a, 0);
      if (kind === 1) code = a > gate[f] ? Math.max(a, 0) : 0;
      if (kind === 2) code = product + gate[f] > 0 ? Math.max(product * scale[f] + bias[f], 0) : 0;
      if (kind === 3) code = a * scale[f];
      out[t * F + f] = code;
    }
  }
  return { codes: out };
}

/** What stands in a place of a list that nothing has taken. */
export const NOTHING = { value: Math.fround(-3e38), index: 0xffffffff } as const;

/** The K largest of a list and a piece of scores, by stable sorting: the list's come first among equals. */
export function topk({ scores, values, indices }: Arrays, { T, F, K }: Dims, { first, fresh }: Params): Arrays {
  const out = { values: new Float64Array(T * K), indices: new Uint32Array(T * K) };
  for (let t = 0; t < T; t++) {
    const entries: { value: number; index: number }[] = [];
    for (let k = 0; k < K; k++) {
      entries.push(fresh ? NOTHING : { value: values[t * K + k], index: indices[t * K + k] });
    }
    for (let f = 0; f < F; f++) entries.push({ value: scores[t * F + f], index: first + f });
    entries.sort((a, b) => b.value - a.value);
    entries.slice(0, K).forEach(({ value, index }, k) => {
      out.values[t * K + k] = value;
      out.indices[t * K + k] = index;
    });
  }
  return out;
}
