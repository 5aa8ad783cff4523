/** What log acceptance ratios (`sampler/acceptance.ts`) say of a step. */
import { normalBelow } from "../../kernels/common/erf.reference";

/** Root mean square of log ratios; undefined without any. One that is not a number counts as infinitely far. */
export function acceptanceSpread(logs: ArrayLike<number>): number | undefined {
  if (logs.length === 0) return undefined;
  let squares = 0;
  for (let i = 0; i < logs.length; i++) squares += Number.isNaN(logs[i]) ? Number.POSITIVE_INFINITY : logs[i] ** 2;
  return Math.sqrt(squares / logs.length);
}

/** What a step does to one weight: the root mean square of log ratios over the root of the number of weights; undefined without any. */
export function stepError(logs: ArrayLike<number>, weights: number): number | undefined {
  const spread = acceptanceSpread(logs);
  return spread === undefined ? undefined : spread / Math.sqrt(weights);
}

/**
 * The rate at which MALA of the same step size would accept in equilibrium, from log ratios of SGLD's own updates;
 * undefined without any. SGLD keeps every proposal and settles in a law of its own, in which log ratios lie about 0
 * with some spread s to both sides, so that a plain mean of min(1, ratio) never falls below a half. In MALA's
 * equilibrium they are normal with mean -s^2/2, which gives 2 Phi(-s/2) (Roberts and Rosenthal 1998); s is the root
 * mean square here. It falls with the number of weights: s over its root is what the step does to one of them.
 */
export function acceptanceRate(logs: ArrayLike<number>): number | undefined {
  const spread = acceptanceSpread(logs);
  return spread === undefined ? undefined : 2 * normalBelow(-spread / 2);
}
