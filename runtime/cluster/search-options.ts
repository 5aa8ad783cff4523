/** What whoever asks for clusters may say besides the settings. */
import type { Graph } from "../../kernels/graph/csr";
import type { CoverOptions } from "./cover";
import type { Points } from "./normalize";

/** What is being done, in order: points from the matrix, their neighbors, the search of the null, the clusters, those of halves. */
export type Stage = "points" | "neighbors" | "null" | "clusters" | "stability";

export interface SearchOptions {
  /** Threads that search; by default as many as there are cores. They change no result. */
  threads?: number;
  /** Told when a stage begins (done 0) and how far it is. */
  progress?: (stage: Stage, done: number, total: number) => void;
  /** Whether clusters get their sweep profile; true by default. */
  profiles?: boolean;
  /** Given the graph that is searched, its nodes in the order of the input, and of a matrix the points that it was made from. */
  onGraph?: (graph: Graph, points?: Points) => void;
}

/** Those of a cover, whose progress is that of a stage. */
export const coverOptions = ({ threads, progress, profiles }: SearchOptions, stage: Stage): CoverOptions => ({
  threads,
  profiles,
  progress: progress && ((done, total) => progress(stage, done, total)),
});
