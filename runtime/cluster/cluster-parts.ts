/** Points that are searched together, and those that lie in parts: each part by itself. */
import { type Graph, inducedSubgraph } from "../../kernels/graph/csr";
import { inOrder } from "./canonical-order";
import { type Clustering, joined, wholeCluster } from "./clustering";
import type { ClusterConfig } from "./config";
import { coverGraph } from "./cover";
import { equalRowsWhole } from "./equal-rows";
import { nearbyOrder } from "./graph-order";
import { groupsWithin, type PointGroups } from "./neighbors/equal";
import type { NeighborLists } from "./neighbors/ties";
import { envelopeOf, type NullPoints } from "./null-graphs";
import { type Part, shareOutside } from "./parts";
import { coverOptions, type SearchOptions } from "./search-options";

/** Clusters of points that are searched together. */
export async function clusterPart(
  graph: Graph,
  groups: PointGroups,
  config: ClusterConfig,
  options: SearchOptions,
  nullPoints: NullPoints,
): Promise<Clustering> {
  const envelope = await envelopeOf(graph, config, options, nullPoints);
  options.progress?.("clusters", 0, 1);
  const found = await inOrder(graph, nearbyOrder(graph), (near) =>
    coverGraph(near, config, envelope, { ...coverOptions(options, "clusters"), together: true }),
  );
  return equalRowsWhole(found, groups, graph, envelope);
}

/** Share of its rows' neighbors that a cluster in what is apart may have outside of it. */
const LOOSE = 0.1;

/**
 * Whether clusters are what a part is made of: they hold half of it or, where the rest may be a body, one stands out from that by
 * the neighbors of its rows.
 */
function divided({ clusters }: Clustering, rows: Uint32Array, lists: NeighborLists, body: boolean): boolean {
  const held = clusters.reduce((sum, { size }) => sum + size, 0);
  if (2 * held >= rows.length) return true;
  if (!body) return false;
  return clusters.some(({ members }) => {
    const own = members.map((v) => rows[v]);
    return shareOutside(own, lists) <= LOOSE;
  });
}

/** Clusters of each part, by a null of its own; a part that is apart and that nothing divides is one. */
export async function clusterParts(
  graph: Graph,
  lists: NeighborLists,
  groups: PointGroups,
  parts: readonly Part[],
  config: ClusterConfig,
  options: SearchOptions,
  nullOf: (taken: Uint32Array) => NullPoints,
): Promise<Clustering> {
  const found: { rows: Uint32Array; clustering: Clustering }[] = [];
  for (const { rows, apart } of parts) {
    const inside = inducedSubgraph(graph, rows);
    const clustering = await clusterPart(inside, groupsWithin(groups, rows), config, options, nullOf(rows));
    const whole = apart && !divided(clustering, rows, lists, config.refine !== "modularity");
    found.push({ rows, clustering: whole ? { ...clustering, clusters: [wholeCluster(rows.keys())] } : clustering });
  }
  return joined(graph, found);
}
