/** q(y|x): how likely each token is after each context, whoever says so. */

/**
 * The conditional law of N contexts over V tokens, told in blocks of contexts, so that nobody needs a buffer of N × V. Contexts are
 * those of a probe: context i is what stands before its i-th measured target.
 */
export interface Law {
  readonly contexts: number;
  readonly tokens: number;
  /** q(y|x) of contexts `from` up to, not including, `to`: [to - from, V], row-major. Each row sums to 1 within 1e-6. */
  rows(from: number, to: number): ArrayLike<number> | Promise<ArrayLike<number>>;
}
