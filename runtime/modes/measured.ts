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
  private readonly maker: CouplingMaker;
  private readonly K: number;
  /** Functions at the pairs, [pairs, K]. */
  private readonly v: Float64Array;
  private readonly u: Float64Array;
  private readonly products: ThinProducts;
  private readonly left: Float64Array;
  private readonly free: Float64Array;
  private norm = 0;
  private freeNorm = 0;

  constructor(
    basis: Basis,
    private readonly pairs: Pairs,
  ) {
    const { a: Ka, b: Kb } = sizeOf(basis);
    const K = Math.min(Ka, Kb);
    this.K = K;
    const n = pairs.contexts.length;
    const at = (functions: Float64Array, width: number, places: ArrayLike<number>) =>
      Float64Array.from({ length: n * K }, (_, i) => functions[places[Math.floor(i / K)] * width + (i % K)]);
    this.v = at(basis.v, Ka, pairs.contexts);
    this.u = at(basis.u, Kb, pairs.tokens);
    this.maker = new CouplingMaker({ ...basis, v: firstColumns(basis.v, Ka, K), u: firstColumns(basis.u, Kb, K) });
    this.products = new ThinProducts(K, K);
    this.left = new Float64Array(K);
    this.free = new Float64Array(K);
  }

  add({ all, chains = [] }: PairColumn): void {
    const { K, left, free } = this;
    const plain = this.residuals(all);
    const n = plain.values.length;
    for (let i = 0; i < n; i++) {
      this.norm += plain.values[i] ** 2;
      for (let k = 0; k < K; k++) left[k] += plain.rest[i * K + k] ** 2;
    }
    const M = chains.length;
    if (M < 2) return;
    const parts = chains.map((chi) => this.residuals(chi));
    // Sums over pairs of different chains: half of (sum squared less squares summed).
    const pairs = M * (M - 1);
    for (let i = 0; i < n; i++) {
      this.freeNorm += ofDifferent(parts, (part) => part.values[i]) / pairs;
      for (let k = 0; k < K; k++) free[k] += ofDifferent(parts, (part) => part.rest[i * K + k]) / pairs;
    }
  }

  get shares(): MeasuredShares {
    return {
      plain: this.left.map((rest) => 1 - rest / this.norm),
      ...(this.freeNorm !== 0 && { noiseFree: this.free.map((rest) => 1 - rest / this.freeNorm) }),
    };
  }

  /** chi at the pairs, [pairs], and what expansions cut at 1 .. K leave of it, [pairs, K]. */
  private residuals(chi: PairChi): { values: Float64Array; rest: Float64Array } {
    const { K, v, u, products, pairs } = this;
    const values = pairValues(chi, pairs);
    const n = values.length;
    const couplings = this.maker.of(chi);
    // Function k of either side adds v_k sum_{b <= k} chi_kb u_b + u_k sum_{a < k} chi_ak v_a.
    const lower = new Float64Array(K * K);
    const upper = new Float64Array(K * K);
    for (let k = 0; k < K; k++)
      for (let j = 0; j <= k; j++) {
        lower[k * K + j] = couplings[k * K + j];
        if (j < k) upper[k * K + j] = couplings[j * K + k];
      }
    products.load(lower);
    const ofToken = products.project({ rows: n, data: u });
    products.load(upper);
    const ofContext = products.project({ rows: n, data: v });
    const rest = new Float64Array(n * K);
    for (let i = 0; i < n; i++) {
      let left = values[i];
      for (let at = i * K; at < (i + 1) * K; at++) {
        left -= v[at] * ofToken[at] + u[at] * ofContext[at];
        rest[at] = left;
      }
    }
    return { values, rest };
  }
}

function ofDifferent<T>(parts: readonly T[], value: (part: T) => number): number {
  let sum = 0;
  let squares = 0;
  for (const part of parts) {
    const x = value(part);
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
