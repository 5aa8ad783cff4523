/** What the page's script reads. */
import { type EncodedMap, encodeMap } from "../map/points";
import { type ClusteringView, shortName } from "./view";

/** Edges that are drawn; of more one sees only a grey cloud. */
const MOST_EDGES = 4000;

export interface ClusteringPage {
  readonly unit: readonly [string, string];
  /** By position; `card`: whether the page has one. */
  readonly clusters: readonly {
    readonly id: number;
    readonly size: number;
    readonly conductance: number;
    readonly card: boolean;
  }[];
  readonly map?: EncodedMap;
  readonly names?: readonly string[];
  readonly labels?: readonly string[];
}

/** `[2 E]`: each edge once; nothing where there are too many to see. */
function drawnEdges({ data: { graph } }: ClusteringView): Uint32Array | undefined {
  if (!graph || graph.neighbors.length > 2 * MOST_EDGES) return undefined;
  const edges: number[] = [];
  for (let v = 0; v < graph.n; v++)
    for (let e = graph.offsets[v]; e < graph.offsets[v + 1]; e++)
      if (graph.neighbors[e] > v) edges.push(v, graph.neighbors[e]);
  return Uint32Array.from(edges);
}

export function clusteringPage(view: ClusteringView): ClusteringPage {
  const { unit, clusters, positions, labels, names } = view.data;
  const carded = new Set(view.carded);
  return {
    unit,
    clusters: clusters.map(({ id, size, conductance }, position) => ({
      ...{ id, size, conductance: Math.round(conductance * 1e4) / 1e4, card: carded.has(position) },
    })),
    ...(positions
      ? {
          map: encodeMap({
            ...{ positions, groupOf: view.clusterOf, groups: clusters.length },
            ...(labels ? { labelOf: labels.numbers, labels: labels.names.map(shortName) } : {}),
            edges: drawnEdges(view),
          }),
        }
      : {}),
    ...(names && view.namesOnMap ? { names: names.map(shortName) } : {}),
    ...(labels ? { labels: labels.names.map(shortName) } : {}),
  };
}
