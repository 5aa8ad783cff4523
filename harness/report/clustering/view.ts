/** What parts of a clustering's page look up. */
import { SpectroscopeError } from "../../../kernels/errors";
import { count, counted } from "../format";
import { named } from "../html";
import type { ClusteringData, ReportCluster } from "./data";

/** Clusters that have a card, the largest: more would make a page that no browser likes to open. */
const CARDS = 150;
/** Characters of a name that are shown. */
const NAME_LENGTH = 80;
/** Characters of all names that the map holds. */
const NAMES_LENGTH = 1_200_000;

export interface ClusteringView {
  readonly data: ClusteringData;
  /** `[n]`: position of a row's cluster in `data.clusters`, or -1. */
  readonly clusterOf: Int32Array;
  /** Positions of the clusters with a card, ascending. */
  readonly carded: readonly number[];
  readonly covered: number;
  /** Whether the map tells names; there may be too many for a page. */
  readonly namesOnMap: boolean;
}

const wrong = (what: string) => new SpectroscopeError(`report: ${what}`, { code: "bad-input" });

/** @throws SpectroscopeError `bad-input` when the parts of the data do not fit each other */
export function viewOfClustering(data: ClusteringData): ClusteringView {
  const { n, clusters, names, labels, positions, graph } = data;
  for (const [what, length, expected] of [
    ["names", names?.length, n],
    ["labels", labels?.numbers.length, n],
    ["coordinates", positions?.length, 2 * n],
    ["nodes of a graph", graph?.n, n],
  ] as const)
    if (length !== undefined && length !== expected) throw wrong(`${length} ${what}, expected ${expected}`);
  const clusterOf = new Int32Array(n).fill(-1);
  clusters.forEach(({ id, members }, position) => {
    for (const member of members) {
      if (!(Number.isInteger(member) && member >= 0 && member < n))
        throw wrong(`cluster ${id} has member ${member}, but there are ${n} rows`);
      if (clusterOf[member] >= 0) throw wrong(`row ${member} is in two clusters`);
      clusterOf[member] = position;
    }
  });
  const carded = clusters
    .map((_, position) => position)
    .sort((a, b) => clusters[b].size - clusters[a].size || a - b)
    .slice(0, CARDS)
    .sort((a, b) => a - b);
  const length = (names ?? []).reduce((sum, name) => sum + Math.min(name.length, NAME_LENGTH) + 3, 0);
  const covered = clusters.reduce((sum, { members }) => sum + members.length, 0);
  return { data, clusterOf, carded, covered, namesOnMap: names !== undefined && length <= NAMES_LENGTH };
}

/** A name as one visible line, cut where it is long. */
export function shortName(name: string): string {
  const characters = name.length > NAME_LENGTH ? [...name] : [];
  return named(characters.length > NAME_LENGTH ? `${characters.slice(0, NAME_LENGTH - 1).join("")}…` : name);
}

/** What a row is called: its name, or "row 17". */
export function nameOf({ data }: ClusteringView, row: number): string {
  return data.names ? shortName(data.names[row]) : `${data.unit[0]} ${row}`;
}

/** A row's label, if any. */
export function labelOf({ data: { labels } }: ClusteringView, row: number): string | undefined {
  const label = labels ? labels.numbers[row] : -1;
  return label >= 0 ? shortName(labels!.names[label]) : undefined;
}

/** "1 row", "2 000 rows". */
export function unitCount({ data: { unit } }: ClusteringView, value: number): string {
  return counted(value, unit[0], unit[1]);
}

/** What the page does not show though it was found, in words. */
export function notShown(view: ClusteringView, edges: boolean): string[] {
  const { data, carded } = view;
  const { clusters, graph, names } = data;
  const said: string[] = [];
  if (carded.length < clusters.length)
    said.push(
      `Cards are of the ${count(carded.length)} largest of ${count(clusters.length)} clusters; the map has all of them, and the file of --out too.`,
    );
  if (names && !view.namesOnMap)
    said.push(
      "The map tells numbers in place of names, which are too many for a page: number 0 is the first name of the input.",
    );
  if (graph && data.positions && !edges && graph.neighbors.length > 0)
    said.push(`The ${count(graph.neighbors.length / 2)} edges are not drawn.`);
  return said;
}

/** Of each member, the share of its edges' weight that stays in the cluster, 0 to 1. */
export function memberships({ data: { graph }, clusterOf }: ClusteringView, { members }: ReportCluster): Float64Array {
  return Float64Array.from(members, (member) => {
    if (!graph || !(graph.degree[member] > 0)) return 0;
    let inside = 0;
    for (let e = graph.offsets[member]; e < graph.offsets[member + 1]; e++)
      if (clusterOf[graph.neighbors[e]] === clusterOf[member]) inside += graph.weights[e] / graph.degree[member];
    return inside;
  });
}
