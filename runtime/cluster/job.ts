/** One clustering as a job that a worker can be given: what it needs, cloned, and what comes back. */
import type { Matrix } from "../statistics/matrix";
import { type ClusterOptions, clusterTokens, type TokenClustering } from "./cluster";
import type { ClusterConfig } from "./config";
import { principalScores } from "./pca";

export interface ClusterJob {
  /** [tokens, features]. */
  readonly matrix: Matrix;
  /** Principal axes that the matrix is reduced to before it is clustered; without, it is taken as it is. */
  readonly axes?: number;
  readonly config?: Partial<ClusterConfig>;
  /** What is known of the columns and of the tokens, and whether clusters get their profiles. */
  readonly options?: Pick<ClusterOptions, "columns" | "weights" | "halves" | "known" | "profiles">;
}

/** The clustering of a job. `search`: who searches; it changes no result. */
export function runClusterJob(
  { matrix, axes, config, options }: ClusterJob,
  search: Pick<ClusterOptions, "device" | "threads"> = {},
): Promise<TokenClustering> {
  return clusterTokens(axes === undefined ? matrix : principalScores(matrix, axes), config, { ...options, ...search });
}
