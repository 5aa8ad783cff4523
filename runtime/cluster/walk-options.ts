/** How a search walks, by the settings. */
import type { Graph } from "../../kernels/graph/csr";
import type { SearchOptions } from "../../kernels/graph/reference";
import { type ClusterConfig, defaultTolerances, withNull } from "./config";

/** How each search walks, chooses a prefix and treats its boundary. The paper has no polish, and open valleys are sets there. */
export const SEARCHES = {
  multiscale: { lazy: false, rule: "prominent", polishRounds: 5 },
  paper: { lazy: true, rule: "global", polishRounds: 0 },
} as const;
/** What all searches have in common. */
export const COMMON = {
  /** A valley within a factor 1.2 of the deepest comes before it: of nested sets about as separate, the smaller. */
  delta: 0.2,
  /** The paper's threshold of the main body. */
  mainBody: 0.99,
  /** No bound: the null decides alone. */
  phiMax: 1,
  /** At 0.5 the polish is plain descent, and sets in a body grow without end; at 1 good members leave. */
  strictness: 0.7,
} as const;

/** Teleport probability of the simple walk that has the PageRank of the lazy one with `alpha`, in half the work. */
export const simpleTeleport = (alpha: number) => (2 * alpha) / (1 + alpha);
/** Teleport probability of the walk that is made. */
export const teleport = ({ alpha, search }: Pick<ClusterConfig, "alpha" | "search">) =>
  SEARCHES[search].lazy ? alpha : simpleTeleport(alpha);

/** The kernel's options for a graph; `volume` is that of the whole graph. */
export function walkOptions(graph: Graph, config: ClusterConfig, minSize: number, volume: number): SearchOptions {
  return {
    ...COMMON,
    ...SEARCHES[config.search],
    alpha: teleport(config),
    tolerances: config.tolerances ?? defaultTolerances(graph.n > 0 ? graph.volume / graph.n || 1 : 1, config),
    maxPushes: Infinity,
    minSize,
    maxVolume: Math.max(Math.min(withNull(config).maxShare * volume, graph.volume), Number.MIN_VALUE),
    openPhi: simpleTeleport(config.alpha),
    every: false,
  };
}
