/**
 * What the draws of a restricted run leave of themselves: streaming sums, from which chi follows. Written with these names from
 * estimator to store; on the device and on disk they are `sum_d`, `sum_phi_d` and `m2`, the shifted ones `sum_d_shifted` and
 * `sum_phi_d_shifted`.
 */

/** Sums over draws, [chains, tokens] each. */
export interface DrawSums {
  /** Sum of d, nats. */
  readonly sumD: ArrayLike<number>;
  /** Sum of phi * d, nats squared. */
  readonly sumPhiD: ArrayLike<number>;
}

/** Sums of "shifted draws": d of draws s >= lag with phi of draw s - lag in the same chain. */
export interface ShiftedSums extends DrawSums {
  /** At least 0 and below the draws; half a run is far enough for a null. */
  readonly lag: number;
}

/** Sums over the draws of each chain of a restricted run. */
export interface Sums extends DrawSums {
  readonly chains: number;
  readonly draws: number;
  readonly tokens: number;
  /** Sum over a chain's draws of the squared deviations of d - phi from its mean over them, nats squared, [chains, tokens]. */
  readonly m2: ArrayLike<number>;
  /** phi of every draw, nats, [draws, chains]. */
  readonly phi: ArrayLike<number>;
  /** Those of the null that needs no traces, where the run kept them. */
  readonly shifted?: ShiftedSums;
}
