/** chi of all components: one table from estimator to clustering, store and report, row-major as it lies in the store. */
export interface ChiTable {
  /** Rows: probe tokens, sequence by sequence. */
  readonly tokens: number;
  /** Names of the columns. */
  readonly components: readonly string[];
  /** Nats squared, [tokens, components]. */
  readonly chi: Float32Array;
  /** Jackknife standard error over chains, [tokens, components]; NaN with one chain. */
  readonly error: Float32Array;
  /** As every chain alone measures it, [chains, tokens, components]. */
  readonly byChain: Float32Array;
}
