import type { TokenSet } from "./score";

/** Shared members over all members of two ascending sets. */
export function jaccard(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let both = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) {
      both++;
      i++;
      j++;
    } else if (a[i] < b[j]) i++;
    else j++;
  }
  const union = a.length + b.length - both;
  return union > 0 ? both / union : 1;
}

/** Jaccard index of each set with its best match among others, which may overlap; 0 without any. In time of the members. */
export function bestMatches(sets: readonly TokenSet[], others: readonly TokenSet[]): Float64Array {
  const holders = new Map<number, number[]>();
  others.forEach(({ members }, other) => {
    for (let i = 0; i < members.length; i++) {
      const held = holders.get(members[i]);
      if (held) held.push(other);
      else holders.set(members[i], [other]);
    }
  });
  return Float64Array.from(sets, ({ members }) => {
    const shared = new Map<number, number>();
    for (let i = 0; i < members.length; i++)
      for (const other of holders.get(members[i]) ?? []) shared.set(other, (shared.get(other) ?? 0) + 1);
    let best = 0;
    for (const [other, both] of shared)
      best = Math.max(best, both / (members.length + others[other].members.length - both));
    return best;
  });
}

/**
 * Stability of each cluster: the Jaccard index with its best match among the clusters of a rerun, for instance on half the
 * chains or half the components; the mean when there are several reruns.
 * @returns `[clusters]`, 0 to 1; all 0 without reruns
 */
export function stability(clusters: readonly TokenSet[], reruns: readonly (readonly TokenSet[])[]): Float64Array {
  const sums = new Float64Array(clusters.length);
  for (const rerun of reruns) {
    const best = bestMatches(clusters, rerun);
    for (let i = 0; i < sums.length; i++) sums[i] += best[i] / reruns.length;
  }
  return sums;
}
