/** `cluster --report`: the page of a clustering that is no run's. */
import type { Graph } from "../../../kernels/graph/csr";
import type { GraphClustering } from "../../../runtime/cluster/cluster";
import type { LineExtras } from "../../../runtime/cluster/cluster-lines";
import type { ClusterConfig } from "../../../runtime/cluster/config";
import { layOut } from "../../../runtime/cluster/layout/layout";
import { principalScores } from "../../../runtime/cluster/pca";
import type { GivenLabels } from "../../../runtime/formats/labels";
import { version } from "../../../runtime/measure/version";
import type { Matrix } from "../../../runtime/statistics/matrix";
import type { ClusteringData } from "../../report/clustering/data";
import { renderClustering } from "../../report/clustering/render";
import { count } from "../../report/format";
import { type LabelScores, type Stages, scoreTerms } from "./outcome";

/** More points than this are not laid out: it would take minutes, and the page would be too large. */
const MOST_POINTS = 200_000;

/** What a page tells that the clustering does not hold. */
export interface ReportInput {
  /** The file that was clustered. */
  readonly file: string;
  /** The graph that was searched and the points that it was made from, as `onGraph` gave them; absent where there was none. */
  readonly graph?: Graph;
  readonly points?: Matrix;
  /** Names of the nodes, and of a matrix's columns. */
  readonly names?: readonly string[];
  readonly columns?: readonly string[];
  readonly facts: readonly (readonly [string, string])[];
  /** Keys of the config that have no meaning for it. */
  readonly unfit?: readonly string[];
  /** What of the file is not in the graph, in words. */
  readonly leftOut: readonly string[];
}

/** A clustering with what a page is made from. */
export interface Reported {
  readonly result: GraphClustering;
  readonly extras: readonly LineExtras[];
  readonly labels?: GivenLabels;
  readonly config: ClusterConfig;
  readonly unit: string;
  readonly stages: Stages;
  readonly report: ReportInput;
}

/** Places on the map, or why there are none. */
function placesOf({ graph, points }: ReportInput, { config, stages, unit }: Reported): Partial<ClusteringData> {
  if (!graph) return { noMap: "There is no map: the input left nothing to make a graph from." };
  if (graph.n > MOST_POINTS)
    return {
      noMap: `There is no map: it is drawn of up to ${count(MOST_POINTS)} ${unit}, and these are ${count(graph.n)}.`,
    };
  const progress = (share: number) => stages.report("map", share, 1);
  const start = points && points.rows > 1 ? principalScores(points, 2) : undefined;
  return { positions: layOut(graph, { seed: config.seed, start, progress }) };
}

/** The page as text. Nothing is written yet, so that what fails here leaves no half of a result. */
export function reportPage(done: Reported, scores: LabelScores | undefined): string {
  const { report, result, extras, labels, config, unit, stages } = done;
  stages.begin("map");
  const { graph } = result;
  const n = result.labels.length;
  const body = result.labels.reduce((sum, label) => sum + (label < 0 ? 1 : 0), 0);
  const edges = `${count(graph.edges)} between ${count(graph.nodes)} ${unit}`;
  return renderClustering({
    ...{ version, title: `Clusters of ${report.file}`, n },
    config: Object.fromEntries(Object.entries(config).filter(([key]) => !report.unfit?.includes(key))),
    unit: unit === "rows" ? ["row", "rows"] : ["node", "nodes"],
    fromPoints: report.points !== undefined || unit === "rows",
    facts: [["File", report.file], ...report.facts, ["Edges", edges], ["Rounds", String(result.rounds)]],
    clusters: result.clusters.map((cluster, i) => ({ ...cluster, ...extras[i] })),
    ...{ names: report.names, columns: report.columns, graph: report.graph, labels, advice: result.advice },
    ...(scores ? { scores: scoreTerms(scores), minCount: scores.min_count } : {}),
    leftOut: [
      ...report.leftOut,
      ...(body > 0 ? [`${unit} in no cluster, the body: ${count(body)} of ${count(n)}`] : []),
    ],
    ...placesOf(report, done),
  });
}
