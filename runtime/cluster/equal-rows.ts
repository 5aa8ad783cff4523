/** What the search may have split is made whole: rows that no measurement tells apart. */
import type { Graph } from "../../kernels/graph/csr";
import { type Envelope, excessOf } from "./candidates";
import type { Cluster, Clustering } from "./clustering";
import type { PointGroups } from "./neighbors/equal";
import { SetConductance } from "./set-conductance";

/**
 * Equal rows with one label: that of most of them, of equally many the lower id, and a cluster before none. Clusters that change are
 * measured again; one that loses all rows is none. Ids stay in order of conductance.
 */
export function equalRowsWhole<C extends Clustering>(
  found: C,
  { starts, members }: PointGroups,
  graph: Graph,
  envelope: Envelope,
): C {
  const labels = found.labels.slice();
  const changed = new Set<number>();
  for (let g = 0; g + 1 < starts.length; g++) {
    const rows = members.subarray(starts[g], starts[g + 1]);
    if (rows.every((row) => labels[row] === labels[rows[0]])) continue;
    const counts = new Map<number, number>();
    for (const row of rows) counts.set(labels[row], (counts.get(labels[row]) ?? 0) + 1);
    for (const label of counts.keys()) changed.add(label);
    const [[best]] = [...counts].sort((a, b) => b[1] - a[1] || place(a[0]) - place(b[0]));
    for (const row of rows) labels[row] = best;
  }
  if (changed.size === 0) return found;
  const lists: number[][] = found.clusters.map(() => []);
  for (let v = 0; v < labels.length; v++) if (labels[v] >= 0) lists[labels[v]].push(v);
  const set = new SetConductance(graph);
  const clusters = found.clusters
    .filter(({ id }) => lists[id].length > 0)
    .map((cluster): Cluster => {
      if (!changed.has(cluster.id)) return cluster;
      const { conductance, volume } = set.measure(lists[cluster.id]);
      const excess = excessOf(conductance, volume / graph.volume, envelope);
      return { ...cluster, size: lists[cluster.id].length, members: lists[cluster.id], conductance, excess };
    })
    .sort((a, b) => a.conductance - b.conductance || b.size - a.size || a.members[0] - b.members[0])
    .map((cluster, id) => ({ ...cluster, id }));
  labels.fill(-1);
  for (const { id, members: rows } of clusters) for (const row of rows) labels[row] = id;
  return { ...found, clusters, labels };
}

/** No label comes behind all others. */
const place = (label: number) => (label < 0 ? Number.MAX_SAFE_INTEGER : label);
