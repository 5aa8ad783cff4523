import { SpectroscopeError } from "../../kernels/errors";
import { essMean } from "./diagnostics";
import { type Interval, jackknifeInterval } from "./interval";

/** A local learning coefficient; no units. */
export interface LocalLearningCoefficient {
  readonly value: number;
  /** That of each chain alone, [chains]. */
  readonly perChain: Float64Array;
  /** Standard error of the value; undefined where it cannot be had. */
  readonly error?: number;
  /** 95 %, by Student's t. */
  readonly interval?: Interval;
  /** Where the error comes from: the spread of chains, or, of a single one, its effective sample size. */
  readonly errorFrom?: "chains" | "ess";
}

/**
 * `n_beta (mean sampled loss - L(w*))` (arXiv 2308.12108) from phi = L(w) - L(w*), nats, [draws, chains]; here L is the
 * mean over the sampling task's fixed batch at every draw, not over the chain's own minibatches. The error is sd /
 * sqrt(M) of the M chains' values. With one chain it is n_beta sd / sqrt(ESS) of its draws, with ESS - 1 degrees of
 * freedom: what a chain cannot see of the posterior is in no such error. Negative values say that w* is no minimum of
 * this loss. Errors: sizes that do not fit.
 */
export function localLearningCoefficient(
  phi: ArrayLike<number>,
  draws: number,
  chains: number,
  n_beta: number,
): LocalLearningCoefficient {
  if (phi.length !== draws * chains || phi.length === 0) {
    throw new SpectroscopeError(`LLC: ${phi.length} values of phi for ${draws} draws of ${chains} chains`, {
      hint: "give phi as [draws, chains], at least one value",
    });
  }
  const perChain = new Float64Array(chains);
  for (let s = 0; s < draws; s++) {
    for (let m = 0; m < chains; m++) perChain[m] += phi[s * chains + m];
  }
  for (let m = 0; m < chains; m++) perChain[m] *= n_beta / draws;
  const value = perChain.reduce((a, b) => a + b) / chains;
  if (chains > 1) {
    const error = Math.sqrt(squares(perChain, value) / (chains - 1) / chains);
    return { value, perChain, error, interval: jackknifeInterval(value, error, chains), errorFrom: "chains" };
  }
  const size = essMean(phi, draws, chains);
  if (size === undefined) return { value, perChain };
  const mean = Array.from(phi).reduce((a, b) => a + b) / draws;
  const error = n_beta * Math.sqrt(squares(phi, mean) / (draws - 1) / size);
  const interval = jackknifeInterval(value, error, Math.max(2, Math.floor(size)));
  return { value, perChain, error, ...(interval ? { interval } : {}), errorFrom: "ess" };
}

function squares(values: ArrayLike<number>, center: number): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] - center) ** 2;
  return sum;
}
