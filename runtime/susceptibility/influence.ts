import { SpectroscopeError } from "../../kernels/errors";
import type { Matrix } from "../statistics/matrix";
import type { TraceShape } from "./traces";

/** Tokens, or the mean over a sequence's tokens. */
export type InfluenceUnit = "token" | "sequence";

/** Units from `start` up to, not including, `end`. */
export interface UnitRange {
  readonly start: number;
  readonly end: number;
}

export interface InfluenceOptions {
  /** Default token. */
  readonly unit?: InfluenceUnit;
  /** Tokens of a sequence, needed for unit `sequence`: tokens are laid out sequence by sequence. */
  readonly positions?: number;
  /** Default covariance, nats squared. */
  readonly measure?: "covariance" | "correlation";
  /** Units of the rows and of the columns; default all. */
  readonly rows?: UnitRange;
  readonly columns?: UnitRange;
  /** Whether to take the jackknife error over chains, of which there must be two or more. */
  readonly error?: boolean;
}

export interface Influences {
  /** [rows, columns] */
  readonly values: Matrix;
  /** Jackknife standard error over chains, [rows, columns]. */
  readonly error?: Matrix;
}

/**
 * Bayesian influence functions: how losses vary together over the draws of the local posterior. Covariance with n - 1
 * or Pearson's correlation over all draws of all chains, stacked, as devinterp's `compute_bif` has it: positive where
 * two losses rise together. (The influence of training on i upon the loss of j is minus this.) Adding a constant to a
 * trace, such as l(w*), changes nothing. The correlation with a trace that does not move is NaN, as devinterp's. A
 * block of rows and columns is computed by itself, so the whole matrix need not be held.
 *
 * @param traces d or losses, nats, [draws, chains, tokens]
 * @throws SpectroscopeError for ranges outside the units, sequences that do not fill the tokens, fewer than 2 draws in
 *   all, and an error asked of one chain
 */
export function influences(traces: ArrayLike<number>, shape: TraceShape, options: InfluenceOptions = {}): Influences {
  const { unit = "token", measure = "covariance" } = options;
  const { draws, chains, tokens } = shape;
  if (traces.length !== draws * chains * tokens) {
    refuse(`${traces.length} values for ${draws} draws, ${chains} chains and ${tokens} tokens`, "give whole traces");
  }
  if (draws * chains < 2) refuse(`${draws} draw of ${chains} chain`, "at least 2 draws vary");
  if (options.error && chains < 2) refuse("an error over 1 chain", "sample num_chains of at least 2, or ask for none");
  const width = unit === "token" ? 1 : (options.positions ?? 0);
  if (!(Number.isInteger(width) && width > 0 && tokens % width === 0)) {
    refuse(
      `sequences of ${options.positions} positions do not fill ${tokens} tokens`,
      "give the positions of a sequence",
    );
  }
  const rows = unitsOf(traces, shape, width, options.rows, "rows");
  const columns = unitsOf(traces, shape, width, options.columns, "columns");
  const size = rows.count * columns.count;
  const values = new Float64Array(size);
  const error = options.error ? new Float64Array(size) : undefined;
  const products = new Float64Array(chains);
  for (let i = 0; i < rows.count; i++) {
    for (let j = 0; j < columns.count; j++) {
      crossSums(rows, i, columns, j, shape, products);
      const pair = { rows, i, columns, j, products, draws };
      const at = i * columns.count + j;
      values[at] = estimate(pair, measure, -1);
      if (error) error[at] = jackknife(Array.from(products, (_, m) => estimate(pair, measure, m)));
    }
  }
  const matrix = (data: Float64Array): Matrix => ({ rows: rows.count, cols: columns.count, data });
  return { values: matrix(values), ...(error ? { error: matrix(error) } : {}) };
}

function refuse(what: string, hint: string): never {
  throw new SpectroscopeError(`influences: ${what}`, { hint });
}

/** Traces of some units about their overall means, with sums by chain. */
interface Units {
  readonly count: number;
  /** [units, chains, draws] */
  readonly data: Float64Array;
  /** [units, chains] */
  readonly sums: Float64Array;
  /** [units, chains] */
  readonly squares: Float64Array;
}

function unitsOf(
  traces: ArrayLike<number>,
  { draws, chains, tokens }: TraceShape,
  width: number,
  range: UnitRange = { start: 0, end: tokens / width },
  name: string,
): Units {
  const { start, end } = range;
  if (!(Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start < end && end <= tokens / width)) {
    refuse(`${name} ${start} to ${end} of ${tokens / width}`, "give a range within the units, at least one of them");
  }
  const count = end - start;
  const data = new Float64Array(count * chains * draws);
  const sums = new Float64Array(count * chains);
  const squares = new Float64Array(count * chains);
  for (let u = 0; u < count; u++) {
    const own = data.subarray(u * chains * draws, (u + 1) * chains * draws);
    let total = 0;
    for (let m = 0; m < chains; m++) {
      for (let s = 0; s < draws; s++) {
        const from = (s * chains + m) * tokens + (start + u) * width;
        let sum = 0;
        for (let t = 0; t < width; t++) sum += traces[from + t];
        own[m * draws + s] = sum / width;
        total += sum / width;
      }
    }
    // A common origin costs nothing and keeps the digits that the differences have. What stands still keeps a remainder
    // of a few last places, whose sums are exact and cancel below.
    const center = total / own.length;
    for (let k = 0; k < own.length; k++) {
      const value = own[k] - center;
      const m = Math.floor(k / draws);
      own[k] = value;
      sums[u * chains + m] += value;
      squares[u * chains + m] += value * value;
    }
  }
  return { count, data, sums, squares };
}

/** Sums over each chain's draws of the product of two units' traces. */
function crossSums(rows: Units, i: number, columns: Units, j: number, shape: TraceShape, out: Float64Array): void {
  const { draws, chains } = shape;
  for (let m = 0; m < chains; m++) {
    const a = (i * chains + m) * draws;
    const b = (j * chains + m) * draws;
    let sum = 0;
    for (let s = 0; s < draws; s++) sum += rows.data[a + s] * columns.data[b + s];
    out[m] = sum;
  }
}

interface Pair {
  readonly rows: Units;
  readonly i: number;
  readonly columns: Units;
  readonly j: number;
  readonly products: Float64Array;
  readonly draws: number;
}

/** Covariance or correlation over all chains but one (`without` -1: all). */
function estimate(pair: Pair, measure: "covariance" | "correlation", without: number): number {
  const { rows, i, columns, j, products, draws } = pair;
  const chains = products.length;
  let n = 0;
  let [a, b, ab, aa, bb] = [0, 0, 0, 0, 0];
  for (let m = 0; m < chains; m++) {
    if (m === without) continue;
    n += draws;
    a += rows.sums[i * chains + m];
    b += columns.sums[j * chains + m];
    ab += products[m];
    aa += rows.squares[i * chains + m];
    bb += columns.squares[j * chains + m];
  }
  const cross = ab - (a * b) / n;
  if (measure === "covariance") return cross / (n - 1);
  const scale = Math.sqrt((aa - (a * a) / n) * (bb - (b * b) / n));
  return scale > 0 ? cross / scale : Number.NaN;
}

function jackknife(leftOut: readonly number[]): number {
  const M = leftOut.length;
  const mean = leftOut.reduce((a, b) => a + b) / M;
  return Math.sqrt(((M - 1) / M) * leftOut.reduce((sum, value) => sum + (value - mean) ** 2, 0));
}
