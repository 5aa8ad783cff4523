import { SpectroscopeError } from "../../kernels/errors";
import type { Sums } from "../sampler/sums";
import { jackknifeErrors } from "../statistics/jackknife";
import { correlationScale } from "./correlation";

/**
 * Susceptibilities from streaming sums. For a component C, phi = L(w) - L(w*), L the mean loss over the sampling task's
 * fixed batch, and d_i = l_i(w) - l_i(w*) of probe token i. The probe may be that batch or other text: no formula here
 * takes phi for the mean of d. Where it is (and only there) chi sums to 0 over tokens. A constant on one token's loss
 * changes no chi of `single_chain`, and none of `two_chain` when both runs have it. Definition: arXiv 2601.12703; see
 * docs/numerics.md.
 */

/** `two_chain`: the second factor's mean comes from the unrestricted run; `single_chain`: the plain covariance. */
export type Estimator = "two_chain" | "single_chain";

/** A column of chi: one component. */
export interface Column {
  /** Nats squared, one per token. */
  readonly chi: Float64Array;
  /** Jackknife standard error over chains; NaN with one chain. */
  readonly error: Float64Array;
  /** chi over the standard deviations of d - phi and of phi in the component's own run; 0 where one of them does not move. */
  readonly correlation: Float64Array;
  /** Its jackknife standard error, with standard deviations that leave the same chain out; NaN with one chain. */
  readonly correlationError: Float64Array;
}

interface Totals {
  n: number;
  phi: number;
  phi2: number;
}

/** Totals over all chains but one (`without` -1: all). */
function totals(sums: Sums, without: number): Totals {
  const t = { n: 0, phi: 0, phi2: 0 };
  for (let m = 0; m < sums.chains; m++) {
    if (m === without) continue;
    t.n += sums.draws;
    for (let s = 0; s < sums.draws; s++) {
      const phi = sums.phi[s * sums.chains + m];
      t.phi += phi;
      t.phi2 += phi * phi;
    }
  }
  return t;
}

function columnSum(
  values: ArrayLike<number>,
  sums: Pick<Sums, "chains" | "tokens">,
  token: number,
  without: number,
): number {
  let total = 0;
  for (let m = 0; m < sums.chains; m++) if (m !== without) total += values[m * sums.tokens + token];
  return total;
}

function chiOf(sums: Sums, full: Sums | undefined, without: number, out: Float64Array): void {
  const own = totals(sums, without);
  const other = full ?? sums;
  const reference = full ? totals(full, without) : own;
  for (let i = 0; i < sums.tokens; i++) {
    const product = (columnSum(sums.sumPhiD, sums, i, without) - own.phi2) / own.n;
    const contrast = (columnSum(other.sumD, other, i, without) - reference.phi) / reference.n;
    out[i] = -(product - (own.phi / own.n) * contrast);
  }
}

/** Columns times factors, by token. */
export function scaled(column: Float64Array, factors: Float64Array): Float64Array {
  return column.map((value, i) => value * factors[i]);
}

/**
 * chi of one component: `-(E_C[phi (d - phi)] - E_C[phi] E[d - phi])`, the last mean over the unrestricted run (`full`)
 * or, without it, over the component's own. The error is the jackknife over chains; with `full`, chain m is left out of
 * both runs. The correlation's standard deviations are the component's own with either estimator.
 */
export function susceptibility(sums: Sums, full?: Sums): Column {
  if (full && (full.tokens !== sums.tokens || full.chains !== sums.chains)) {
    throw new SpectroscopeError(
      `two_chain: the full run has ${full.chains} chains and ${full.tokens} tokens, the component ${sums.chains} and ${sums.tokens}`,
      { code: "bad-input" },
    );
  }
  const { tokens, chains } = sums;
  const without = (chain: number) => {
    const chi = new Float64Array(tokens);
    chiOf(sums, full, chain, chi);
    return { chi, correlation: scaled(chi, correlationScale(sums, chain)) };
  };
  const leftOut = chains < 2 ? [] : Array.from({ length: chains }, (_, chain) => without(chain));
  return {
    ...without(-1),
    error: jackknifeErrors(
      leftOut.map(({ chi }) => chi),
      tokens,
    ),
    correlationError: jackknifeErrors(
      leftOut.map(({ correlation }) => correlation),
      tokens,
    ),
  };
}

/** The sums of one chain alone. */
export function chainSums(sums: Sums, chain: number): Sums {
  const { draws, tokens, chains, shifted } = sums;
  const slice = (values: ArrayLike<number>) => {
    const own = new Float64Array(tokens);
    for (let i = 0; i < tokens; i++) own[i] = values[chain * tokens + i];
    return own;
  };
  const phi = Float64Array.from({ length: draws }, (_, s) => sums.phi[s * chains + chain]);
  return {
    chains: 1,
    draws,
    tokens,
    sumD: slice(sums.sumD),
    sumPhiD: slice(sums.sumPhiD),
    m2: slice(sums.m2),
    phi,
    ...(shifted ? { shifted: { lag: shifted.lag, sumD: slice(shifted.sumD), sumPhiD: slice(shifted.sumPhiD) } } : {}),
  };
}

/**
 * The streaming null: chi with phi of `lag` draws earlier in the same chain,
 * `-( E'[phi_(s-lag) (d_s - phi_s)] - E'[phi_(s-lag)] E'[d_s - phi_s] )`, E' the mean over all chains and draws s >= lag.
 * What a chain still remembers after `lag` draws stays in it. Nats squared, one per token. Errors: sums without shifted
 * ones, a lag that leaves no draw.
 */
export function shiftedSusceptibility(sums: Sums): Float64Array {
  const { draws, chains, tokens, phi, shifted } = sums;
  if (!shifted) {
    throw new SpectroscopeError("shifted draws: this run kept no shifted sums", { hint: "sample the component anew" });
  }
  const { lag } = shifted;
  if (!(Number.isInteger(lag) && lag >= 0 && lag < draws)) {
    throw new SpectroscopeError(`shifted draws: a lag of ${lag} leaves nothing of ${draws} draws`, {
      hint: "take a whole number below num_draws, such as half of it",
    });
  }
  const n = chains * (draws - lag);
  let earlier = 0;
  let later = 0;
  let cross = 0;
  for (let at = lag * chains; at < draws * chains; at++) {
    const before = phi[at - lag * chains];
    earlier += before;
    later += phi[at];
    cross += before * phi[at];
  }
  return pairedChi({ chains, tokens, ...shifted }, { n, earlier, later, cross });
}

/** Over the pairs of a null: their number, the sums of both members' phi, and of their product. */
interface PairTotals {
  readonly n: number;
  readonly earlier: number;
  readonly later: number;
  readonly cross: number;
}

/** chi from sums of d and of another draw's phi times d. */
function pairedChi(
  sums: Pick<Sums, "chains" | "tokens" | "sumD" | "sumPhiD">,
  { n, earlier, later, cross }: PairTotals,
): Float64Array {
  return Float64Array.from({ length: sums.tokens }, (_, i) => {
    const product = (columnSum(sums.sumPhiD, sums, i, -1) - cross) / n;
    const contrast = (columnSum(sums.sumD, sums, i, -1) - later) / n;
    return -(product - (earlier / n) * contrast);
  });
}

/** Sums from traces of d, [draws, chains, tokens], with `pairing[chain][draw]` = the draw whose phi goes with it in `sumPhiD`. */
export function sumsFromTraces(
  traces: ArrayLike<number>,
  phi: ArrayLike<number>,
  shape: { draws: number; chains: number; tokens: number },
  pairing?: readonly (readonly number[])[],
): Sums {
  const { draws, chains, tokens } = shape;
  const [sumD, sumPhiD, m2] = [0, 1, 2].map(() => new Float64Array(chains * tokens));
  const phiSum = new Float64Array(chains);
  for (let s = 0; s < draws; s++) {
    for (let m = 0; m < chains; m++) {
      const own = phi[s * chains + m];
      const weight = pairing ? phi[pairing[m][s] * chains + m] : own;
      const row = (s * chains + m) * tokens;
      const before = Math.max(1, s);
      for (let i = 0; i < tokens; i++) {
        const at = m * tokens + i;
        const d = traces[row + i];
        // Youngs and Cramer's update, as the kernel has it: the deviation from the mean of the draws before.
        const delta = d - own - (sumD[at] - phiSum[m]) / before;
        m2[at] += (delta ** 2 * s) / (s + 1);
        sumD[at] += d;
        sumPhiD[at] += weight * d;
      }
      phiSum[m] += own;
    }
  }
  return { ...shape, sumD, sumPhiD, m2, phi };
}

/**
 * chi with phi of one draw paired with the losses of another: what is left when draws say nothing about each other.
 * `phi * (d - phi')` needs the sum of phi times its partner's phi, so it is computed from traces.
 */
export function shuffledSusceptibility(
  traces: ArrayLike<number>,
  phi: ArrayLike<number>,
  shape: { draws: number; chains: number; tokens: number },
  pairing: readonly (readonly number[])[],
): Float64Array {
  return pairedSusceptibility(sumsFromTraces(traces, phi, shape, pairing), pairing);
}

/** The same from sums that were taken with that pairing: of all chains, or of one (`chainSums`) with its own. */
export function pairedSusceptibility(sums: Sums, pairing: readonly (readonly number[])[]): Float64Array {
  const { draws, chains, phi } = sums;
  let phiSum = 0;
  let crossSum = 0;
  for (let s = 0; s < draws; s++) {
    for (let m = 0; m < chains; m++) {
      phiSum += phi[s * chains + m];
      crossSum += phi[pairing[m][s] * chains + m] * phi[s * chains + m];
    }
  }
  const totals = { n: draws * chains, earlier: phiSum, later: phiSum, cross: crossSum };
  return pairedChi(sums, totals);
}
