/**
 * Whether two measurements of the same tokens differ by more than their noise. Both have independent chains, which are put
 * into parts; what is compared is a mean over parts or pairs of them, and its error the jackknife that leaves one part out, of
 * one measurement after the other. docs/numerics.md has the definitions and how far they were checked.
 */
import type { Matrix } from "../statistics/matrix";
import { studentQuantile } from "../statistics/quantiles";

/** A number with its interval of 95 %. */
export interface Difference {
  readonly value: number;
  /** Jackknife standard error; NaN, as the interval, where there are too few parts. */
  readonly error: number;
  readonly low: number;
  readonly high: number;
  /** Degrees of freedom of Student's t. */
  readonly degrees: number;
}

/** Intervals hold this share. */
const LEVEL = 0.95;

/** Chains dealt into at most `most` parts of nearly one size, in turn. */
export function partsOf(chains: number, most: number): number[][] {
  const parts: number[][] = Array.from({ length: Math.min(chains, most) }, () => []);
  for (let chain = 0; chain < chains; chain++) parts[chain % parts.length].push(chain);
  return parts;
}

/**
 * A number that depends on two independent measurements, with its jackknife: their variances add up.
 * @param withoutA the same without each part of A; `withoutB` of B
 * @param rule degrees of Student's t: by Welch and Satterthwaite, or the fewest of both, which never calls too often (Hajek 1962)
 */
export function jackknifed(
  value: number,
  withoutA: readonly number[],
  withoutB: readonly number[],
  rule: "welch" | "fewest" = "welch",
): Difference {
  const [a, b] = [jackknifeVariance(withoutA), jackknifeVariance(withoutB)];
  const variance = a.variance + b.variance;
  const error = Math.sqrt(variance);
  if (!Number.isFinite(value) || !Number.isFinite(error))
    return { value, error: Number.NaN, low: Number.NaN, high: Number.NaN, degrees: 0 };
  const weighed = a.variance ** 2 / a.degrees + b.variance ** 2 / b.degrees;
  // Rounded down: fewer degrees make the interval wider.
  const welch = weighed > 0 ? Math.max(1, Math.floor(variance ** 2 / weighed + 1e-9)) : a.degrees + b.degrees;
  const degrees = rule === "welch" ? welch : Math.min(a.degrees, b.degrees);
  const reach = error * studentQuantile((1 + LEVEL) / 2, degrees);
  return { value, error, low: value - reach, high: value + reach, degrees };
}

function jackknifeVariance(without: readonly number[]): { variance: number; degrees: number } {
  const P = without.length;
  if (P < 2) return { variance: Number.NaN, degrees: 0 };
  const mean = without.reduce((sum, x) => sum + x / P, 0);
  return { variance: ((P - 1) / P) * without.reduce((sum, x) => sum + (x - mean) ** 2, 0), degrees: P - 1 };
}

const meanOver = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;

/** Mean score of A's parts less that of B's, each part scored by itself: Welch's t test, of the fewest degrees. */
export function scoreDifference(a: readonly number[], b: readonly number[]): Difference {
  const without = (scores: readonly number[]) => scores.map((_, part) => meanOver(scores.filter((_, i) => i !== part)));
  const [meanA, meanB] = [meanOver(a), meanOver(b)];
  return jackknifed(
    meanA - meanB,
    without(a).map((mean) => mean - meanB),
    without(b).map((mean) => meanA - mean),
    "fewest",
  );
}

/** Sums of likeness over pairs of parts: all that leaving a part out needs. */
export interface Likeness {
  /** Pairs of different parts of one measurement, each told once, and those that hold each part. */
  readonly a: { readonly all: number; readonly of: readonly number[] };
  readonly b: { readonly all: number; readonly of: readonly number[] };
  /** Every part of A with every part of B. */
  readonly between: { readonly all: number; readonly ofA: readonly number[]; readonly ofB: readonly number[] };
}

/** How alike two measurements are, beside how alike the parts of each are among themselves. */
export interface Alike {
  readonly withinA: number;
  readonly withinB: number;
  readonly between: number;
  /** between over the root of both within: 1 where they share all that is no noise. NaN where a part does not agree with its own. */
  readonly freed: number;
  /** between less the root of both within: below 0 where they differ by more than their noise. */
  readonly excess: Difference;
  /** The same, without each part of A and of B. */
  readonly withoutA: readonly number[];
  readonly withoutB: readonly number[];
}

/** Means over pairs, and their excess with its jackknife. Needs three parts of each. */
export function alike({ a, b, between }: Likeness): Alike {
  const [M, K] = [a.of.length, b.of.length];
  const pairs = (n: number) => (n * (n - 1)) / 2;
  const excess = (x: number, y: number, xy: number) => (x > 0 && y > 0 ? xy - Math.sqrt(x * y) : Number.NaN);
  const [withinA, withinB] = [a.all / pairs(M), b.all / pairs(K)];
  const mean = between.all / (M * K);
  const withoutA = a.of.map((own, m) =>
    excess((a.all - own) / pairs(M - 1), withinB, (between.all - between.ofA[m]) / ((M - 1) * K)),
  );
  const withoutB = b.of.map((own, m) =>
    excess(withinA, (b.all - own) / pairs(K - 1), (between.all - between.ofB[m]) / (M * (K - 1))),
  );
  const value = excess(withinA, withinB, mean);
  return {
    ...{ withinA, withinB, between: mean, withoutA, withoutB },
    freed: Number.isNaN(value) ? Number.NaN : mean / Math.sqrt(withinA * withinB),
    excess: jackknifed(value, withoutA, withoutB),
  };
}

/** Likeness by the values themselves. @param like of two parts, by their places among A's, then B's */
export function likenessOf(M: number, K: number, like: (i: number, j: number) => number): Likeness {
  const within = (first: number, count: number) => {
    const of = new Array<number>(count).fill(0);
    let all = 0;
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < i; j++) {
        const value = like(first + i, first + j);
        all += value;
        of[i] += value;
        of[j] += value;
      }
    }
    return { all, of };
  };
  const between = { all: 0, ofA: new Array<number>(M).fill(0), ofB: new Array<number>(K).fill(0) };
  for (let i = 0; i < M; i++) {
    for (let j = 0; j < K; j++) {
      const value = like(i, M + j);
      between.all += value;
      between.ofA[i] += value;
      between.ofB[j] += value;
    }
  }
  return { a: within(0, M), b: within(M, K), between };
}

/** Columns of two measurements beside each other. */
export interface ColumnComparison {
  readonly columns: readonly (Alike & {
    /** Told apart at 5 % for all columns together (Holm). */
    readonly apart: boolean;
  })[];
  /** Mean excess of the columns of which it is known. */
  readonly together: Difference;
}

/**
 * Columns of two measurements, by correlation over tokens between single chains. In time of chains, not of their pairs.
 * @param a every chain's columns, [tokens, components], each of mean 0 and variance 1, or 0 throughout
 */
export function compareColumns(a: readonly Matrix[], b: readonly Matrix[]): ColumnComparison {
  const { cols } = a[0];
  const found = Array.from({ length: cols }, (_, c) => alike(columnLikeness(a, b, c)));
  const known = found.filter(({ excess }) => !Number.isNaN(excess.value));
  const meanOf = (of: (column: Alike) => number) => meanOver(known.map(of));
  const together = jackknifed(
    meanOf(({ excess }) => excess.value),
    a.map((_, m) => meanOf(({ withoutA }) => withoutA[m])),
    b.map((_, m) => meanOf(({ withoutB }) => withoutB[m])),
  );
  const apart = holm(found.map(({ excess }) => excess));
  return { columns: found.map((column, c) => ({ ...column, apart: apart[c] })), together };
}

function columnLikeness(a: readonly Matrix[], b: readonly Matrix[], c: number): Likeness {
  const { rows, cols } = a[0];
  const column = ({ data }: Matrix) => Float64Array.from({ length: rows }, (_, i) => data[i * cols + c]);
  const [ownA, ownB] = [a.map(column), b.map(column)];
  const sum = (own: readonly Float64Array[]) => {
    const total = new Float64Array(rows);
    for (const values of own) for (let i = 0; i < rows; i++) total[i] += values[i];
    return total;
  };
  const dot = (x: Float64Array, y: Float64Array) => {
    let total = 0;
    for (let i = 0; i < rows; i++) total += x[i] * y[i];
    return total / rows;
  };
  const [totalA, totalB] = [sum(ownA), sum(ownB)];
  const within = (own: readonly Float64Array[], total: Float64Array) => {
    const of = own.map((values) => dot(values, total) - dot(values, values));
    return { of, all: of.reduce((x, y) => x + y, 0) / 2 };
  };
  return {
    a: within(ownA, totalA),
    b: within(ownB, totalB),
    between: {
      all: dot(totalA, totalB),
      ofA: ownA.map((values) => dot(values, totalB)),
      ofB: ownB.map((values) => dot(values, totalA)),
    },
  };
}

/** Which are below 0, at 5 % for all together: Holm's steps, from the farthest on. Those without an error count and never are. */
function holm(excesses: readonly Difference[]): boolean[] {
  const far = ({ value, error }: Difference) => -value / error;
  const order = Array.from(excesses.keys())
    .filter((c) => excesses[c].value < 0 && excesses[c].error > 0)
    .sort((x, y) => far(excesses[y]) - far(excesses[x]) || x - y);
  const apart = excesses.map(() => false);
  for (const [step, c] of order.entries()) {
    const level = (1 - LEVEL) / (excesses.length - step);
    if (!(far(excesses[c]) > studentQuantile(1 - level, excesses[c].degrees))) break;
    apart[c] = true;
  }
  return apart;
}
