/** What clusters are held against: the same search in graphs without structure. */
import { SpectroscopeError } from "../../kernels/errors";
import type { Graph } from "../../kernels/graph/csr";
import type { Matrix } from "../statistics/matrix";
import { type Envelope, type NullPoint, nullEnvelope, randomSetEnvelope } from "./candidates";
import { type ClusterConfig, defaultNullDraws } from "./config";
import { fillGaussian, rewire, shuffleColumnsInPlace } from "./controls";
import { searchNull } from "./cover";
import type { SearchOptions } from "./search-options";

/** The graph of points whose normalized columns `between` has changed in place. */
export type NullPoints = (between: (columns: Matrix & { data: Float64Array }) => void) => Promise<Graph>;

/** How low a conductance null graphs have at each volume; `null` says which graphs those are. */
export async function envelopeOf(
  graph: Graph,
  config: ClusterConfig,
  options: SearchOptions,
  nullPoints?: NullPoints,
): Promise<Envelope> {
  if (config.null === "none") return randomSetEnvelope;
  const draws = config.null_draws ?? defaultNullDraws(graph.n);
  const points: NullPoint[] = [];
  for (let draw = 0; draw < draws; draw++) {
    options.progress?.("null", draw, draws);
    const made = await nullGraph(graph, config.null, config.seed + draw, nullPoints);
    for (const point of await searchNull(made, config, { threads: options.threads })) points.push(point);
  }
  options.progress?.("null", draws, draws);
  return nullEnvelope(points);
}

async function nullGraph(
  graph: Graph,
  rule: Exclude<ClusterConfig["null"], "none">,
  seed: number,
  nullPoints?: NullPoints,
): Promise<Graph> {
  if (rule === "rewired") return rewire(graph, seed);
  if (!nullPoints)
    throw new SpectroscopeError(`null = ${rule} needs points, and this is a graph`, {
      code: "usage",
      hint: "set null=rewired or null=none",
    });
  return nullPoints((columns) => {
    if (rule === "gaussian") fillGaussian(columns, seed, "null points");
    else shuffleColumnsInPlace(columns, seed, "null points");
  });
}
