import { ThinProducts } from "../../kernels/products/products";
import type { Basis } from "./basis";
import { checkSizes } from "./couplings";
import type { PairChi } from "./pair-chi";

/** Where inner products are taken: L2(q × q0). */
export type Measure = Pick<Basis, "q" | "q0">;

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** Whether two factors are one, whoever read them. */
export const sameFactor = (a: Float64Array, b: Float64Array): boolean =>
  a === b || (a.length === b.length && a.every((x, i) => x === b[i]));

/** Left factors with the offset, [N, R + 1], and right ones with 1, [V, R + 1]: chi is their product. */
export const leftRows = ({ left, offset, rank }: PairChi): Float64Array => withLast(left, rank, offset);
export const rightRows = ({ right, rank, tokens }: PairChi): Float64Array =>
  withLast(right, rank, new Float64Array(tokens).fill(1));

function withLast(factor: Float64Array, rank: number, last: Float64Array): Float64Array {
  const n = rank + 1;
  const out = new Float64Array(last.length * n);
  for (let i = 0; i < last.length; i++) {
    for (let r = 0; r < rank; r++) out[i * n + r] = factor[i * rank + r];
    out[i * n + rank] = last[i];
  }
  return out;
}

/** Sum over i of weight_i a_ir b_is: [ra, rb]. */
export function crossGram(a: Float64Array, b: Float64Array, weights: Float64Array): Float64Array {
  const rows = weights.length;
  const ra = a.length / rows;
  const products = new ThinProducts(b.length / rows, ra);
  const weighted = a.map((value, at) => value * weights[Math.floor(at / ra)]);
  products.pull({ rows, data: b }, weighted);
  return products.sums();
}

/** Sum over x and y of q(x) q0(y) a_xy b_xy, whatever their factors. */
export function innerProduct(a: PairChi, b: PairChi, { q, q0 }: Measure): number {
  return dot(crossGram(leftRows(a), leftRows(b), q), crossGram(rightRows(a), rightRows(b), q0));
}

/** Inner products in L2(q × q0) of many chi, cheap for those that share a right factor. */
export class InnerProducts {
  private shared?: { readonly right: Float64Array; readonly products: ThinProducts };

  constructor(private readonly measure: Measure) {}

  /** Inner products of some with others: [some, others] row-major. */
  between(some: readonly PairChi[], others: readonly PairChi[] = some): Float64Array {
    for (const chi of some) checkSizes(chi, this.measure);
    for (const chi of others) checkSizes(chi, this.measure);
    const right = mostShared([...some, ...others]);
    const vectors = some.map((chi) => this.vectorOf(chi, right));
    const otherVectors = others === some ? vectors : others.map((chi) => this.vectorOf(chi, right));
    const out = dots(vectors, otherVectors);
    for (const [i, chi] of some.entries())
      for (const [j, other] of others.entries()) {
        if (vectors[i] && otherVectors[j]) continue;
        const at = i * others.length + j;
        out[at] = others === some && j < i ? out[j * others.length + i] : innerProduct(chi, other, this.measure);
      }
    return out;
  }

  /** A vector [N (R + 1)] of each chi with this right factor, whose dot products are the inner products. */
  private vectorOf(chi: PairChi, right: Float64Array): Float64Array | undefined {
    if (!sameFactor(chi.right, right)) return undefined;
    const { q, q0 } = this.measure;
    const n = chi.rank + 1;
    if (!this.shared || !sameFactor(this.shared.right, right)) {
      const rows = rightRows(chi);
      const products = new ThinProducts(n, n);
      products.load(transposedRoot(crossGram(rows, rows, q0), n));
      this.shared = { right, products };
    }
    const rows = leftRows(chi);
    for (let x = 0; x < q.length; x++) for (let r = 0; r < n; r++) rows[x * n + r] *= Math.sqrt(q[x]);
    return this.shared.products.project({ rows: q.length, data: rows });
  }
}

/** Places of vectors whose products are summed at once: what a cache holds. */
const CHUNK = 4096;

/** Dot products of some vectors with others, [some, others]; 0 where either is missing. */
function dots(
  some: readonly (Float64Array | undefined)[],
  others: readonly (Float64Array | undefined)[],
): Float64Array {
  const length = Math.max(...[...some, ...others].map((vector) => vector?.length ?? 0));
  const size = Math.min(CHUNK, length);
  const out = new Float64Array(some.length * others.length);
  if (size === 0) return out;
  const products = new ThinProducts(size, others.length);
  const gather = (vectors: readonly (Float64Array | undefined)[], from: number) => {
    const rows = new Float64Array(vectors.length * size);
    for (const [i, vector] of vectors.entries()) if (vector) rows.set(vector.subarray(from, from + size), i * size);
    return rows;
  };
  for (let from = 0; from < length; from += size) {
    products.load(gather(others, from));
    const part = products.project({ rows: some.length, data: gather(some, from) });
    for (let i = 0; i < out.length; i++) out[i] += part[i];
  }
  return out;
}

/** The right factor that most have. */
function mostShared(all: readonly PairChi[]): Float64Array {
  const seen: { right: Float64Array; times: number }[] = [];
  for (const { right } of all) {
    const found = seen.find((one) => sameFactor(one.right, right));
    if (found) found.times++;
    else seen.push({ right, times: 1 });
  }
  return seen.reduce((most, one) => (one.times > most.times ? one : most)).right;
}

/** F' with F F' = G: Cholesky's factor, whose columns are 0 where G ends to rounding. [n, n]. */
function transposedRoot(G: Float64Array, n: number): Float64Array {
  const T = new Float64Array(n * n);
  for (let a = 0; a < n; a++) {
    let pivot = G[a * n + a];
    for (let c = 0; c < a; c++) pivot -= T[c * n + a] ** 2;
    if (!(pivot > 1e-14 * G[a * n + a])) continue;
    T[a * n + a] = Math.sqrt(pivot);
    for (let b = a + 1; b < n; b++) {
      let sum = G[b * n + a];
      for (let c = 0; c < a; c++) sum -= T[c * n + b] * T[c * n + a];
      T[a * n + b] = sum / T[a * n + a];
    }
  }
  return T;
}

/** Mean of chi of independent chains. */
export function meanOf(parts: readonly PairChi[]): PairChi {
  const [first] = parts;
  const M = parts.length;
  const mean = (arrays: readonly Float64Array[]) =>
    arrays[0].map((_, i) => arrays.reduce((sum, a) => sum + a[i], 0) / M);
  const offset = mean(parts.map((chi) => chi.offset));
  if (parts.every((chi) => sameFactor(chi.right, first.right)))
    return { ...first, offset, left: mean(parts.map((chi) => chi.left)) };
  if (parts.every((chi) => sameFactor(chi.left, first.left)))
    return { ...first, offset, right: mean(parts.map((chi) => chi.right)) };
  const rank = parts.reduce((sum, chi) => sum + chi.rank, 0);
  const beside = (rows: number, factors: readonly Float64Array[]) => {
    const out = new Float64Array(rows * rank);
    let at = 0;
    for (const [p, factor] of factors.entries()) {
      const own = parts[p].rank;
      for (let i = 0; i < rows; i++) for (let r = 0; r < own; r++) out[i * rank + at + r] = factor[i * own + r];
      at += own;
    }
    return out;
  };
  const left = beside(
    first.contexts,
    parts.map((chi) => chi.left),
  ).map((x) => x / M);
  return {
    ...first,
    rank,
    offset,
    left,
    right: beside(
      first.tokens,
      parts.map((chi) => chi.right),
    ),
  };
}
