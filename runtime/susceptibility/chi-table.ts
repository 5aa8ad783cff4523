import type { Matrix } from "../statistics/matrix";

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

/** A table without values: errors are NaN, all else 0. */
export function emptyTable(tokens: number, components: readonly string[], chains: number): ChiTable {
  const size = tokens * components.length;
  return {
    tokens,
    components,
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
export function chainMatrices({ tokens: rows, components, chi, byChain }: ChiTable): Matrix[] {
  const [cols, size] = [components.length, chi.length];
  const chains = size > 0 ? byChain.length / size : 0;
  return Array.from({ length: chains }, (_, m) => ({ rows, cols, data: byChain.subarray(m * size, (m + 1) * size) }));
}
