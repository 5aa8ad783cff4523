import { SpectroscopeError } from "../../kernels/errors";
import { deriveKey, words } from "../../kernels/philox/philox";
import type { Matrix } from "../cluster/matrix";
import { averageRanks } from "../statistics/ranks";

/** Pearson's correlation; NaN where a side does not vary. */
export function pearson(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const n = a.length;
  if (b.length !== n) refuse(`${n} values beside ${b.length}`, "give two series of one length");
  const mean = (values: ArrayLike<number>) => {
    let sum = 0;
    let same = true;
    for (let i = 0; i < n; i++) {
      sum += values[i];
      same &&= values[i] === values[0];
    }
    return same ? Number.NaN : sum / n;
  };
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [x, y] = [a[i] - meanA, b[i] - meanB];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / Math.sqrt(aa) / Math.sqrt(bb);
}

/**
 * Spearman's correlation: Pearson's of the ranks, equal values sharing the mean of theirs; NaN where a side does not
 * vary.
 */
export function spearman(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return pearson(averageRanks(a), averageRanks(b));
}

function refuse(what: string, hint: string): never {
  throw new SpectroscopeError(`agreement: ${what}`, { hint });
}

function column({ rows, cols, data }: Matrix, c: number): Float64Array {
  return Float64Array.from({ length: rows }, (_, i) => data[i * cols + c]);
}

function checkSizes(matrices: readonly Matrix[]): void {
  const [{ rows, cols }] = matrices;
  for (const [i, matrix] of matrices.entries()) {
    if (matrix.rows === rows && matrix.cols === cols) continue;
    refuse(
      `matrix ${i} is ${matrix.rows} x ${matrix.cols}, matrix 0 ${rows} x ${cols}`,
      "give both the same tokens and components",
    );
  }
}

export interface ColumnAgreement {
  /** [cols] */
  readonly pearson: Float64Array;
  /** [cols] */
  readonly spearman: Float64Array;
}

/**
 * Correlations over rows between the columns of two matrices [rows, cols], such as chi [tokens, components] of two
 * runs.
 */
export function columnAgreement(a: Matrix, b: Matrix): ColumnAgreement {
  checkSizes([a, b]);
  const out = { pearson: new Float64Array(a.cols), spearman: new Float64Array(a.cols) };
  for (let c = 0; c < a.cols; c++) {
    const [x, y] = [column(a, c), column(b, c)];
    out.pearson[c] = pearson(x, y);
    out.spearman[c] = spearman(x, y);
  }
  return out;
}

/** Chains up to which every split into halves is taken: 35 of 8 chains. */
const ALL_SPLITS = 8;
/** Splits taken of more chains. */
const DRAWN_SPLITS = 64;

export interface SplitHalf {
  /** Mean over splits of the correlation between both halves, [cols]; NaN for a column that does not vary. */
  readonly halves: Float64Array;
  /**
   * What two runs of all chains each would correlate, 2 r / (1 + r) (Spearman and Brown), [cols]. Halves that do not
   * agree at all (r below 0) have 0.
   */
  readonly reliability: Float64Array;
  readonly splits: number;
}

/**
 * Split-half reliability of every column over chains: chains are put into two halves (of an odd number, one has a chain
 * more), each half's matrix is the mean of its chains', and the halves are correlated over rows. All splits of up to 8
 * chains, else 64 drawn by the seed. The columns of a noisy estimator agree less; what all chains share, be it bias,
 * counts as agreement.
 *
 * @param chains the estimate of each chain alone, [tokens, components] each
 * @throws SpectroscopeError for fewer than 2 chains and for matrices of different sizes
 */
export function splitHalf(
  chains: readonly Matrix[],
  options: { readonly by?: "pearson" | "spearman"; readonly seed?: number } = {},
): SplitHalf {
  const { by = "pearson", seed = 0 } = options;
  const M = chains.length;
  if (M < 2) refuse(`split halves of ${M} chain`, "run with num_chains of at least 2");
  checkSizes(chains);
  const splits = M <= ALL_SPLITS ? allSplits(M) : drawnSplits(M, seed);
  const correlate = by === "pearson" ? pearson : spearman;
  const { rows, cols } = chains[0];
  const halves = new Float64Array(cols);
  for (let c = 0; c < cols; c++) {
    const columns = chains.map((chain) => column(chain, c));
    const mean = (members: readonly number[]) =>
      Float64Array.from(
        { length: rows },
        (_, i) => members.reduce((sum, m) => sum + columns[m][i], 0) / members.length,
      );
    for (const half of splits) {
      const rest = Array.from(chains.keys()).filter((m) => !half.includes(m));
      halves[c] += correlate(mean(half), mean(rest)) / splits.length;
    }
  }
  const reliability = halves.map((r) => (r < 0 ? 0 : (2 * r) / (1 + r)));
  return { halves, reliability, splits: splits.length };
}

/** Every way to put chains into halves, each told once by its smaller half or, of equal ones, by that with chain 0. */
function allSplits(M: number): number[][] {
  const half = Math.floor(M / 2);
  const found: number[][] = [];
  const extend = (members: number[], next: number) => {
    if (members.length === half) {
      found.push(members);
      return;
    }
    for (let m = next; m < M; m++) extend([...members, m], m + 1);
  };
  if (M % 2 === 0) extend([0], 1);
  else extend([], 0);
  return found;
}

/** Halves drawn at random: the chains with the lowest of M words each. */
function drawnSplits(M: number, seed: number): number[][] {
  const key = deriveKey(seed, "split halves");
  return Array.from({ length: DRAWN_SPLITS }, (_, split) => {
    const drawn = words(key, split, M);
    const order = Array.from({ length: M }, (_, m) => m).sort((a, b) => drawn[a] - drawn[b] || a - b);
    return order.slice(0, Math.floor(M / 2));
  });
}
