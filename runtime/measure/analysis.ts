/** chi of a sampled run, its controls and the baselines, each through the same clustering. */
import type { TokenClustering } from "../cluster/cluster";
import type { Clustering } from "../cluster/clustering";
import { clusterEach } from "../cluster/many";
import type { NeighborScores } from "../cluster/neighbor-score";
import { conductanceProfile, type ProfileBin } from "../cluster/profile";
import type { ClusterStability } from "../cluster/resampling";
import type { Device } from "../plan/device";
import type { Matrix } from "../statistics/matrix";
import type { Run } from "../store/run";
import { splitHalf } from "../susceptibility/agreement";
import type { ChiTable } from "../susceptibility/chi-table";
import { chiStability, evidenceOf } from "./chi-clusters";
import { chiTable } from "./chi-tables";
import type { RunConfig } from "./config";
import type { Corpus } from "./corpus";
import { type Attention, say, stopIfAsked } from "./events";
import { chiRequestOf, type FeatureRow, featureRows } from "./feature-rows";
import { scoredRoles } from "./known-roles";
import { comparePriors } from "./prior-comparison";
import type { PriorComparison } from "./report-data";
import type { RowDraws } from "./row-draws";

/** A feature set, or a control, through the clustering. */
export interface FeatureResult {
  readonly features: string;
  readonly control: boolean;
  /** Owes nothing to the measurement. */
  readonly baseline?: boolean;
  /** Of what comes from draws. */
  readonly drawn?: RowDraws;
  readonly clustering: Pick<Clustering, "clusters" | "labels">;
  /** How well neighbors tell a token's role, where roles are known. */
  readonly neighbors?: NeighborScores;
}

export interface AnalysisContext extends Attention {
  readonly run: Run;
  readonly config: RunConfig;
  readonly components: readonly string[];
  readonly probe: Corpus;
  /** [tokens, D], when they could be computed. */
  readonly activations?: Matrix;
  /** Where neighbors may be searched, and by how many threads; they change no result. */
  readonly device?: Device;
  readonly threads?: number;
}

/** How chi was clustered, without times or machine. */
export interface ClusteringFacts extends Pick<TokenClustering, "k" | "graph" | "points" | "rounds"> {
  /** Lowest conductance of any accepted candidate, by size. */
  readonly profile: readonly ProfileBin[];
}

export interface Analysis {
  readonly chi: ChiTable;
  readonly facts: ClusteringFacts;
  /** Of chi's clustering, in words. */
  readonly advice: readonly string[];
  /** Of each cluster of chi, where the config asks for it. */
  readonly stability?: readonly ClusterStability[];
  /** Weight of each column in the graph, by how far chains agree about it. */
  readonly reliability: Float64Array;
  /** Split-half reliability of each column that is clustered; NaN with one chain. */
  readonly splitHalf: Float64Array;
  readonly results: readonly FeatureResult[];
  /** chi and traces against those of their priors. */
  readonly comparisons: readonly PriorComparison[];
}

/** @throws SpectroscopeError `interrupted` when the signal asks to stop; those of the stores and of the clustering */
export async function analyzeSamples(context: AnalysisContext): Promise<Analysis> {
  const { run, config, components, device, threads, on } = context;
  const { seed } = config.sampler;
  const search = { device, threads };
  const chi = await chiTable(run, components, chiRequestOf(config));
  const { chains, weights } = evidenceOf(chi, config);
  const rows = featureRows({ run, config, components, chi, activations: context.activations });
  const clusterings = await clusterRows(context, chi.tokens, rows);
  const { clusters, k, graph, points, rounds, candidates, advice } = clusterings[0].clustering;
  const halves = (_: unknown, done: number, total: number) => {
    stop(context);
    on?.({ kind: "work", task: "stability", label: "clustering halves", done, total });
  };
  const stability =
    config.cluster.stability > 0
      ? await chiStability(clusters, chi, config, { ...search, progress: halves })
      : undefined;
  const results: FeatureResult[] = rows.map(({ features, control, baseline }, i) => {
    const { drawn } = clusterings[i];
    const { neighborScores: neighbors, ...clustering } = clusterings[i].clustering;
    return {
      ...{ features, control, clustering },
      ...(baseline ? { baseline } : {}),
      ...(drawn ? { drawn } : {}),
      ...(neighbors ? { neighbors } : {}),
    };
  });
  const tokens = clustersByToken(context.probe);
  results.push({ features: "token identity", control: false, baseline: true, clustering: tokens });
  const unknown = () => new Float64Array(components.length).fill(Number.NaN);
  return {
    chi,
    facts: { k, graph, points, rounds, profile: conductanceProfile(candidates) },
    advice,
    ...(stability ? { stability } : {}),
    reliability: weights ? Float64Array.from(weights) : new Float64Array(components.length).fill(1),
    splitHalf: chains.length > 1 ? splitHalf(chains, { seed }).reliability : unknown(),
    results,
    comparisons: await comparePriors(context, chi),
  };
}

function stop(context: AnalysisContext): void {
  stopIfAsked(context, "stopped before the results were written", "run the same command again: all draws are kept");
}

/** A row's clusters, and what it was drawn with. */
type ClusteredRow = Pick<FeatureResult, "drawn"> & { readonly clustering: TokenClustering };

/** Clusters of every row, by one config, side by side. */
async function clusterRows(
  context: AnalysisContext,
  tokens: number,
  rows: readonly FeatureRow[],
): Promise<ClusteredRow[]> {
  const { config, device, threads, signal, on } = context;
  const known = scoredRoles(context.probe.labels);
  const drawn: (RowDraws | undefined)[] = rows.map(() => undefined);
  const jobs = rows.map((row, i) => async () => {
    const { drawn: own, ...input } = await row.input();
    drawn[i] = own;
    return { ...input, config: config.cluster, options: { ...input.options, ...(known ? { known } : {}) } };
  });
  const begun = (job: number) => {
    stop(context);
    say(context, `clustering ${rows[job].features}`);
  };
  const progress = (done: number, total: number) => {
    on?.({ kind: "work", task: "rows", label: "clustering rows", done, total });
  };
  try {
    const clusterings = await clusterEach(tokens, jobs, { device, threads, signal, begun, progress });
    return clusterings.map((clustering, i) => ({ clustering, ...(drawn[i] ? { drawn: drawn[i] } : {}) }));
  } catch (error) {
    // What is said of a stop names what is to be done about it, whatever the workers say.
    stop(context);
    throw error;
  }
}

/** Every token id is a cluster. */
function clustersByToken({ ids, columns }: Corpus): Pick<Clustering, "clusters" | "labels"> {
  const targets = Array.from(ids).filter((_, index) => index % columns > 0);
  const members = new Map<number, number[]>();
  targets.forEach((id, token) => {
    members.set(id, [...(members.get(id) ?? []), token]);
  });
  const labels = new Int32Array(targets.length);
  const nothing = { sweep: [], tolerance: 0, excess: 0, recurrence: 0 };
  const clusters = [...members.values()].map((list, id) => {
    for (const token of list) labels[token] = id;
    return { id, size: list.length, conductance: 1, seed: list[0], members: list, ...nothing };
  });
  return { clusters, labels };
}
