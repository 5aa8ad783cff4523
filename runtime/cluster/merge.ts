/** Merges of the refinement: clusters as nodes of a graph that is contracted. */
import type { ClusterTies } from "../../kernels/graph/partition";

/**
 * Merges clusters, the most strongly tied first, in rounds in which each merges at most once, until no pair should. Volumes,
 * weights inside, sizes and ties are kept up to date in `ties`.
 * @param active clusters that may merge
 * @param should whether a and b, with that weight between them, are to be one
 * @returns `[clusters]`: the cluster that each is part of now, the lowest number of them
 */
export function contract(
  { volume, size, inside, between }: ClusterTies,
  active: readonly number[],
  should: (a: number, b: number, tie: number) => boolean,
): Int32Array {
  const parent = Int32Array.from(volume.keys());
  const may = new Uint8Array(volume.length);
  for (const c of active) may[c] = 1;
  let open = active.slice();
  while (open.length > 0) {
    const pairs: { strength: number; a: number; b: number }[] = [];
    for (const a of open) {
      for (const [b, tie] of between[a]) {
        if (a >= b || may[b] === 0 || !should(a, b, tie)) continue;
        pairs.push({ strength: tie / (volume[a] * volume[b]), a, b });
      }
    }
    pairs.sort((p, q) => q.strength - p.strength || p.a - q.a || p.b - q.b);
    const taken = new Set<number>();
    for (const { a, b } of pairs) {
      const free = !taken.has(a) && !taken.has(b);
      taken.add(a);
      taken.add(b);
      if (!free) continue;
      parent[b] = a;
      may[b] = 0;
      volume[a] += volume[b];
      size[a] += size[b];
      inside[a] += inside[b] + 2 * (between[a].get(b) as number);
      between[a].delete(b);
      for (const [c, tie] of between[b]) {
        if (c === a) continue;
        const sum = (between[a].get(c) ?? 0) + tie;
        between[c].delete(b);
        between[a].set(c, sum);
        between[c].set(a, sum);
      }
      between[b].clear();
    }
    open = pairs.length === 0 ? [] : open.filter((c) => parent[c] === c);
  }
  for (let c = 0; c < parent.length; c++) parent[c] = parent[parent[c]];
  return parent;
}
