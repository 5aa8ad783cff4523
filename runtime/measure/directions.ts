/** How many directions of a measurement come again when it is measured again. */
import { normalizeColumns } from "../cluster/normalize";
import { principalAxes } from "../cluster/pca";
import type { Matrix } from "../statistics/matrix";
import { pearson } from "../susceptibility/agreement";

/** What a direction's scores must correlate between halves to count. */
export const REPEATED = 0.3;

export interface Directions {
  /** Directions that come again, mean over splits and over which half they were found in. */
  readonly repeated: number;
  /** exp of the entropy of the shares of variance that both halves have in common along them. */
  readonly effective: number;
  /** Share of the first. */
  readonly first: number;
}

/**
 * Principal directions of one half of the chains along which the scores of the other half correlate by more than 0.3: a direction
 * that fits the noise of its half does not come again in the other. Columns are brought to variance 1 in each half, and are not
 * weighed. All splits of up to 8 chains into equal halves, the last chain of an odd number left out.
 *
 * @param chains what each chain alone measures, [tokens, components] each; of at most 8 chains
 */
export function repeatedDirections(chains: readonly Matrix[]): Directions {
  const even = chains.slice(0, chains.length - (chains.length % 2));
  let [repeated, effective, first, count] = [0, 0, 0, 0];
  for (const half of halvesWithFirst(even.length)) {
    const rest = [...even.keys()].filter((chain) => !half.includes(chain));
    const sides = [half, rest].map((members) => standardized(members.map((chain) => even[chain])));
    for (const [found, other] of [sides, sides.toReversed()]) {
      const own = alongOf(found, other);
      repeated += own.filter(({ correlation }) => correlation > REPEATED).length;
      const shares = sharesOf(own.map(({ common }) => Math.max(0, common)));
      effective += Math.exp(-shares.reduce((sum, p) => sum + (p > 0 ? p * Math.log(p) : 0), 0));
      first += Math.max(0, ...shares);
      count++;
    }
  }
  if (count === 0) return { repeated: Number.NaN, effective: Number.NaN, first: Number.NaN };
  return { repeated: repeated / count, effective: effective / count, first: first / count };
}

/** Along each principal direction of one half: correlation and covariance of both halves' scores. */
function alongOf(found: Matrix, other: Matrix): { correlation: number; common: number }[] {
  const { rows, cols } = found;
  const { axes, scores, rank } = principalAxes(found, Math.min(rows, cols));
  return Array.from({ length: rank }, (_, j) => {
    const own = Float64Array.from({ length: rows }, (_, i) => scores[i * rank + j]);
    const again = Float64Array.from({ length: rows }, (_, i) => {
      let sum = 0;
      for (let c = 0; c < cols; c++) sum += other.data[i * cols + c] * axes[c * rank + j];
      return sum;
    });
    // Standardized columns have no mean, and neither have scores.
    return {
      correlation: pearson(own, again),
      common: own.reduce((sum, value, i) => sum + value * again[i], 0) / rows,
    };
  });
}

function sharesOf(values: readonly number[]): number[] {
  const total = values.reduce((sum, value) => sum + value, 0);
  return total > 0 ? values.map((value) => value / total) : [];
}

/** The mean of some chains, every column of mean 0 and variance 1. */
function standardized(chains: readonly Matrix[]): Matrix {
  const [{ rows, cols }] = chains;
  const data = new Float64Array(rows * cols);
  for (const chain of chains) for (let i = 0; i < data.length; i++) data[i] += chain.data[i] / chains.length;
  return normalizeColumns({ rows, cols, data }, "zscore");
}

/** Every half of `count` things that has the first. */
function halvesWithFirst(count: number): number[][] {
  const found: number[][] = [];
  const extend = (members: number[], next: number) => {
    if (members.length === count / 2) found.push(members);
    else for (let m = next; m < count; m++) extend([...members, m], m + 1);
  };
  if (count > 1) extend([0], 1);
  return found;
}
