/**
 * Correlations from the sums of chi. chi is minus a covariance, of phi with x = d - phi of a token; divided by both standard
 * deviations over draws it is minus Pearson's correlation, between -1 and 1: what a token's response says apart from how far the
 * component and the token move at all. A token that no draw moves has x = -phi, and 1.
 */
import type { Sums } from "../sampler/sums";

/** Below this share of the size of phi a standard deviation is rounding: two units in the last place of an f32. */
const STILL = 2 ** -22;

/**
 * 1 / (sd(d - phi) sd(phi)) of every token, over all draws of all chains but one (`without` -1: of all): what chi is multiplied by.
 * 0 where the token or the component does not move. Variances of chains are pooled by Chan, Golub and LeVeque's formula, squares
 * within chains and of chains' means; no square of a mean is subtracted from a mean of squares.
 */
export function correlationScale(sums: Sums, without = -1): Float64Array {
  const { chains, draws, tokens, sumD, m2, phi } = sums;
  const kept = Array.from({ length: chains }, (_, chain) => chain).filter((chain) => chain !== without);
  const n = kept.length * draws;
  const phiMeans = kept.map((chain) => {
    let sum = 0;
    for (let s = 0; s < draws; s++) sum += phi[s * chains + chain];
    return sum / draws;
  });
  const phiMean = mean(phiMeans);
  let phiSquares = 0;
  let size = 0;
  for (let s = 0; s < draws; s++) {
    for (const chain of kept) {
      const value = phi[s * chains + chain];
      phiSquares += (value - phiMean) ** 2;
      size = Math.max(size, Math.abs(value));
    }
  }
  const phiDeviation = Math.sqrt(phiSquares / n);
  const still = STILL * size;
  const out = new Float64Array(tokens);
  if (phiDeviation <= still) return out;
  const means = new Float64Array(kept.length);
  for (let i = 0; i < tokens; i++) {
    let squares = 0;
    for (const [at, chain] of kept.entries()) {
      means[at] = sumD[chain * tokens + i] / draws - phiMeans[at];
      squares += m2[chain * tokens + i];
    }
    const whole = mean(means);
    for (const own of means) squares += draws * (own - whole) ** 2;
    const deviation = Math.sqrt(squares / n);
    if (deviation > still) out[i] = 1 / (deviation * phiDeviation);
  }
  return out;
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}
