/** Tokens that may exchange their labels under the null: those of one id at like positions. */
import { deriveKey, words } from "../../kernels/philox/philox";
import type { TokenSets } from "./match-overlap";
import type { StrataBy } from "./match-result";

/** A partition of the tokens. It must not depend on labels or firings: then labels are exchangeable within it. */
export interface Strata {
  /** [tokens]: tokens by stratum, ascending in each. */
  readonly order: Uint32Array;
  /** [strata + 1]: where each begins in `order`. */
  readonly starts: Uint32Array;
  /** Tokens whose stratum has a single position. */
  readonly onePosition: number;
}

/**
 * Strata of ids and positions. Those of an id are its single positions, where each has `least` tokens; neighboring positions are
 * merged, from the first on, until they have, and what is left at the end goes to the last. An id with fewer tokens is one stratum.
 * @param ids [tokens]; or several such, whose combination counts
 * @param positions [tokens]
 */
export function strataOf(ids: readonly ArrayLike<number>[], positions: ArrayLike<number>, least: number): Strata {
  const tokens = positions.length;
  const order = Uint32Array.from({ length: tokens }, (_, t) => t);
  const compareIds = (a: number, b: number) => {
    for (const each of ids) if (each[a] !== each[b]) return each[a] - each[b];
    return 0;
  };
  order.sort((a, b) => compareIds(a, b) || positions[a] - positions[b] || a - b);
  const starts: number[] = [];
  let onePosition = 0;
  for (let from = 0, to = 0; from < tokens; from = to) {
    while (to < tokens && compareIds(order[from], order[to]) === 0) to++;
    const bins = [from];
    for (let i = from + 1; i < to; i++)
      if (positions[order[i]] !== positions[order[i - 1]] && i - bins[bins.length - 1] >= least) bins.push(i);
    if (bins.length > 1 && to - bins[bins.length - 1] < least) bins.pop();
    for (const [b, start] of bins.entries()) {
      const end = bins[b + 1] ?? to;
      starts.push(start);
      if (positions[order[start]] === positions[order[end - 1]]) onePosition += end - start;
      order.subarray(start, end).sort();
    }
  }
  return { order, starts: Uint32Array.from([...starts, tokens]), onePosition };
}

/** The ids that strata are of. Without known inputs only those of the targets can be asked for. */
export function idsOf(by: StrataBy, targets: ArrayLike<number>, inputs?: ArrayLike<number>): ArrayLike<number>[] {
  return by === "target" || !inputs ? [targets] : by === "input" ? [inputs] : [targets, inputs];
}

/**
 * Permutation `number` of labels within strata, into `out` [tokens]: uniform among all, up to 2^-32 of the size of a stratum. It
 * depends on the seed, its number and the strata alone.
 */
export function permuteLabels(
  { order, starts }: Strata,
  labels: Int32Array,
  seed: number,
  number: number,
  out: Int32Array,
): void {
  const draws = words(deriveKey(seed, "sae match null", number), 0, order.length);
  out.set(labels);
  for (let s = 0; s + 1 < starts.length; s++) {
    const from = starts[s];
    for (let i = starts[s + 1] - 1; i > from; i--) {
      const j = from + Math.floor((draws[i] * (i - from + 1)) / 2 ** 32);
      const held = out[order[i]];
      out[order[i]] = out[order[j]];
      out[order[j]] = held;
    }
  }
}

/** How far each set can move. */
export interface Movement {
  /** [sets]: share of members whose stratum has a token outside the set. */
  readonly free: Float64Array;
  /** [sets]: share of members that a permutation is expected to exchange for tokens outside the set. */
  readonly exchanged: Float64Array;
}

/** With m of n tokens of a stratum in a set, m (n - m) / n of them are expected to be others after a permutation. */
export function movementOf({ order, starts }: Strata, { of, sizes }: TokenSets): Movement {
  const free = new Float64Array(sizes.length);
  const exchanged = new Float64Array(sizes.length);
  for (let s = 0; s + 1 < starts.length; s++) {
    const n = starts[s + 1] - starts[s];
    const counts = new Map<number, number>();
    for (let i = starts[s]; i < starts[s + 1]; i++) {
      const set = of[order[i]];
      if (set >= 0) counts.set(set, (counts.get(set) ?? 0) + 1);
    }
    for (const [set, m] of counts) {
      if (m < n) free[set] += m;
      exchanged[set] += (m * (n - m)) / n;
    }
  }
  return { free: free.map((x, i) => x / sizes[i]), exchanged: exchanged.map((x, i) => x / sizes[i]) };
}
