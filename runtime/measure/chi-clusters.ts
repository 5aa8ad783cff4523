/** What the chains of a run say about chi's clusters: weights and noise of its columns, stability, errors of profiles. */
import { type ClusterOptions, clusterTokens } from "../cluster/cluster";
import type { Matrix } from "../cluster/matrix";
import { normalizeColumns } from "../cluster/normalize";
import { columnReliability } from "../cluster/reliability";
import { type ClusterStability, matrixReruns, type Rerun, resample } from "../cluster/resampling";
import type { TokenSet } from "../cluster/score";
import type { RunConfig } from "./config";
import type { ChiMatrices } from "./features";

/** Weights of chi's columns in the graph, where the clustering weighs them and there are chains to do it by. */
export function columnWeights({ byChain }: ChiMatrices, { cluster }: Pick<RunConfig, "cluster">) {
  if (cluster.column_weights !== "reliability" || byChain.length < 2) return undefined;
  return columnReliability(byChain, cluster.columns, cluster.reliability_z).weights;
}

/** Means of the even and of the odd chains, where there are both: two halves of one measurement. */
function halvesOf({ byChain }: ChiMatrices): [Matrix, Matrix] | undefined {
  const of = (parity: number) => meanOf(byChain.filter((_, chain) => chain % 2 === parity));
  return byChain.length > 1 ? [of(0), of(1)] : undefined;
}

function meanOf(chains: readonly Matrix[]): Matrix {
  const [{ rows, cols }] = chains;
  const data = new Float64Array(rows * cols);
  for (const chain of chains) for (let i = 0; i < data.length; i++) data[i] += chain.data[i] / chains.length;
  return { rows, cols, data };
}

/** What chains say of chi's columns and noise, for its clustering. */
export function clusterOptions(chi: ChiMatrices, config: Pick<RunConfig, "cluster">): ClusterOptions {
  const weights = columnWeights(chi, config);
  const halves = halvesOf(chi);
  return { ...(weights ? { weights } : {}), ...(halves ? { halves } : {}) };
}

/** Clusters of chi again on half the tokens, the components and the chains. */
export function chiStability(
  clusters: readonly TokenSet[],
  chi: ChiMatrices,
  config: RunConfig,
  progress: ClusterOptions["progress"],
): Promise<ClusterStability[]> {
  const options = clusterOptions(chi, config);
  const chains: Rerun = {
    count: chi.byChain.length,
    run: async (kept) => {
      const byChain = Array.from(kept, (chain) => chi.byChain[chain]);
      const part = { ...chi, chi: meanOf(byChain), byChain };
      // One chain alone cannot weigh its columns; all of them did.
      return (await clusterTokens(part.chi, config.cluster, { ...options, ...clusterOptions(part, config) })).clusters;
    },
  };
  const reruns = { ...matrixReruns(chi.chi, config.cluster, options), ...(chains.count > 1 ? { chains } : {}) };
  return resample(clusters, config.cluster, reruns, progress);
}

/**
 * Mean normalized chi per component over a cluster's members, and its standard error over chains. Normalizes once for all
 * clusters.
 */
export function clusterProfiles(
  clusters: readonly { readonly members: readonly number[] }[],
  { chi, byChain }: ChiMatrices,
  { cluster }: Pick<RunConfig, "cluster">,
): { profile: number[]; error: number[] }[] {
  const { cols } = chi;
  const whole = normalizeColumns(chi, cluster.columns).data;
  const chains = byChain.map((chain) => normalizeColumns(chain, cluster.columns).data);
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
