/** What of a run's chi is clustered, and what its chains say of that: weights and noise, stability, errors of profiles. */
import { type ClusterOptions, clusterTokens } from "../cluster/cluster";
import { CORRELATION_SQUASH, chiColumns } from "../cluster/config";
import { type ColumnRule, normalizeColumns } from "../cluster/normalize";
import { columnReliability } from "../cluster/reliability";
import { type ClusterStability, matrixReruns, type Rerun, resample } from "../cluster/resampling";
import type { TokenSet } from "../cluster/score";
import type { Matrix } from "../statistics/matrix";
import { type ChiTable, chiColumnsOf, matricesByChain, matrixOf } from "../susceptibility/chi-table";
import type { RunConfig } from "./config";

type Clustered = Pick<RunConfig, "cluster">;

/** What is clustered, as the chains have it: their matrices, and the squash of the columns. */
interface ChainColumns {
  readonly chains: readonly Matrix[];
  readonly columns: ColumnRule;
}

/** Weights of columns in the graph, where the clustering weighs them and there are chains to do it by. */
function columnWeights({ chains, columns }: ChainColumns, { cluster }: Clustered): Float64Array | undefined {
  if (cluster.column_weights !== "reliability" || chains.length < 2) return undefined;
  return columnReliability(chains, columns, cluster.reliability_z).weights;
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

/** What chains say of columns and their noise, for the clustering. */
function chainOptions(of: ChainColumns, config: Clustered): Pick<ClusterOptions, "weights" | "halves"> {
  const weights = columnWeights(of, config);
  const halves = halvesOf(of.chains);
  return { ...(weights ? { weights } : {}), ...(halves ? { halves } : {}) };
}

/** The columns of a table that are clustered, and what its chains say of them. */
export interface ColumnEvidence extends ChainColumns, Pick<ClusterOptions, "weights" | "halves"> {
  /** [tokens, components]: chi, or its correlations. */
  readonly matrix: Matrix;
  /** The same as every chain alone measures it. */
  readonly chains: readonly Matrix[];
  /** What becomes of its columns before rows are treated. */
  readonly columns: ColumnRule;
}

/** What of a table goes into the clustering: `cluster.columns` says whether that is chi or its correlations. */
export function evidenceOf(table: ChiTable, config: Clustered): ColumnEvidence {
  const rule = chiColumns(config.cluster);
  const columns = rule === "correlation" ? CORRELATION_SQUASH : rule;
  const from = rule === "correlation" ? table.correlation : chiColumnsOf(table);
  const chains = matricesByChain(table, from);
  return { matrix: matrixOf(table, from), chains, columns, ...chainOptions({ chains, columns }, config) };
}

/** Clusters of chi again on half the tokens, the components and the chains. `options`: who searches, and who is told. */
export function chiStability(
  clusters: readonly TokenSet[],
  table: ChiTable,
  config: RunConfig,
  { progress, ...search }: Pick<ClusterOptions, "progress" | "device" | "threads"> = {},
): Promise<ClusterStability[]> {
  const { matrix, chains: all, ...evidence } = evidenceOf(table, config);
  const options = { ...search, ...evidence };
  const chains: Rerun = {
    count: all.length,
    run: async (kept) => {
      const some = Array.from(kept, (chain) => all[chain]);
      // One chain alone cannot weigh its columns; all of them did.
      const own = { ...options, ...chainOptions({ chains: some, columns: evidence.columns }, config) };
      return (await clusterTokens(meanOf(some), config.cluster, own)).clusters;
    },
  };
  const reruns = { ...matrixReruns(matrix, config.cluster, options), ...(all.length > 1 ? { chains } : {}) };
  return resample(clusters, config.cluster, reruns, progress);
}

/**
 * Mean per component over a cluster's members of what was clustered, columns treated as they were there, and its standard error
 * over chains. Treats them once for all clusters.
 */
export function clusterProfiles(
  clusters: readonly { readonly members: readonly number[] }[],
  table: ChiTable,
  config: Clustered,
): { profile: number[]; error: number[] }[] {
  const cols = table.components.length;
  const { matrix, chains: each, columns } = evidenceOf(table, config);
  const whole = normalizeColumns(matrix, columns).data;
  const chains = each.map((chain) => normalizeColumns(chain, columns).data);
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
