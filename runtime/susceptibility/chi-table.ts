/** chi of all components over all tokens: one table from the estimator to clustering, store and report. */
import type { Matrix } from "../cluster/matrix";

/** Row-major, a row a token, a column a component; nats squared. */
export interface ChiTable {
  readonly tokens: number;
  /** Names of the columns. */
  readonly components: readonly string[];
  readonly chains: number;
  /** [tokens, components]. */
  readonly chi: Float32Array;
  /** Jackknife standard error over chains, [tokens, components]; NaN where there is none. */
  readonly error: Float32Array;
  /** As every chain alone measures it, [chains, tokens, components]. */
  readonly byChain: Float32Array;
}

/** A table without values: errors are NaN, all else 0. */
export function emptyTable(tokens: number, components: readonly string[], chains: number): ChiTable {
  const size = tokens * components.length;
  return {
    ...{ tokens, components, chains },
    chi: new Float32Array(size),
    error: new Float32Array(size).fill(Number.NaN),
    byChain: new Float32Array(chains * size),
  };
}

/** chi as a matrix to be clustered; not a copy. */
export function chiMatrix({ tokens, components, chi }: ChiTable): Matrix {
  return { rows: tokens, cols: components.length, data: chi };
}

/** chi of every chain as a matrix; not copies. */
export function chainMatrices({ tokens, components, chains, byChain }: ChiTable): Matrix[] {
  const size = tokens * components.length;
  return Array.from({ length: chains }, (_, m) => ({
    rows: tokens,
    cols: components.length,
    data: byChain.subarray(m * size, (m + 1) * size),
  }));
}
