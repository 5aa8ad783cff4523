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
  ties: ClusterTies,
  active: readonly number[],
  should: (a: number, b: number, tie: number) => boolean,
): Int32Array {
  const { volume, between } = ties;
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
      absorb(ties, a, b);
    }
    open = pairs.length === 0 ? [] : open.filter((c) => parent[c] === c);
  }
  for (let c = 0; c < parent.length; c++) parent[c] = parent[parent[c]];
  return parent;
}

/** Makes cluster b part of a: volumes, weights inside, sizes and ties; b is left without ties. */
function absorb({ volume, size, inside, between }: ClusterTies, a: number, b: number): void {
  volume[a] += volume[b];
  size[a] += size[b];
  inside[a] += inside[b] + 2 * (between[a].get(b) ?? 0);
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

/**
 * Clusters that do not stand out join what they are most strongly tied to, the one with the highest conductance first, as long as
 * no other stops standing out by that; where none is left to join they are given up.
 * @param total volume of the graph
 * @param stands whether a cluster of that conductance, volume and size stands out
 * @returns as `contract` does; -1 for what was given up
 */
export function joinWeak(
  ties: ClusterTies,
  total: number,
  stands: (conductance: number, volume: number, size: number) => boolean,
): Int32Array {
  const { volume, size, inside, between } = ties;
  const parent = Int32Array.from(volume.keys());
  const conductance = (within: number, vol: number) => {
    const smaller = Math.min(vol, total - vol);
    return smaller > 0 ? (vol - within) / smaller : 1;
  };
  const phis = Float64Array.from(volume, (vol, c) => conductance(inside[c], vol));
  const weak = Uint8Array.from(volume, (vol, c) => (stands(phis[c], vol, size[c]) ? 0 : 1));
  const open = new Set(parent);
  for (;;) {
    let weakest = -1;
    for (const c of open) if (weak[c] === 1 && (weakest < 0 || phis[c] > phis[weakest])) weakest = c;
    if (weakest < 0) break;
    const others = [...between[weakest]].sort(([a, t], [b, u]) => u / volume[b] - t / volume[a] || a - b);
    const found = others.find(([c, tie]) => {
      const vol = volume[weakest] + volume[c];
      const phi = conductance(inside[weakest] + inside[c] + 2 * tie, vol);
      return weak[c] === 1 || stands(phi, vol, size[weakest] + size[c]);
    });
    open.delete(weakest);
    if (!found) {
      for (const [c] of between[weakest]) between[c].delete(weakest);
      parent[weakest] = -1;
      continue;
    }
    const [into, from] = [Math.min(weakest, found[0]), Math.max(weakest, found[0])];
    absorb(ties, into, from);
    parent[from] = into;
    open.delete(from);
    open.add(into);
    phis[into] = conductance(inside[into], volume[into]);
    weak[into] = stands(phis[into], volume[into], size[into]) ? 0 : 1;
  }
  for (let c = 0; c < parent.length; c++) if (parent[c] >= 0) parent[c] = parent[parent[c]];
  return parent;
}
