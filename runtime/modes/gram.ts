import { ThinProducts } from "../../kernels/products/products";

/** Places of vectors whose products are summed at once, what a cache holds; and vectors that are one side of them. */
const CHUNK = 4096;
const SIDE = 24;

/** Dot products of n vectors with each other, [n, n]; `fill` gives places `from` to `to` of one of them. */
export function gram(
  n: number,
  length: number,
  fill: (i: number, from: number, to: number, into: Float64Array) => void,
): Float64Array {
  const size = Math.min(CHUNK, length);
  const out = new Float64Array(n * n);
  if (size === 0) return out;
  const side = Math.min(SIDE, n);
  const products = new ThinProducts(size, side);
  const rows = new Float64Array((n + side) * size);
  const part = new Float64Array(n * side);
  for (let from = 0; from < length; from += size) {
    const to = Math.min(length, from + size);
    if (to - from < size) rows.fill(0);
    for (let i = 0; i < n; i++) fill(i, from, to, rows.subarray(i * size, (i + 1) * size));
    for (let j = 0; j < n; j += side) {
      products.load(rows.subarray(j * size, (j + side) * size));
      products.project({ rows: n - j, data: rows.subarray(j * size, n * size) }, part);
      for (let i = j; i < n; i++)
        for (let k = 0; k < side && j + k <= i; k++) out[i * n + j + k] += part[(i - j) * side + k];
    }
  }
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) out[j * n + i] = out[i * n + j];
  return out;
}
