/** Clusterings side by side on all cores, where each of them is too small for several. */
import script from "../../dist/cluster/worker.txt";
import type { Device } from "../plan/device";
import { type JobOptions, runJobs } from "../threads/jobs";
import type { TokenClustering } from "./cluster";
import { type ClusterJob, type NeighborJob, runClusterJob, runNeighborJob, runWorkerJob, type WorkerJob } from "./job";
import type { NeighborScores } from "./neighbor-score";
import { FEW_NODES } from "./search";

export type { ClusterJob, NeighborJob } from "./job";

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
  options: ManyOptions = {},
): Promise<TokenClustering[]> {
  const asked = jobs.map((make) => async (): Promise<WorkerJob> => ({ cluster: await make() }));
  return sideBySide(tokens, asked, options) as Promise<TokenClustering[]>;
}

/** The score of neighbors alone of many matrices, likewise. */
export function scoreNeighborsEach(
  tokens: number,
  jobs: readonly (() => NeighborJob | Promise<NeighborJob>)[],
  options: ManyOptions = {},
): Promise<(NeighborScores | undefined)[]> {
  const asked = jobs.map((make) => async (): Promise<WorkerJob> => ({ neighbors: await make() }));
  return sideBySide(tokens, asked, options) as Promise<(NeighborScores | undefined)[]>;
}

type WorkerResult = Awaited<ReturnType<typeof runWorkerJob>>;

function sideBySide(
  tokens: number,
  jobs: readonly (() => Promise<WorkerJob>)[],
  { device, threads, ...options }: ManyOptions,
): Promise<WorkerResult[]> {
  if (tokens < FEW_NODES) return runJobs({ script, run: runWorkerJob }, jobs, { ...options, threads });
  const search = { device, threads };
  const run = (job: WorkerJob): Promise<WorkerResult> =>
    "cluster" in job ? runClusterJob(job.cluster, search) : runNeighborJob(job.neighbors, search);
  return runJobs({ script, run }, jobs, { ...options, threads: 1 });
}
