/** What the chains of a run say about chi's clusters: weights and noise of its columns, stability, errors of profiles. */
import { type ClusterOptions, clusterTokens } from "../cluster/cluster";
import { normalizeColumns } from "../cluster/normalize";
import { columnReliability } from "../cluster/reliability";
import { type ClusterStability, matrixReruns, type Rerun, resample } from "../cluster/resampling";
import type { TokenSet } from "../cluster/score";
import type { Matrix } from "../statistics/matrix";
import { type ChiTable, chainMatrices, chiMatrix } from "../susceptibility/chi-table";
import type { RunConfig } from "./config";

/** Weights of chi's columns in the graph, where the clustering weighs them and there are chains to do it by. */
export function columnWeights(chains: readonly Matrix[], { cluster }: Pick<RunConfig, "cluster">) {
  if (cluster.column_weights !== "reliability" || chains.length < 2) return undefined;
  return columnReliability(chains, cluster.columns, cluster.reliability_z).weights;
}

/** Means of the even and of the odd chains, where there are both: two halves of one measurement. */
function halvesOf(chains: readonly Matrix[]): [Matrix, Matrix] | undefined {
  const of = (parity: number) => meanOf(chains.filter((_, chain) => chain % 2 === parity));
  return chains.length > 1 ? [of(0), of(1)] : undefined;
}

/** Mean of matrices of one shape. */
export function meanOf(chains: readonly Matrix[]): Matrix {
  const [{ rows, cols }] = chains;
  const data = new Float64Array(rows * cols);
  for (const chain of chains) for (let i = 0; i < data.length; i++) data[i] += chain.data[i] / chains.length;
  return { rows, cols, data };
}

/** What chains say of chi's columns and noise, for its clustering. */
export function clusterOptions(
  chains: readonly Matrix[],
  config: Pick<RunConfig, "cluster">,
): Pick<ClusterOptions, "weights" | "halves"> {
  const weights = columnWeights(chains, config);
  const halves = halvesOf(chains);
  return { ...(weights ? { weights } : {}), ...(halves ? { halves } : {}) };
}

/** The columns of a table that are clustered, and what its chains say of them. */
export interface ColumnEvidence extends Pick<ClusterOptions, "weights" | "halves"> {
  /** [tokens, components]. */
  readonly matrix: Matrix;
  /** The same as every chain alone measures it. */
  readonly chains: readonly Matrix[];
}

/** What of a table goes into the clustering. */
export function evidenceOf(table: ChiTable, config: Pick<RunConfig, "cluster">): ColumnEvidence {
  const chains = chainMatrices(table);
  return { matrix: chiMatrix(table), chains, ...clusterOptions(chains, config) };
}

/** Clusters of chi again on half the tokens, the components and the chains. `options`: who searches, and who is told. */
export function chiStability(
  clusters: readonly TokenSet[],
  table: ChiTable,
  config: RunConfig,
  { progress, ...search }: Pick<ClusterOptions, "progress" | "device" | "threads"> = {},
): Promise<ClusterStability[]> {
  const all = chainMatrices(table);
  const options = { ...search, ...clusterOptions(all, config) };
  const chains: Rerun = {
    count: all.length,
    run: async (kept) => {
      const some = Array.from(kept, (chain) => all[chain]);
      // One chain alone cannot weigh its columns; all of them did.
      const own = { ...options, ...clusterOptions(some, config) };
      return (await clusterTokens(meanOf(some), config.cluster, own)).clusters;
    },
  };
  const reruns = { ...matrixReruns(chiMatrix(table), config.cluster, options), ...(all.length > 1 ? { chains } : {}) };
  return resample(clusters, config.cluster, reruns, progress);
}

/**
 * Mean normalized chi per component over a cluster's members, and its standard error over chains. Normalizes once for all
 * clusters.
 */
export function clusterProfiles(
  clusters: readonly { readonly members: readonly number[] }[],
  table: ChiTable,
  { cluster }: Pick<RunConfig, "cluster">,
): { profile: number[]; error: number[] }[] {
  const cols = table.components.length;
  const whole = normalizeColumns(chiMatrix(table), cluster.columns).data;
  const chains = chainMatrices(table).map((chain) => normalizeColumns(chain, cluster.columns).data);
  const M = chains.length;
  return clusters.map(({ members }) => {
    const mean = (data: Float64Array) =>
      Array.from({ length: cols }, (_, c) => members.reduce((sum, i) => sum + data[i * cols + c], 0) / members.length);
    const own = chains.map(mean);
    const error = Array.from({ length: cols }, (_, c) => {
      const average = own.reduce((sum, chain) => sum + chain[c] / M, 0);
      return M > 1 ? Math.sqrt(own.reduce((sum, chain) => sum + (chain[c] - average) ** 2, 0) / (M * (M - 1))) : 0;
    });
    return { profile: mean(whole), error };
  });
}
