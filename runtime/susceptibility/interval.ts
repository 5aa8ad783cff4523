import { SpectroscopeError } from "../../kernels/errors";
import { studentQuantile } from "../statistics/quantiles";

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * What the jackknife error over `chains` is multiplied by for an interval of this level: the quantile of Student's t
 * with chains - 1 degrees, since the error itself is estimated from so few (3.18 for 4 chains at 0.95, where a normal
 * has 1.96). Undefined with one chain. Errors: a level outside (0, 1).
 */
export function intervalFactor(chains: number, level = 0.95): number | undefined {
  if (!(level > 0 && level < 1)) {
    throw new SpectroscopeError(`interval: the level is ${level}`, {
      hint: "give a share between 0 and 1, such as 0.95",
    });
  }
  return chains < 2 ? undefined : studentQuantile((1 + level) / 2, chains - 1);
}

/**
 * Confidence interval of a value (chi, LLC, ...) from its jackknife error over independent chains, in the value's
 * units. Undefined where there is no error: one chain, or an error that is not finite.
 */
export function jackknifeInterval(value: number, error: number, chains: number, level = 0.95): Interval | undefined {
  const factor = intervalFactor(chains, level);
  if (factor === undefined || !Number.isFinite(error)) return undefined;
  return { low: value - factor * error, high: value + factor * error };
}
