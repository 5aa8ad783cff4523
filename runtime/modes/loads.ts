/** What modes say of tokens, clusters and themselves. */
import { SpectroscopeError } from "../../kernels/errors";
import type { Pairs } from "./couplings";
import type { Modes } from "./modes";

/** How far a cluster lies along one function of a mode. */
export interface Load {
  /** 1 .. K - 1. */
  readonly mode: number;
  /** Function of the context, or of the token. */
  readonly side: "context" | "token";
  /** Mean over members of v_a(x) or u_a(y): in standard deviations of the law, for either has mean 0 and variance 1. */
  readonly mean: number;
  /** mean × sqrt(size): standard deviations of the mean of as many independent draws from the law. */
  readonly z: number;
}

/** Loads of a cluster on all modes but the trivial one, the largest |z| first. `members`: which pairs are in it. */
export function clusterLoads(modes: Modes, pairs: Pairs, members: ArrayLike<number>): Load[] {
  const { count: K, v, u } = modes;
  const size = members.length;
  if (size === 0) return [];
  const sums = { context: new Float64Array(K), token: new Float64Array(K) };
  for (let i = 0; i < size; i++) {
    const [x, y] = [pairs.contexts[members[i]], pairs.tokens[members[i]]];
    for (let a = 1; a < K; a++) {
      sums.context[a] += v[x * K + a];
      sums.token[a] += u[y * K + a];
    }
  }
  const loads: Load[] = [];
  for (let mode = 1; mode < K; mode++)
    for (const side of ["context", "token"] as const) {
      const mean = sums[side][mode] / size;
      loads.push({ mode, side, mean, z: mean * Math.sqrt(size) });
    }
  return loads.sort((a, b) => Math.abs(b.z) - Math.abs(a.z));
}

/** Coordinates of pairs, rows for clustering: s_a v_a(x), then s_a u_a(y), for a from 1 to k - 1. [pairs, 2 (k - 1)] row-major. */
export function modeCoordinates(
  modes: Modes,
  pairs: Pairs,
  k = modes.count,
): { rows: number; cols: number; data: Float64Array } {
  const { count: K, values, v, u } = modes;
  if (!(Number.isInteger(k) && k >= 2 && k <= K))
    throw new SpectroscopeError(`mode coordinates: the first ${k} of ${K} modes`, {
      hint: `give 2 .. ${K}, with the trivial mode counted`,
    });
  const rows = pairs.contexts.length;
  const cols = 2 * (k - 1);
  const data = new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++)
    for (let a = 1; a < k; a++) {
      data[i * cols + a - 1] = values[a] * v[pairs.contexts[i] * K + a];
      data[i * cols + k - 2 + a] = values[a] * u[pairs.tokens[i] * K + a];
    }
  return { rows, cols, data };
}

export interface Extreme {
  readonly index: number;
  readonly value: number;
}

/** Where a function is largest: positive values descending, negative ones ascending. */
export interface Extremes {
  readonly positive: readonly Extreme[];
  readonly negative: readonly Extreme[];
}

/** A mode in words: up to `most` contexts and tokens on either end. Equal values come by index. */
export function extremesOf(modes: Modes, mode: number, most: number): { contexts: Extremes; tokens: Extremes } {
  const { count: K, v, u } = modes;
  if (!(Number.isInteger(mode) && mode >= 0 && mode < K))
    throw new SpectroscopeError(`mode ${mode} of ${K}`, { hint: `give 0 .. ${K - 1}` });
  const ends = (functions: Float64Array): Extremes => {
    const all = Array.from({ length: functions.length / K }, (_, index) => ({
      index,
      value: functions[index * K + mode],
    }));
    const end = (sign: 1 | -1) =>
      all
        .filter(({ value }) => sign * value > 0)
        .sort((a, b) => sign * (b.value - a.value) || a.index - b.index)
        .slice(0, most);
    return { positive: end(1), negative: end(-1) };
  };
  return { contexts: ends(v), tokens: ends(u) };
}
