import { SpectroscopeError } from "../../kernels/errors";
import type { Matrix } from "../statistics/matrix";
import { type ColumnRule, normalizeColumns } from "./normalize";

export interface Reliability {
  /** `[cols]`: mean correlation over tokens between the column as two chains measure it, over all pairs of chains. */
  agreement: Float64Array;
  /** `[cols]`: standard error of that mean over the pairs. */
  error: Float64Array;
  /** `[cols]`: sqrt(max(0, agreement - z * error)); for `weights` of `clusterTokens`. */
  weights: Float64Array;
  /** Columns with a positive weight. */
  kept: number;
}

/**
 * How far independent chains agree about each component. Normalization throws away the size of chi, so a column of pure
 * noise looks like any other, and the noise of a finite chain is a random projection of real loss traces: it clusters.
 * Chains draw that noise apart from each other; what they share is the measurement. Needs no labels.
 * @param chains two or more matrices `[tokens, components]`, the estimate of each chain alone
 * @param z standard errors taken off before the square root
 */
export function columnReliability(chains: readonly Matrix[], columns: ColumnRule, z: number): Reliability {
  if (chains.length < 2)
    throw new SpectroscopeError(`reliability needs two chains or more, got ${chains.length}`, {
      hint: "run with num_chains of at least 2 or leave the weights out",
    });
  const { rows, cols } = chains[0];
  for (const [i, chain] of chains.entries())
    if (chain.rows !== rows || chain.cols !== cols)
      throw new SpectroscopeError(
        `reliability: chain ${i} is ${chain.rows} x ${chain.cols}, chain 0 ${rows} x ${cols}`,
        {
          hint: "give every chain the same tokens and components",
        },
      );
  // Correlations know nothing of a column's mean and size: columns that are left as they are agree as far as z-scored ones.
  const points = chains.map((chain) => normalizeColumns(chain, columns === "none" ? "zscore" : columns).data);
  const agreement = new Float64Array(cols);
  const error = new Float64Array(cols);
  const weights = new Float64Array(cols);
  let kept = 0;
  for (let c = 0; c < cols; c++) {
    const pairs: number[] = [];
    for (let a = 0; a < points.length; a++) {
      for (let b = 0; b < a; b++) {
        // Columns have mean 0 and variance 1, so the mean product is the correlation.
        let sum = 0;
        for (let i = 0; i < rows; i++) sum += points[a][i * cols + c] * points[b][i * cols + c];
        pairs.push(sum / rows);
      }
    }
    const mean = pairs.reduce((s, r) => s + r, 0) / pairs.length;
    const squares = pairs.reduce((s, r) => s + (r - mean) ** 2, 0);
    agreement[c] = mean;
    // One pair has no spread: 1 / sqrt(rows), that of two independent columns, stands in.
    error[c] = pairs.length > 1 ? Math.sqrt(squares / (pairs.length * (pairs.length - 1))) : 1 / Math.sqrt(rows);
    weights[c] = Math.sqrt(Math.max(0, mean - z * error[c]));
    if (weights[c] > 0) kept++;
  }
  return { agreement, error, weights, kept };
}
