/** Jobs that a worker can be given: what a clustering, or the score of neighbors alone, needs, cloned, and what comes back. */
import type { Matrix } from "../statistics/matrix";
import { type ClusterOptions, clusterTokens, pointsOf, type TokenClustering } from "./cluster";
import { type ClusterConfig, parseClusterConfig } from "./config";
import { type KnownLabels, type NeighborScores, scoreNeighbors } from "./neighbor-score";
import { principalScores } from "./pca";

/** What points are made of. */
interface PointsJob {
  /** [tokens, features]. */
  readonly matrix: Matrix;
  /** Principal axes that the matrix is reduced to before points are made of it; without, it is taken as it is. */
  readonly axes?: number;
  readonly config?: Partial<ClusterConfig>;
}

export interface ClusterJob extends PointsJob {
  /** What is known of the columns and of the tokens, and whether clusters get their profiles. */
  readonly options?: Pick<ClusterOptions, "columns" | "weights" | "halves" | "known" | "profiles">;
}

export interface NeighborJob extends PointsJob {
  readonly known: KnownLabels;
  readonly options?: Pick<ClusterOptions, "columns" | "weights" | "halves">;
}

/** Who searches; it changes no result. */
type Search = Pick<ClusterOptions, "device" | "threads">;

const reduced = ({ matrix, axes }: PointsJob) => (axes === undefined ? matrix : principalScores(matrix, axes));

/** The clustering of a job. */
export function runClusterJob(job: ClusterJob, search: Search = {}): Promise<TokenClustering> {
  return clusterTokens(reduced(job), job.config, { ...job.options, ...search });
}

/** How well neighbors tell known labels, without clusters. */
export async function runNeighborJob(job: NeighborJob, search: Search = {}): Promise<NeighborScores | undefined> {
  const points = pointsOf(reduced(job), parseClusterConfig(job.config), job.options ?? {});
  return scoreNeighbors(points, job.known, search);
}

/** A job as a worker gets it. */
export type WorkerJob = { readonly cluster: ClusterJob } | { readonly neighbors: NeighborJob };

/** Either kind, by one thread. */
export function runWorkerJob(job: WorkerJob): Promise<TokenClustering | NeighborScores | undefined> {
  const search = { threads: 1 };
  return "cluster" in job ? runClusterJob(job.cluster, search) : runNeighborJob(job.neighbors, search);
}
