/** Clusterings side by side on all cores, where each of them is too small for several. */
import script from "../../dist/cluster/worker.txt";
import type { Device } from "../plan/device";
import { type JobOptions, runJobs, type Work } from "../threads/jobs";
import type { TokenClustering } from "./cluster";
import { type ClusterJob, runClusterJob } from "./job";
import { FEW_NODES } from "./search";

export type { ClusterJob } from "./job";

export interface ManyOptions extends JobOptions {
  /** A device that the neighbor search of large matrices may use. */
  readonly device?: Device;
}

/**
 * Clusters many matrices. Results are in the order of the jobs, and the same bytes for any number of threads and as
 * `clusterTokens` gives.
 * @throws SpectroscopeError of the first job, in order, that failed; `interrupted` where the signal asks to stop
 */
export function clusterMany(jobs: readonly ClusterJob[], options: ManyOptions = {}): Promise<TokenClustering[]> {
  const tokens = jobs.reduce((most, { matrix }) => Math.max(most, matrix.rows), 0);
  return clusterEach(
    tokens,
    jobs.map((job) => () => job),
    options,
  );
}

/**
 * The same of jobs that are made one by one, each when it is its turn: no more are held than there are threads. Where a matrix
 * has enough rows to keep all cores busy by itself, one after another.
 * @param tokens rows of the largest matrix
 */
export function clusterEach(
  tokens: number,
  jobs: readonly (() => ClusterJob | Promise<ClusterJob>)[],
  { device, threads, ...options }: ManyOptions = {},
): Promise<TokenClustering[]> {
  if (tokens < FEW_NODES) return runJobs(SMALL, jobs, { ...options, threads });
  const work: Work<ClusterJob, TokenClustering> = { script, run: (job) => runClusterJob(job, { device, threads }) };
  return runJobs(work, jobs, { ...options, threads: 1 });
}

/** Small clusterings, each by one thread. */
const SMALL: Work<ClusterJob, TokenClustering> = {
  script,
  run: (job) => runClusterJob(job, { threads: 1 }),
};
