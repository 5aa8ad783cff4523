/** What a cluster looks like: its mean over columns, its sweep in short, and the conductance profile of all candidates. */
import { scale, toCommonScale } from "../../kernels/power-of-two";
import type { Matrix } from "../statistics/matrix";
import { type ColumnRule, normalizeColumns } from "./normalize";

/** Prefixes of a sweep that its short form keeps. */
const SWEEP_POINTS = 32;

export interface MeanProfile {
  /** `[cols]`: mean over the members of the normalized columns. */
  readonly mean: Float64Array;
  /** `[cols]`: its standard error from the spread of the members; NaN for one member. */
  readonly error: Float64Array;
}

/** Mean normalized columns of each cluster. */
export function meanProfiles(
  clusters: readonly { readonly members: ArrayLike<number> }[],
  matrix: Matrix,
  columns: ColumnRule,
): MeanProfile[] {
  const { cols, data } = normalizeColumns(matrix, columns);
  // Columns that are left as they are may be too large to square.
  const exponent = toCommonScale(data);
  return clusters.map(({ members }) => {
    const size = members.length;
    const mean = new Float64Array(cols);
    const error = new Float64Array(cols);
    for (let i = 0; i < size; i++) for (let c = 0; c < cols; c++) mean[c] += data[members[i] * cols + c] / size;
    for (let i = 0; i < size; i++)
      for (let c = 0; c < cols; c++) error[c] += (data[members[i] * cols + c] - mean[c]) ** 2;
    for (let c = 0; c < cols; c++) error[c] = Math.sqrt(error[c] / (size * (size - 1)));
    scale(mean, -exponent);
    scale(error, -exponent);
    return { mean, error };
  });
}

/** Conductance of prefixes of a sweep at sizes about evenly spaced on a logarithmic scale, the first and last among them. */
export function shortSweep(conductance: ArrayLike<number>): { sizes: number[]; conductance: number[] } {
  const { length } = conductance;
  const sizes: number[] = [];
  for (let i = 0; i < SWEEP_POINTS && length > 0; i++) {
    const size = Math.round(length ** (i / (SWEEP_POINTS - 1)));
    if (size !== sizes.at(-1)) sizes.push(size);
  }
  return { sizes, conductance: sizes.map((size) => conductance[size - 1]) };
}

/** The lowest conductance among sets of a range of sizes. */
export interface ProfileBin {
  /** Sizes from `from` up to, not including, `to`. */
  readonly from: number;
  readonly to: number;
  readonly sets: number;
  /** Lowest of them, and the size of that set. */
  readonly conductance: number;
  readonly size: number;
}

/**
 * Network community profile (Leskovec, Lang, Dasgupta, Mahoney, Internet Math. 6, 2009): lowest conductance of any accepted
 * candidate by size, in bins of a factor sqrt(2). Bins without a set are left out.
 */
export function conductanceProfile(
  sets: Iterable<{ readonly members: ArrayLike<number>; readonly conductance: number }>,
): ProfileBin[] {
  const edge = (bin: number) => Math.ceil(2 ** (bin / 2) - 1e-9);
  const bins = new Map<number, ProfileBin>();
  for (const { members, conductance } of sets) {
    const size = members.length;
    let bin = Math.floor(2 * Math.log2(size));
    while (edge(bin + 1) <= size) bin++;
    const held = bins.get(bin);
    const lower = !held || conductance < held.conductance;
    bins.set(bin, {
      from: edge(bin),
      to: edge(bin + 1),
      sets: (held?.sets ?? 0) + 1,
      conductance: lower ? conductance : held.conductance,
      size: lower ? size : held.size,
    });
  }
  return [...bins].sort(([a], [b]) => a - b).map(([, bin]) => bin);
}
