/**
 * Convergence of a scalar over chains, `values` [draws, chains]: rank-normalised split R-hat and effective sample sizes
 * (Vehtari, Gelman, Simpson, Carpenter, Burkner 2021, arXiv 1903.08008), lag-1 autocorrelation.
 *
 * Where they cannot be had they are undefined: with fewer than 4 draws, values that are all equal, or a value that is
 * not finite. R-hat too where no half of a chain moves, and effective sample sizes below 10 draws: half a chain has to
 * give one pair of autocorrelations besides the first, or the number says nothing but how many draws there are.
 */
import { normalScores, sortedQuantile } from "../statistics/ranks";

export interface Diagnostics {
  readonly rHat?: number;
  readonly essBulk?: number;
  readonly essTail?: number;
  readonly lag1?: number;
}

/** All of them. */
export function diagnose(values: ArrayLike<number>, draws: number, chains: number): Diagnostics {
  const found = {
    rHat: rankRHat(values, draws, chains),
    essBulk: essBulk(values, draws, chains),
    essTail: essTail(values, draws, chains),
    lag1: lag1Autocorrelation(values, draws, chains),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

/** Draws below which an effective sample size is not given. */
const ESS_DRAWS = 10;

/** Halves of all chains, one after another, each of floor(draws / 2): the middle one of an odd number is left out. */
interface Halves {
  readonly length: number;
  readonly count: number;
  /** [count, length] */
  readonly data: Float64Array;
}

/** Undefined by the rule above. */
function splitChains(values: ArrayLike<number>, draws: number, chains: number): Halves | undefined {
  const length = Math.floor(draws / 2);
  if (length < 2) return undefined;
  const data = new Float64Array(2 * chains * length);
  for (let m = 0; m < chains; m++) {
    for (let s = 0; s < length; s++) {
      data[2 * m * length + s] = values[s * chains + m];
      data[(2 * m + 1) * length + s] = values[(draws - length + s) * chains + m];
    }
  }
  return moves(data) ? { length, count: 2 * chains, data } : undefined;
}

/** Whether values are finite and not all equal. */
function moves(values: ArrayLike<number>): boolean {
  let different = false;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) return false;
    if (values[i] !== values[0]) different = true;
  }
  return different;
}

interface Moments {
  readonly means: Float64Array;
  /** With n - 1. */
  readonly variances: Float64Array;
}

function momentsOf({ data, length, count }: Halves): Moments {
  const means = new Float64Array(count);
  const variances = new Float64Array(count);
  for (let c = 0; c < count; c++) {
    const half = data.subarray(c * length, (c + 1) * length);
    means[c] = mean(half);
    for (const value of half) variances[c] += (value - means[c]) ** 2 / (length - 1);
  }
  return { means, variances };
}

function mean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

function variance(values: Float64Array): number {
  const center = mean(values);
  let squares = 0;
  for (const value of values) squares += (value - center) ** 2;
  return squares / (values.length - 1);
}

function plainRHat(halves: Halves): number | undefined {
  const { means, variances } = momentsOf(halves);
  const within = mean(variances);
  if (!(within > 0)) return undefined;
  return Math.sqrt((halves.length - 1) / halves.length + variance(means) / within);
}

/**
 * Rank-normalised split R-hat: the larger of that of the values' normal scores (do chains agree about the place?) and
 * that of their distances from the median (about the width?). 1.01 and below is good, above 1.1 is bad. One chain is
 * held against itself.
 */
export function rankRHat(values: ArrayLike<number>, draws: number, chains: number): number | undefined {
  const halves = splitChains(values, draws, chains);
  if (!halves) return undefined;
  const center = sortedQuantile(halves.data.slice().sort(), 0.5);
  const folded = halves.data.map((value) => Math.abs(value - center));
  const bulk = plainRHat({ ...halves, data: normalScores(halves.data) });
  const tail = plainRHat({ ...halves, data: normalScores(folded) });
  return bulk === undefined || tail === undefined ? (bulk ?? tail) : Math.max(bulk, tail);
}

/**
 * Effective sample size of the mean of what the halves hold: n / tau, tau the sum of autocorrelations over all halves
 * together, by Geyer's initial monotone sequence of pairs; at most n log10(n).
 */
function effectiveSize(halves: Halves): number {
  const { data, length, count } = halves;
  const { means, variances } = momentsOf(halves);
  const within = mean(variances);
  const total = (within * (length - 1)) / length + variance(means);
  const correlation = (lag: number) => {
    let sum = 0;
    for (let c = 0; c < count; c++) {
      const at = c * length;
      for (let s = 0; s < length - lag; s++) sum += (data[at + s] - means[c]) * (data[at + s + lag] - means[c]);
    }
    return 1 - (within - sum / (length * count)) / total;
  };
  // Pairs of neighbouring lags: positive as long as they mean anything, and made never to rise.
  let even = 1;
  let pair = 1 + correlation(1);
  let lowest = Number.POSITIVE_INFINITY;
  let tau = -1;
  for (let lag = 2; lag < length - 2 && pair > 0; lag += 2) {
    lowest = Math.min(lowest, pair);
    tau += 2 * lowest;
    even = correlation(lag);
    pair = even + correlation(lag + 1);
  }
  // The pair that ended the sum counts by its even lag alone, and not at all where both it and the pair are below 0.
  if (even > 0 || pair >= 0) tau += even;
  const n = length * count;
  return n / Math.max(tau, 1 / Math.log10(n));
}

/**
 * Bulk effective sample size: that of the mean of the normal scores. Good enough for R-hat and errors from about 100 a
 * chain.
 */
export function essBulk(values: ArrayLike<number>, draws: number, chains: number): number | undefined {
  const halves = draws < ESS_DRAWS ? undefined : splitChains(values, draws, chains);
  return halves && effectiveSize({ ...halves, data: normalScores(halves.data) });
}

/** Effective sample size for the mean of the values themselves: sd / sqrt(it) is the error of the mean. */
export function essMean(values: ArrayLike<number>, draws: number, chains: number): number | undefined {
  const halves = draws < ESS_DRAWS ? undefined : splitChains(values, draws, chains);
  return halves && effectiveSize(halves);
}

/**
 * Tail effective sample size: the smaller of those of the 5 % and the 95 % quantile. A quantile that ties make the
 * largest value of all limits nothing; undefined where both are.
 */
export function essTail(values: ArrayLike<number>, draws: number, chains: number): number | undefined {
  if (draws < ESS_DRAWS || !splitChains(values, draws, chains)) return undefined;
  const sorted = Float64Array.from(values).sort();
  const sizes = [0.05, 0.95].map((p) => {
    const bound = sortedQuantile(sorted, p);
    const below = Float64Array.from(values, (value) => (value <= bound ? 1 : 0));
    const halves = splitChains(below, draws, chains);
    return halves && effectiveSize(halves);
  });
  if (sizes.every((size) => size === undefined)) return undefined;
  return Math.min(...sizes.map((size) => size ?? 2 * chains * Math.floor(draws / 2)));
}

/**
 * Correlation of a draw with the one before it, mean over the chains that move; each chain about its own mean, so that
 * n independent draws give about -1/n.
 */
export function lag1Autocorrelation(values: ArrayLike<number>, draws: number, chains: number): number | undefined {
  if (draws < 4 || !moves(values)) return undefined;
  const found: number[] = [];
  for (let m = 0; m < chains; m++) {
    const chain = Float64Array.from({ length: draws }, (_, s) => values[s * chains + m]);
    if (!moves(chain)) continue;
    const center = mean(chain);
    let squares = 0;
    let products = 0;
    for (let s = 0; s < draws; s++) {
      squares += (chain[s] - center) ** 2;
      if (s > 0) products += (chain[s] - center) * (chain[s - 1] - center);
    }
    found.push(products / squares);
  }
  return found.length === 0 ? undefined : found.reduce((a, b) => a + b) / found.length;
}
