/** chi on all pairs of a context and a token, in a form that needs no N × V buffer. */

/**
 * A component's chi_xy = offset[x] + left[x] · right[y], nats squared, for N contexts and V tokens. Exact, since logits are linear in
 * the last hidden state: where only what comes before the unembedding moves, `left` has covariances of phi with hidden states and
 * `right` is the unembedding; where only the unembedding moves, it is the other way about. R is the width of either.
 */
export interface PairChi {
  readonly contexts: number;
  readonly tokens: number;
  readonly rank: number;
  /** [N]. */
  readonly offset: Float64Array;
  /** [N, R]. */
  readonly left: Float64Array;
  /** [V, R]. Components that have it in common best share one array: products with it are then made once. */
  readonly right: Float64Array;
}

/** chi of a component. */
export interface PairColumn {
  readonly name: string;
  /** Pooled over all chains. */
  readonly all: PairChi;
  /** With each chain left out in turn, for the jackknife; none with one chain. */
  readonly without: readonly PairChi[];
  /**
   * Each chain's own covariance, about its own means. Chains are independent, so products of different chains have no noise on
   * average: what shares of variance without noise are made of. By default there are none of those.
   */
  readonly chains?: readonly PairChi[];
}

/** Columns one at a time, gone through as often as an analysis needs: an array, or what reads them from a store. */
export type PairColumns = Iterable<PairColumn> | AsyncIterable<PairColumn>;
