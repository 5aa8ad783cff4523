import { ThinProducts } from "../../kernels/products/products";
import { type Basis, sizeOf } from "./basis";
import { CouplingMaker, type Pairs, pairValues } from "./couplings";
import type { PairChi, PairColumn } from "./pair-chi";

/** Shares for k = 1 .. K: plain, and of products of different chains. */
export interface MeasuredShares {
  readonly plain: Float64Array;
  readonly noiseFree?: Float64Array;
}

/**
 * How much of chi at measured pairs the expansion cut at k says: 1 - sum (chi - chi_k)² / sum chi² over pairs and components, with
 * coefficients from all pairs of a context and a token. It may fall below 0: coefficients are not fitted to the measured pairs.
 */
export class MeasuredSums {
  private readonly K: number;
  /** Functions at the pairs, [pairs, K]. */
  private readonly v: Float64Array;
  private readonly u: Float64Array;
  /** Functions of the tokens that pairs have, [own tokens, K], and which of them each pair has. */
  private readonly ofTokens: Float64Array;
  private readonly tokenAt: Int32Array;
  private readonly tokenProducts: ThinProducts;
  private readonly panels: readonly Panel[];
  private readonly left: Float64Array;
  private readonly free: Float64Array;
  private norm = 0;
  private freeNorm = 0;

  /** `maker`: of this basis, where couplings are made for others too. */
  constructor(
    basis: Basis,
    private readonly pairs: Pairs,
    private readonly maker = new CouplingMaker(basis),
  ) {
    const { a: Ka, b: Kb } = sizeOf(basis);
    const K = Math.min(Ka, Kb);
    this.K = K;
    const at = (functions: Float64Array, width: number, places: ArrayLike<number>) => {
      const out = new Float64Array(places.length * K);
      for (let i = 0; i < places.length; i++)
        out.set(functions.subarray(places[i] * width, places[i] * width + K), i * K);
      return out;
    };
    this.v = at(basis.v, Ka, pairs.contexts);
    this.u = at(basis.u, Kb, pairs.tokens);
    const own = [...new Set(Array.from(pairs.tokens))];
    const places = new Map(own.map((token, place) => [token, place]));
    this.ofTokens = at(basis.u, Kb, own);
    this.tokenAt = Int32Array.from(pairs.tokens, (token) => places.get(token)!);
    this.tokenProducts = new ThinProducts(K, K);
    this.panels = Array.from({ length: Math.ceil(K / PANEL) }, (_, p) => {
      const to = Math.min(K, (p + 1) * PANEL);
      return { from: p * PANEL, to, v: firstColumns(this.v, K, to) };
    });
    this.left = new Float64Array(K);
    this.free = new Float64Array(K);
  }

  add({ all, chains = [] }: PairColumn): void {
    const { left, free } = this;
    const M = chains.length;
    const parts = [all, ...(M < 2 ? [] : chains)];
    const values = parts.map((chi) => pairValues(chi, this.pairs));
    const n = values[0].length;
    // Sums over pairs of different chains: half of (sum squared less squares summed).
    const pairs = M * (M - 1);
    for (let i = 0; i < n; i++) this.norm += values[0][i] ** 2;
    if (M > 1) for (let i = 0; i < n; i++) this.freeNorm += ofDifferent(values, i) / pairs;
    this.eachRest(parts, values, (from, width, rest) => {
      for (let k = 0; k < width; k++) left[from + k] += rest[k] ** 2;
      if (M < 2) return;
      for (let k = 0; k < width; k++) {
        let sum = 0;
        let squares = 0;
        for (let at = width + k; at < rest.length; at += width) {
          sum += rest[at];
          squares += rest[at] * rest[at];
        }
        free[from + k] += (sum * sum - squares) / pairs;
      }
    });
  }

  get shares(): MeasuredShares {
    return {
      plain: this.left.map((rest) => 1 - rest / this.norm),
      ...(this.freeNorm !== 0 && { noiseFree: this.free.map((rest) => 1 - rest / this.freeNorm) }),
    };
  }

  /**
   * What expansions leave of the parts' values at each pair, [parts, width], cut after each of `width` functions from `from` on.
   * Function k of either side adds v_k sum_{b <= k} chi_kb u_b + u_k sum_{a < k} chi_ak v_a.
   */
  private eachRest(
    parts: readonly PairChi[],
    values: readonly Float64Array[],
    take: (from: number, width: number, rest: Float64Array) => void,
  ): void {
    const { K, v, u, tokenAt, maker } = this;
    const n = tokenAt.length;
    const stride = maker.width;
    const couplings = parts.map((chi) => maker.of(chi));
    const ofToken = couplings.map((own) => this.throughTokens(own, stride));
    const left = values.map((own) => own.slice());
    for (const panel of this.panels) {
      const { from, to } = panel;
      const width = to - from;
      const all = parts.length * width;
      if (panel.products?.width !== all) panel.products = new ThinProducts(to, all);
      const upper = new Float64Array(all * to);
      for (const [p, own] of couplings.entries())
        for (let k = from; k < to; k++)
          for (let a = 0; a < k; a++) upper[(p * width + k - from) * to + a] = own[a * stride + k];
      panel.products.load(upper);
      if (panel.image?.length !== n * all) panel.image = new Float64Array(n * all);
      const ofContext = panel.products.project({ rows: n, data: panel.v }, panel.image);
      const rest = new Float64Array(all);
      for (let i = 0; i < n; i++) {
        for (let p = 0; p < parts.length; p++) {
          const tokens = ofToken[p];
          let own = left[p][i];
          for (let k = from; k < to; k++) {
            const at = i * K + k;
            own -= v[at] * tokens[tokenAt[i] * K + k] + u[at] * ofContext[i * all + p * width + k - from];
            rest[p * width + k - from] = own;
          }
          left[p][i] = own;
        }
        take(from, width, rest);
      }
    }
  }

  /** sum_{b <= k} chi_kb u_b of every token that pairs have: [own tokens, K]. */
  private throughTokens(couplings: Float64Array, stride: number): Float64Array {
    const { K, ofTokens, tokenProducts } = this;
    const lower = new Float64Array(K * K);
    for (let k = 0; k < K; k++) for (let b = 0; b <= k; b++) lower[k * K + b] = couplings[k * stride + b];
    tokenProducts.load(lower);
    return tokenProducts.project({ rows: ofTokens.length / K, data: ofTokens });
  }
}

/** Functions whose sums over smaller ones are made at once: of the smaller ones no more than they need are gone through. */
const PANEL = 32;

interface Panel {
  readonly from: number;
  readonly to: number;
  /** Functions of contexts at the pairs, [pairs, to]. */
  readonly v: Float64Array;
  products?: ThinProducts;
  image?: Float64Array;
}

/** Sum over pairs of different chains, twice; the first part is all chains together, and none of them. */
function ofDifferent(parts: readonly Float64Array[], i: number): number {
  let sum = 0;
  let squares = 0;
  for (let p = 1; p < parts.length; p++) {
    const x = parts[p][i];
    sum += x;
    squares += x * x;
  }
  return sum * sum - squares;
}

function firstColumns(values: Float64Array, width: number, kept: number): Float64Array {
  if (kept === width) return values;
  const rows = values.length / width;
  const out = new Float64Array(rows * kept);
  for (let i = 0; i < rows; i++) out.set(values.subarray(i * width, i * width + kept), i * kept);
  return out;
}
