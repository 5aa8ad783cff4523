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

/**
 * Stability of each cluster: the Jaccard index with its best match among the clusters of a rerun, for instance on half the
 * chains or half the components; the mean when there are several reruns.
 * @returns `[clusters]`, 0 to 1; all 0 without reruns
 */
export function stability(clusters: readonly TokenSet[], reruns: readonly (readonly TokenSet[])[]): Float64Array {
  return Float64Array.from(clusters, ({ members }) => {
    let sum = 0;
    for (const rerun of reruns) {
      let best = 0;
      for (const other of rerun) best = Math.max(best, jaccard(members, other.members));
      sum += best;
    }
    return reruns.length > 0 ? sum / reruns.length : 0;
  });
}
