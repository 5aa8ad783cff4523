import { SpectroscopeError } from "../../kernels/errors";
import { type Basis, sizeOf } from "./basis";
import { bestBasis } from "./best-bases";
import { CouplingMaker, type Pairs } from "./couplings";
import { InnerProducts, meanOf } from "./inner-products";
import { type MeasuredShares, MeasuredSums } from "./measured";
import type { PairChi, PairColumn, PairColumns } from "./pair-chi";
import { principalShares } from "./principal";
import { halvesOf, RandomBases, type RandomContexts, type RandomShares, randomOrders } from "./random-shares";
import { EnergySums, NormSums, type Norms, type Shares } from "./shares";

export interface VarianceOptions {
  /** Measured pairs: shares of chi on them too. */
  readonly measured?: Pairs;
  /** Random bases and random orders; by default 20. */
  readonly seeds?: number;
  /** Functions on either side of random bases and of the best; by default 32, at most K. */
  readonly compared?: number;
  /** Of the basis, where couplings of the same columns are asked for elsewhere too. */
  readonly maker?: CouplingMaker;
  /** Products with random functions of contexts, where other bases of the same contexts are held against the same columns. */
  readonly random?: RandomContexts;
}

/** A best choice's shares: fitted to all of chi, an upper bound; and fitted to half of the chains, tried on the other half. */
export interface BestShares {
  readonly plain: Float64Array;
  /** With four chains or more; mean of both ways, without noise. */
  readonly heldOut?: Float64Array;
}

/** How much of chi's variance in L2(q × q0), all components together, is where. Curves are by k = 1, 2, ... */
export interface Variance {
  readonly components: number;
  readonly norms: Norms;
  /** In pairs (a, b < k) of the basis. */
  readonly modes: Shares;
  /** Sum over components of chi_ab squared, [Ka, Kb], nats^4. */
  readonly energy: { readonly plain: Float64Array; readonly noiseFree?: Float64Array };
  /** The same functions in random orders, the first stays first. */
  readonly randomOrder: RandomShares;
  readonly randomBases: RandomShares;
  /** Bases of k functions on either side that hold the most. */
  readonly best: BestShares;
  /** In k principal components of the [pairs, components] matrix, about 0: no sum of k products (function of the pair × profile) holds more. */
  readonly principal: BestShares;
  readonly measured?: MeasuredShares;
}

/**
 * Shares of chi's variance in the first k modes, beside what random functions, a random order of the modes, the best functions of
 * this number, and principal components hold. Goes through the columns several times and holds one at a time, but for the principal
 * components: for those chi of all components, and of two chains. @throws SpectroscopeError for no columns, or sizes that disagree
 */
export async function varianceOf(columns: PairColumns, basis: Basis, options: VarianceOptions = {}): Promise<Variance> {
  const { seeds = 20, measured } = options;
  const { a, b } = sizeOf(basis);
  const K = Math.min(a, b);
  const compared = Math.min(options.compared ?? 32, K);
  const products = new InnerProducts(basis);
  const normSums = new NormSums(basis, products);
  const { maker = new CouplingMaker(basis), random: sides } = options;
  const energies = new EnergySums(basis, maker);
  const random = new RandomBases(basis, compared, seeds, sides);
  const measuredSums = measured && new MeasuredSums(basis, measured, maker);
  let components = 0;
  let chains = 0;
  for await (const column of columns) {
    normSums.add(column);
    energies.add(column);
    random.add(column);
    measuredSums?.add(column);
    components++;
    chains = column.chains?.length ?? 0;
  }
  if (components === 0) throw new SpectroscopeError("variance: no component", { hint: "give one column or more" });
  const { norms } = normSums;
  return {
    components,
    norms,
    modes: energies.shares(norms),
    energy: energies.energy,
    randomOrder: randomOrders(energies, norms, K, seeds),
    randomBases: random.shares(norms),
    best: {
      plain: await bestShares(columns, basis, compared, norms),
      ...(chains >= 4 && { heldOut: await heldOutShares(columns, basis, compared, normSums, chains) }),
    },
    principal: await principalShares(columns, basis, chains, products),
    ...(measuredSums && { measured: measuredSums.shares }),
  };
}

async function bestShares(columns: PairColumns, basis: Basis, count: number, norms: Norms): Promise<Float64Array> {
  const best = await fitted(columns, basis, count, ({ all }) => all);
  const energies = new EnergySums(best);
  for await (const { name, all } of columns) energies.add({ name, all, without: [] });
  return energies.shares({ plain: { all: norms.plain.all, without: [] } }).plain.shares;
}

async function heldOutShares(
  columns: PairColumns,
  basis: Basis,
  count: number,
  norms: NormSums,
  chains: number,
): Promise<Float64Array> {
  const ways: Float64Array[] = [];
  const means = new WeakMap<PairChi, PairChi[]>();
  const meansOf = ({ all, chains: parts }: PairColumn) => {
    const known = means.get(all) ?? halvesOf(parts!).map(meanOf);
    means.set(all, known);
    return known;
  };
  for (const side of [0, 1] as const) {
    const best = await fitted(columns, basis, count, (column) => meansOf(column)[side]);
    const energies = new EnergySums(best);
    for await (const { name, chains: parts } of columns) {
      const other = halvesOf(parts!)[1 - side];
      energies.add({ name, all: other[0], without: [], chains: other });
    }
    const norm = norms.normOf(halvesOf(Array.from({ length: chains }, (_, m) => m))[1 - side]);
    const none = { all: Number.NaN, without: [] };
    ways.push(energies.shares({ plain: none, noiseFree: { all: norm, without: [] } }).noiseFree!.shares);
  }
  return ways[0].map((share, k) => (share + ways[1][k]) / 2);
}

async function fitted(
  columns: PairColumns,
  basis: Basis,
  count: number,
  chosen: (column: PairColumn) => PairChi,
): Promise<Basis> {
  const each = async (take: (chi: PairChi) => void) => {
    for await (const column of columns) take(chosen(column));
  };
  return bestBasis(each, basis, count);
}
