import type { Matrix } from "../statistics/matrix";

/** Columns of all components, row-major as they lie in the store. */
export interface TableColumns {
  /** [tokens, components]. */
  readonly values: Float32Array;
  /** Jackknife standard error over chains, [tokens, components]; NaN with one chain. */
  readonly error: Float32Array;
  /** As every chain alone measures them, [chains, tokens, components]. */
  readonly byChain: Float32Array;
}

/** chi of all components: one table from estimator to clustering, store and report. */
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
  /** The same as correlations: chi over the standard deviations of d - phi and of phi, without a unit. */
  readonly correlation: TableColumns;
}

/** A table without values: errors are NaN, all else 0. */
export function emptyTable(tokens: number, components: readonly string[], chains: number): ChiTable {
  const size = tokens * components.length;
  const columns = (): TableColumns => ({
    values: new Float32Array(size),
    error: new Float32Array(size).fill(Number.NaN),
    byChain: new Float32Array(chains * size),
  });
  const { values: chi, error, byChain } = columns();
  return { tokens, components, chi, error, byChain, correlation: columns() };
}

/** chi's columns of a table; not copies. */
export const chiColumnsOf = ({ chi: values, error, byChain }: ChiTable): TableColumns => ({ values, error, byChain });

/** chi as a matrix to be clustered; not a copy. */
export function chiMatrix(table: ChiTable): Matrix {
  return matrixOf(table, chiColumnsOf(table));
}

/** chi of every chain as a matrix; not copies. */
export function chainMatrices(table: ChiTable): Matrix[] {
  return matricesByChain(table, chiColumnsOf(table));
}

/** Columns of a table as a matrix; not a copy. */
export function matrixOf({ tokens, components }: ChiTable, { values }: Pick<TableColumns, "values">): Matrix {
  return { rows: tokens, cols: components.length, data: values };
}

/** Columns of a table as every chain has them, a matrix each; not copies. */
export function matricesByChain(
  { tokens: rows, components }: ChiTable,
  { values, byChain }: Pick<TableColumns, "values" | "byChain">,
): Matrix[] {
  const [cols, size] = [components.length, values.length];
  const chains = size > 0 ? byChain.length / size : 0;
  return Array.from({ length: chains }, (_, m) => ({ rows, cols, data: byChain.subarray(m * size, (m + 1) * size) }));
}
