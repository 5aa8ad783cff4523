/** From matches of single clusters to what is shown of all: headline, curve, sizes. */

import { type NullMaxima, nullPercentile } from "./match-null";
import type { ClusterMatch, CurvePoint, HeadlineRow, SizeBin } from "./match-result";

/** Cuts of F1 in the curve. */
export const CUTS: readonly number[] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
/** Least F1 of the headline's rows. */
const LEAST = [0, 0.3, 0.5, 0.7];

/** A share, or null of nothing. */
export const shareOf = (count: number, total: number) => (total > 0 ? count / total : null);

/** F1 of the best feature. */
export const bestF1 = ({ best }: ClusterMatch) => best?.f1 ?? 0;

function median(values: readonly number[]): number {
  const ascending = Float64Array.from(values).sort();
  const half = ascending.length >> 1;
  return ascending.length % 2 === 1 ? ascending[half] : (ascending[half - 1] + ascending[half]) / 2;
}

/** Clusters above both the null and the best token id, by least F1. */
export function headlineOf(clusters: readonly ClusterMatch[]): HeadlineRow[] {
  return LEAST.map((minF1) => {
    const above = clusters.filter((cluster) => cluster.aboveToken && bestF1(cluster) >= minF1);
    const above95 = above.filter((cluster) => cluster.above95).length;
    const above99 = above.filter((cluster) => cluster.above99).length;
    const share95 = shareOf(above95, clusters.length);
    return { minF1, above95, share95, above99, share99: shareOf(above99, clusters.length) };
  });
}

/** Shares of clusters by cut: of features, of the null, of token ids, of unions. */
export function curveOf(clusters: readonly ClusterMatch[], { shares, permutations }: NullMaxima): CurvePoint[] {
  if (clusters.length === 0) return [];
  return CUTS.map((cut, c) => {
    const share = (f1: (cluster: ClusterMatch) => number) =>
      clusters.filter((cluster) => f1(cluster) >= cut).length / clusters.length;
    const chance = shares.subarray(c * permutations, (c + 1) * permutations);
    return {
      cut,
      features: share(bestF1),
      chance: chance.reduce((sum, value) => sum + value, 0) / permutations,
      chance95: nullPercentile(chance, 95),
      tokens: share(({ token }) => token.f1),
      unions: share(({ union }) => union.f1),
      tokenUnions: share(({ tokenUnion }) => tokenUnion.f1),
    };
  });
}

/** Clusters by size, in bins from a power of two to the next. */
export function sizesOf(clusters: readonly ClusterMatch[], { maxima, permutations }: NullMaxima): SizeBin[] {
  const bins = new Map<number, number[]>();
  for (const [i, { size }] of clusters.entries()) {
    const from = 2 ** Math.floor(Math.log2(size));
    bins.set(from, [...(bins.get(from) ?? []), i]);
  }
  return [...bins]
    .sort(([a], [b]) => a - b)
    .map(([from, inside]) => {
      const chance = new Float64Array(inside.length * permutations);
      for (const [k, i] of inside.entries())
        chance.set(maxima.subarray(i * permutations, (i + 1) * permutations), k * permutations);
      chance.sort();
      const medianOf = (f1: (cluster: ClusterMatch) => number) => median(inside.map((i) => f1(clusters[i])));
      return {
        from,
        to: 2 * from - 1,
        clusters: inside.length,
        medianF1: medianOf(bestF1),
        medianTokenF1: medianOf(({ token }) => token.f1),
        p95: nullPercentile(chance, 95),
        p99: nullPercentile(chance, 99),
      };
    });
}
