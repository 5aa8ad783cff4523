import { ThinProducts } from "../../kernels/products/products";
import type { Basis } from "./basis";
import { checkSizes } from "./couplings";
import { gram } from "./gram";
import type { PairChi } from "./pair-chi";
import { weightedRows } from "./projector";

/** Where inner products are taken: L2(q × q0). */
export type Measure = Pick<Basis, "q" | "q0">;

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** Whether two factors are one, whoever read them. */
export function sameFactor(a: Float64Array, b: Float64Array): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Left factors with the offset, [N, R + 1], and right ones with 1, [V, R + 1]: chi is their product. */
export const leftRows = ({ left, offset, rank }: PairChi, into?: Float64Array): Float64Array =>
  withLast(left, rank, offset, into);
export const rightRows = ({ right, rank, tokens }: PairChi): Float64Array =>
  withLast(right, rank, new Float64Array(tokens).fill(1));

/** `into` is taken where it has the size. */
function withLast(factor: Float64Array, rank: number, last: Float64Array, into?: Float64Array): Float64Array {
  const n = rank + 1;
  const out = into?.length === last.length * n ? into : new Float64Array(last.length * n);
  for (let i = 0; i < last.length; i++) {
    for (let r = 0, from = i * rank, to = i * n; r < rank; r++) out[to + r] = factor[from + r];
    out[i * n + rank] = last[i];
  }
  return out;
}

/** Of the last sizes: those that come next are mostly the same. */
let lastProducts: ThinProducts | undefined;
let lastWeighted: Float64Array | undefined;

/** Sum over i of weight_i a_ir b_is: [ra, rb]. */
export function crossGram(a: Float64Array, b: Float64Array, weights: Float64Array): Float64Array {
  const rows = weights.length;
  const ra = a.length / rows;
  const cols = b.length / rows;
  if (lastProducts?.cols !== cols || lastProducts.width !== ra) lastProducts = new ThinProducts(cols, ra);
  const products = lastProducts;
  products.clear();
  lastWeighted = weightedRows(a, weights, lastWeighted);
  products.pull({ rows, data: b }, lastWeighted);
  return products.sums();
}

/** Sum over x and y of q(x) q0(y) a_xy b_xy, whatever their factors. */
export function innerProduct(a: PairChi, b: PairChi, { q, q0 }: Measure): number {
  return dot(crossGram(leftRows(a), leftRows(b), q), crossGram(rightRows(a), rightRows(b), q0));
}

/** A right factor that many have, and orthonormal functions of tokens in whose coordinates their chi are told. */
interface Frame {
  readonly right: Float64Array;
  readonly rows: Float64Array;
  /** [R + 1, R + 1]: coordinates of its columns, and of the constant. */
  readonly root: Float64Array;
  readonly products: ThinProducts;
}

/**
 * Inner products in L2(q × q0) of many chi, cheap for those that share a right factor: they are dot products of vectors [N (R + 1)].
 * A chi of another right factor has one too, of its part in their span, which holds all of its products with them.
 */
export class InnerProducts {
  private frame?: Frame;
  private readonly made = new WeakMap<PairChi, { readonly right: Float64Array; readonly vector: Float64Array }>();
  private readonly roots: Float64Array;
  /** Used again. */
  private rows?: Float64Array;
  private once?: Float64Array;

  constructor(private readonly measure: Measure) {
    this.roots = measure.q.map(Math.sqrt);
  }

  /** Inner products of chi with each other: [chi, chi], symmetric. */
  between(all: readonly PairChi[]): Float64Array {
    const { right } = this.frameOf(all);
    const vectors = all.map((chi) => this.vectorOf(chi));
    const out = gram(vectors.length, vectors[0]?.length ?? 0, (i, from, to, into) =>
      into.set(vectors[i].subarray(from, to)),
    );
    eachOdd(all, right, (i, j) => {
      out[i * all.length + j] = innerProduct(all[i], all[j], this.measure);
    });
    return out;
  }

  /** A chi's product with itself. Nothing of it is kept. */
  norm(chi: PairChi): number {
    if (!this.frame || !sameFactor(this.frame.right, chi.right)) return innerProduct(chi, chi, this.measure);
    checkSizes(chi, this.measure);
    this.once = this.project(chi, this.once);
    return dot(this.once, this.once);
  }

  /** Of sums of two chi each; and of one's first with another's second, the mean of both ways: [pairs, pairs]. */
  ofSums(first: readonly PairChi[], second: readonly PairChi[]): { sums: Float64Array; cross: Float64Array } {
    const n = first.length;
    const { right } = this.frameOf([...first, ...second]);
    const own = first.map((chi) => this.vectorOf(chi));
    const other = second.map((chi) => this.vectorOf(chi));
    const combined = (sign: 1 | -1) =>
      gram(n, own[0]?.length ?? 0, (i, from, to, into) => {
        const [a, b] = [own[i], other[i]];
        for (let at = from; at < to; at++) into[at - from] = a[at] + sign * b[at];
      });
    const sums = combined(1);
    const differences = combined(-1);
    const cross = sums.map((value, at) => (value - differences[at]) / 4);
    const odd = first.map((chi, i) => (sameFactor(chi.right, right) ? second[i] : chi));
    eachOdd(odd, right, (i, j) => {
      const product = (a: PairChi, b: PairChi) => innerProduct(a, b, this.measure);
      const across = product(first[i], second[j]) + product(second[i], first[j]);
      sums[i * n + j] = product(first[i], first[j]) + product(second[i], second[j]) + across;
      cross[i * n + j] = across / 2;
    });
    return { sums, cross };
  }

  private frameOf(all: readonly PairChi[]): Frame {
    for (const chi of all) checkSizes(chi, this.measure);
    const most = mostShared(all);
    if (this.frame && sameFactor(this.frame.right, most.right)) return this.frame;
    const rows = rightRows(most);
    const n = most.rank + 1;
    const root = transposedRoot(crossGram(rows, rows, this.measure.q0), n);
    const products = new ThinProducts(n, n);
    products.load(root);
    this.frame = { right: most.right, rows, root, products };
    return this.frame;
  }

  /** The vector of a chi; asked again of the same one, it is not made again. */
  private vectorOf(chi: PairChi): Float64Array {
    const { right } = this.frame!;
    const known = this.made.get(chi);
    if (known && sameFactor(known.right, right)) return known.vector;
    const vector = this.project(chi);
    this.made.set(chi, { right, vector });
    return vector;
  }

  private project(chi: PairChi, into?: Float64Array): Float64Array {
    const { right, products } = this.frame!;
    const n = chi.rank + 1;
    this.rows = leftRows(chi, this.rows);
    const { rows, roots } = this;
    for (let x = 0; x < roots.length; x++) for (let at = x * n; at < (x + 1) * n; at++) rows[at] *= roots[x];
    const own = sameFactor(chi.right, right) ? products : this.ontoFrame(chi);
    return own.project({ rows: roots.length, data: rows }, into);
  }

  /** Products with the coordinates of another right factor's part in the frame's span. */
  private ontoFrame(chi: PairChi): ThinProducts {
    const { rows, root } = this.frame!;
    const [m, n] = [chi.rank + 1, Math.sqrt(root.length)];
    const cross = crossGram(rightRows(chi), rows, this.measure.q0);
    const out = new Float64Array(n * m);
    for (let r = 0; r < m; r++)
      for (let c = 0; c < n; c++) {
        if (root[c * n + c] === 0) continue;
        let rest = cross[r * n + c];
        for (let k = 0; k < c; k++) rest -= out[k * m + r] * root[k * n + c];
        out[c * m + r] = rest / root[c * n + c];
      }
    const products = new ThinProducts(m, n);
    products.load(out);
    return products;
  }
}

/** Pairs of chi neither of which has the right factor. */
function eachOdd(all: readonly PairChi[], right: Float64Array, take: (i: number, j: number) => void): void {
  const odd = Array.from(all.keys()).filter((i) => !sameFactor(all[i].right, right));
  for (const i of odd) for (const j of odd) take(i, j);
}

/** One of the chi that have the commonest right factor. */
function mostShared(all: readonly PairChi[]): PairChi {
  const seen: { chi: PairChi; times: number }[] = [];
  for (const chi of all) {
    const found = seen.find((one) => sameFactor(one.chi.right, chi.right));
    if (found) found.times++;
    else seen.push({ chi, times: 1 });
  }
  return seen.reduce((most, one) => (one.times > most.times ? one : most)).chi;
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
  const offset = meanArray(parts.map((chi) => chi.offset));
  if (parts.every((chi) => sameFactor(chi.right, first.right)))
    return { ...first, offset, left: keptMean(parts.map((chi) => chi.left)) };
  if (parts.every((chi) => sameFactor(chi.left, first.left)))
    return { ...first, offset, right: keptMean(parts.map((chi) => chi.right)) };
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

function meanArray(arrays: readonly Float64Array[]): Float64Array {
  const sum = arrays[0].slice();
  for (const array of arrays.slice(1)) for (let i = 0; i < sum.length; i++) sum[i] += array[i];
  for (let i = 0; i < sum.length; i++) sum[i] /= arrays.length;
  return sum;
}

/** Means of factors by the first of them: the same ones are asked for again and again, as long as there are any. */
const means = new WeakMap<Float64Array, { readonly of: readonly Float64Array[]; readonly mean: Float64Array }[]>();

function keptMean(arrays: readonly Float64Array[]): Float64Array {
  const known = means.get(arrays[0]) ?? [];
  means.set(arrays[0], known);
  const found = known.find(({ of }) => of.length === arrays.length && of.every((one, i) => one === arrays[i]));
  if (found) return found.mean;
  const mean = meanArray(arrays);
  known.push({ of: arrays, mean });
  return mean;
}
