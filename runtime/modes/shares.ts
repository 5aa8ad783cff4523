/** How much of chi's variance the pairs of a basis's first functions hold, all components together. */
import { SpectroscopeError } from "../../kernels/errors";
import { jackknifeErrors } from "../statistics/jackknife";
import { type Basis, sizeOf } from "./basis";
import { CouplingMaker } from "./couplings";
import { InnerProducts, type Measure } from "./inner-products";
import type { PairChi, PairColumn } from "./pair-chi";

/** Shares in the pairs (a, b < k) for k = 1 .. K, [K], with the jackknife's standard errors over chains, NaN where there are none. */
export interface Curve {
  readonly shares: Float64Array;
  readonly errors: Float64Array;
}

/** Of chi as it was estimated; and of chi without its noise, where columns have two chains or more of their own. */
export interface Shares {
  readonly plain: Curve;
  /**
   * Squares are products of different chains, so noise has mean 0 in them. Errors need three chains, and are too large where there is
   * little but noise: the jackknife counts products of noise 2 (M - 1) / (M - 2) times in the variance.
   */
  readonly noiseFree?: Curve;
}

/** Squared norms of chi in L2(q × q0), summed over components, nats^4. */
export interface Norms {
  readonly plain: Estimate;
  readonly noiseFree?: Estimate;
}

/** Of everything, and with each chain left out. */
interface Estimate {
  readonly all: number;
  readonly without: readonly number[];
}

/** Products of chains summed as U-statistics: over pairs of different chains, of all and without each. */
class PairSums {
  private chains = -1;
  /** Of chains m and m' < m, at m (m - 1) / 2 + m': [size]. */
  private byPair: Float64Array[] = [];

  constructor(private readonly size: number) {}

  /** Products of chains m and m' are added for one component: `add` adds them to what it is given. */
  add(name: string, chains: number, add: (m: number, other: number, sums: Float64Array) => void) {
    if (this.chains < 0) {
      this.chains = chains;
      this.byPair = Array.from({ length: Math.max(0, (chains * (chains - 1)) / 2) }, () => new Float64Array(this.size));
    }
    if (chains !== this.chains)
      throw new SpectroscopeError(`component ${name} has ${chains} chains, others ${this.chains}`, {
        hint: "shares without noise need as many chains of each component",
      });
    for (let m = 0; m < chains; m++)
      for (let other = 0; other < m; other++) add(m, other, this.byPair[pairAt(m, other)]);
  }

  /** Mean over pairs of these chains, two or more. */
  of(chains: readonly number[]): Float64Array {
    const out = new Float64Array(this.size);
    for (const m of chains)
      for (const other of chains) {
        if (other >= m) continue;
        const own = this.byPair[pairAt(m, other)];
        for (let i = 0; i < out.length; i++) out[i] += own[i];
      }
    const pairs = (chains.length * (chains.length - 1)) / 2;
    for (let i = 0; i < out.length; i++) out[i] /= pairs;
    return out;
  }

  get result(): { all: Float64Array; without: readonly Float64Array[] } | undefined {
    if (this.chains < 2) return undefined;
    const chains = Array.from({ length: this.chains }, (_, m) => m);
    const without = this.chains > 2 ? chains.map((left) => this.of(chains.filter((m) => m !== left))) : [];
    return { all: this.of(chains), without };
  }
}

const pairAt = (m: number, other: number) => (m * (m - 1)) / 2 + other;

/** Sums squared norms over components. */
export class NormSums {
  private plain = 0;
  private without: number[] = [];
  private readonly pairs = new PairSums(1);

  constructor(
    measure: Measure,
    private readonly products = new InnerProducts(measure),
  ) {}

  add({ name, all, without, chains = [] }: PairColumn): void {
    const parts = [all, ...chains];
    const gram = this.products.between(parts);
    const n = parts.length;
    this.plain += gram[0];
    for (const [m, chi] of without.entries()) this.without[m] = (this.without[m] ?? 0) + this.products.norm(chi);
    this.pairs.add(name, chains.length, (m, other, sums) => {
      sums[0] += gram[(1 + m) * n + 1 + other];
    });
  }

  /** The norm without noise from products of these chains only, two or more. */
  normOf(chains: readonly number[]): number {
    return this.pairs.of(chains)[0];
  }

  get norms(): Norms {
    const free = this.pairs.result;
    return {
      plain: { all: this.plain, without: this.without },
      ...(free && { noiseFree: { all: free.all[0], without: free.without.map((sum) => sum[0]) } }),
    };
  }
}

/** Sums squared couplings in a basis over components. */
export class EnergySums {
  private readonly size: { a: number; b: number };
  private readonly plain: Float64Array;
  private readonly without: Float64Array[] = [];
  private readonly pairs: PairSums;

  /** `maker`: of this basis, where couplings are made for others too. */
  constructor(
    basis: Basis,
    private readonly maker = new CouplingMaker(basis),
  ) {
    this.size = sizeOf(basis);
    this.plain = new Float64Array(this.size.a * this.size.b);
    this.pairs = new PairSums(this.plain.length);
  }

  add({ name, all, without, chains = [] }: PairColumn): void {
    this.square(all, this.plain);
    for (const [m, chi] of without.entries()) {
      this.without[m] ??= new Float64Array(this.plain.length);
      this.square(chi, this.without[m]);
    }
    const values = chains.map((chi) => this.maker.of(chi));
    this.pairs.add(name, chains.length, (m, other, sums) => {
      const [first, second] = [values[m], values[other]];
      for (let i = 0; i < sums.length; i++) sums[i] += first[i] * second[i];
    });
  }

  /** Sum over components of chi_ab squared, [Ka, Kb]: as estimated, and without noise. */
  get energy(): { plain: Float64Array; noiseFree?: Float64Array } {
    return { plain: this.plain, noiseFree: this.pairs.result?.all };
  }

  /** Shares of norms; `order` says which functions come first, by default as they are. */
  shares(norms: Norms, order?: readonly number[]): Shares {
    const free = this.pairs.result;
    const curve = (all: Float64Array, without: readonly Float64Array[], of: Estimate): Curve => {
      const shares = this.cumulated(all, of.all, order);
      const leftOut = without.map((energy, m) => this.cumulated(energy, of.without[m], order));
      return { shares, errors: jackknifeErrors(leftOut, shares.length) };
    };
    return {
      plain: curve(this.plain, this.without, norms.plain),
      ...(free && norms.noiseFree && { noiseFree: curve(free.all, free.without, norms.noiseFree) }),
    };
  }

  private cumulated(energy: Float64Array, norm: number, order?: readonly number[]): Float64Array {
    return cumulated(
      energy,
      this.size.b,
      norm,
      order ?? Array.from({ length: Math.min(this.size.a, this.size.b) }, (_, k) => k),
    );
  }

  private square(chi: PairChi, into: Float64Array): void {
    const values = this.maker.of(chi);
    for (let i = 0; i < values.length; i++) into[i] += values[i] * values[i];
  }
}

/** Sums of an energy [.., Kb] over the first k functions of either side, in order, as shares of a norm. */
export function cumulated(energy: Float64Array, Kb: number, norm: number, order: readonly number[]): Float64Array {
  let sum = 0;
  return Float64Array.from(order, (own, k) => {
    for (let j = 0; j < k; j++) sum += energy[own * Kb + order[j]] + energy[order[j] * Kb + own];
    sum += energy[own * Kb + own];
    return norm === 0 ? Number.NaN : sum / norm;
  });
}
