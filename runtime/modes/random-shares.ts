import { deriveKey, words } from "../../kernels/philox/philox";
import { type Basis, randomBasis, sizeOf } from "./basis";
import { checkSizes } from "./couplings";
import { type Measure, meanOf, sameFactor } from "./inner-products";
import type { PairChi, PairColumn } from "./pair-chi";
import { Projector } from "./projector";
import { cumulated, type EnergySums, type Norms, type Shares } from "./shares";

/** Of shares of several random choices, for k = 1 .. K: mean, and 5 and 95 %. */
export interface Spread {
  readonly mean: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
}

export interface RandomShares {
  readonly plain: Spread;
  readonly noiseFree?: Spread;
}

/** Mean and quantiles (linear between order statistics) of curves. */
export function spreadOf(curves: readonly Float64Array[]): Spread {
  const at = (sorted: Float64Array, p: number) => {
    const place = p * (sorted.length - 1);
    const below = Math.floor(place);
    const above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  };
  const by = (each: (sorted: Float64Array) => number) =>
    curves[0].map((_, k) => each(Float64Array.from(curves, (curve) => curve[k]).sort()));
  return {
    mean: by((sorted) => sorted.reduce((sum, x) => sum + x, 0) / sorted.length),
    low: by((sorted) => at(sorted, 0.05)),
    high: by((sorted) => at(sorted, 0.95)),
  };
}

/** Products with random functions of contexts: those of one law serve another of the same contexts. */
export class RandomContexts {
  private last?: { readonly q: Float64Array; readonly functions: Float64Array; readonly projector: Projector };

  of(functions: Float64Array, q: Float64Array): Projector {
    if (!(this.last && sameFactor(this.last.q, q) && sameFactor(this.last.functions, functions)))
      this.last = { q, functions, projector: new Projector(functions, q) };
    return this.last.projector;
  }
}

/** Shares of random orthonormal bases that begin with the constant function: what any functions of this number would hold. */
export class RandomBases {
  private readonly left: Projector;
  private readonly right: Projector;
  private readonly constants: Float64Array;
  private readonly K: number;
  /** [seeds, K, K]. */
  private readonly plain: Float64Array;
  private readonly free: Float64Array;

  /** `count` functions on either side, `seeds` such bases. */
  constructor(
    private readonly measure: Measure,
    count: number,
    private readonly seeds: number,
    contexts = new RandomContexts(),
  ) {
    const { q, q0 } = measure;
    const bases = Array.from({ length: seeds }, (_, seed) => randomBasis(q, q0, count, seed));
    const { a, b } = sizeOf(bases[0]);
    this.K = Math.min(a, b);
    this.left = contexts.of(beside(bases, "v", q.length, this.K), q);
    this.right = new Projector(beside(bases, "u", q0.length, this.K), q0);
    this.constants = this.right.ofValues();
    this.plain = new Float64Array(seeds * this.K * this.K);
    this.free = new Float64Array(seeds * this.K * this.K);
  }

  /** Noise is left out by products of the means of two halves of the chains. */
  add({ all, chains = [] }: PairColumn): void {
    const own = this.couplings(all);
    for (let i = 0; i < own.length; i++) this.plain[i] += own[i] ** 2;
    if (chains.length < 2) return;
    const [first, second] = halvesOf(chains).map((half) => this.couplings(meanOf(half)));
    for (let i = 0; i < own.length; i++) this.free[i] += first[i] * second[i];
  }

  shares(norms: Norms): RandomShares {
    const order = Array.from({ length: this.K }, (_, k) => k);
    const size = this.K * this.K;
    const curves = (energies: Float64Array, norm: number) =>
      spreadOf(
        Array.from({ length: this.seeds }, (_, seed) =>
          cumulated(energies.subarray(seed * size, (seed + 1) * size), this.K, norm, order),
        ),
      );
    return {
      plain: curves(this.plain, norms.plain.all),
      ...(norms.noiseFree && { noiseFree: curves(this.free, norms.noiseFree.all) }),
    };
  }

  /** Of every basis: [seeds, K, K]. */
  private couplings(chi: PairChi): Float64Array {
    checkSizes(chi, this.measure);
    const { K, seeds, constants } = this;
    const { rank } = chi;
    const A = this.left.of(chi.left);
    const offset = this.left.ofValues(chi.offset);
    const B = this.right.of(chi.right);
    const out = new Float64Array(seeds * K * K);
    for (let s = 0; s < seeds; s++)
      for (let a = s * K; a < (s + 1) * K; a++)
        for (let b = s * K; b < (s + 1) * K; b++) {
          let sum = offset[a] * constants[b];
          for (let r = 0; r < rank; r++) sum += A[a * rank + r] * B[b * rank + r];
          out[a * K + b - s * K] = sum;
        }
    return out;
  }
}

/** Chains in two halves, the second the larger. */
export function halvesOf<T>(chains: readonly T[]): [T[], T[]] {
  const half = chains.length >> 1;
  return [chains.slice(0, half), chains.slice(half)];
}

function beside(bases: readonly Basis[], side: "v" | "u", n: number, K: number): Float64Array {
  const width = bases.length * K;
  const out = new Float64Array(n * width);
  for (const [s, basis] of bases.entries()) {
    const own = basis[side].length / n;
    for (let i = 0; i < n; i++) for (let j = 0; j < K; j++) out[i * width + s * K + j] = basis[side][i * own + j];
  }
  return out;
}

/** Shares of the same functions in random orders, the trivial one always first: whether it is the large modes that hold chi. */
export function randomOrders(energies: EnergySums, norms: Norms, K: number, seeds: number): RandomShares {
  const curves: Shares[] = [];
  for (let seed = 0; seed < seeds; seed++) {
    const draws = words(deriveKey("order of modes", seed), 0, K);
    const order = Array.from({ length: K }, (_, k) => k).sort((i, j) =>
      i === 0 ? -1 : j === 0 ? 1 : draws[i] - draws[j] || i - j,
    );
    curves.push(energies.shares(norms, order));
  }
  return {
    plain: spreadOf(curves.map(({ plain }) => plain.shares)),
    ...(norms.noiseFree && { noiseFree: spreadOf(curves.map(({ noiseFree }) => noiseFree!.shares)) }),
  };
}
