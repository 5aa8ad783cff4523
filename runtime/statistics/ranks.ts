import { normalQuantile } from "./quantiles";

/** Ranks from 1 on; equal values share the mean of theirs. */
export function averageRanks(values: ArrayLike<number>): Float64Array {
  const n = values.length;
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort((a, b) => values[a] - values[b]);
  const ranks = new Float64Array(n);
  for (let first = 0; first < n; ) {
    let end = first + 1;
    while (end < n && values[order[end]] === values[order[first]]) end++;
    for (let i = first; i < end; i++) ranks[order[i]] = (first + 1 + end) / 2;
    first = end;
  }
  return ranks;
}

/** Normal scores: quantiles of the ranks at Blom's places (r - 3/8) / (n + 1/4). */
export function normalScores(values: ArrayLike<number>): Float64Array {
  const n = values.length;
  const known = new Map<number, number>();
  return averageRanks(values).map((rank) => {
    let score = known.get(rank);
    if (score === undefined) {
      score = normalQuantile((rank - 0.375) / (n + 0.25));
      known.set(rank, score);
    }
    return score;
  });
}

/** Quantile by linear interpolation between order statistics (type 7 of Hyndman and Fan); `sorted` ascends. */
export function sortedQuantile(sorted: ArrayLike<number>, p: number): number {
  const at = (sorted.length - 1) * p;
  const below = Math.min(Math.floor(at), sorted.length - 1);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}
