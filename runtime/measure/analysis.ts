/** chi of a sampled run, its controls and the baselines, each through the same clustering. */
import { type ClusterOptions, clusterTokens, type TokenClustering } from "../cluster/cluster";
import { gaussianMatrix, shuffledColumns } from "../cluster/controls";
import type { Clustering } from "../cluster/cover";
import { conductanceProfile, type ProfileBin } from "../cluster/profile";
import type { ClusterStability } from "../cluster/resampling";
import type { Device } from "../plan/device";
import type { Matrix } from "../statistics/matrix";
import type { Run } from "../store/run";
import { splitHalf } from "../susceptibility/agreement";
import { type ChiTable, chainMatrices, chiMatrix } from "../susceptibility/chi-table";
import { chiStability, clusterOptions, columnWeights } from "./chi-clusters";
import { chiTable } from "./chi-tables";
import type { RunConfig } from "./config";
import type { Corpus } from "./corpus";
import { type Attention, say, stopIfAsked } from "./events";
import { traceMatrix } from "./trace-features";
import { PRIOR_SUFFIX, priorSampled } from "./units";

/** A feature set, or a control, through the clustering. */
export interface FeatureResult {
  readonly features: string;
  readonly control: boolean;
  /** Owes nothing to the measurement. */
  readonly baseline?: boolean;
  readonly clustering: Pick<Clustering, "clusters" | "labels">;
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
  /** Split-half reliability of each column of chi; NaN with one chain. */
  readonly splitHalf: Float64Array;
  readonly results: readonly FeatureResult[];
}

/** @throws SpectroscopeError `interrupted` when the signal asks to stop; those of the stores and of the clustering */
export async function analyzeSamples(context: AnalysisContext): Promise<Analysis> {
  const { run, config, components, device, threads, on } = context;
  const { seed } = config.sampler;
  const request = { estimator: config.estimator, seed } as const;
  const search = { device, threads };
  const results: FeatureResult[] = [];
  const stop = () =>
    stopIfAsked(context, "stopped before the results were written", "run the same command again: all draws are kept");
  const add = async (features: string, control: boolean, matrix: Matrix, options: ClusterOptions = {}) => {
    stop();
    say(context, `clustering ${features}`);
    const clustering = await clusterTokens(matrix, config.cluster, { ...search, ...options });
    results.push({ features, control, clustering });
    return clustering;
  };
  const optionsOf = (table: ChiTable) => clusterOptions(chainMatrices(table), config);

  const chi = await chiTable(run, components, request);
  const [matrix, chains] = [chiMatrix(chi), chainMatrices(chi)];
  const reliability = columnWeights(chains, config);
  const own = optionsOf(chi);
  const { clusters, k, graph, points, rounds, candidates, advice } = await add("chi", false, matrix, own);
  const halves = (_: unknown, done: number, total: number) => {
    stop();
    on?.({ kind: "work", task: "stability", label: "clustering halves", done, total });
  };
  const stability =
    config.cluster.stability > 0
      ? await chiStability(clusters, chi, config, { ...search, progress: halves })
      : undefined;
  const pairing = config.keep_traces ? "shuffled" : "shifted";
  const shuffled = await chiTable(run, components, { ...request, null: pairing });
  await add(`chi, ${pairing} draws`, true, chiMatrix(shuffled), optionsOf(shuffled));
  if (priorSampled(config)) {
    const prior = await chiTable(run, components, { ...request, suffix: PRIOR_SUFFIX });
    await add("chi, n_beta = 0", true, chiMatrix(prior), optionsOf(prior));
  }
  await add("chi, every column shuffled", true, shuffledColumns(matrix, seed), own);
  await add("Gaussian matrix", true, gaussianMatrix(matrix.rows, matrix.cols, seed));
  if (reliability) {
    await add("chi, columns unweighted", false, matrix);
    await add(`chi, columns unweighted, ${pairing} draws`, true, chiMatrix(shuffled));
  }
  if (config.keep_traces) {
    const rank = config.trace_rank;
    await add("trace features", false, await traceMatrix(run, components, { rank, seed, shuffle: false }));
    const control = await traceMatrix(run, components, { rank, seed, shuffle: true });
    await add("trace features, shuffled draws", true, control);
  }
  if (context.activations) {
    await add("last-layer activations", false, context.activations);
    results.push({ ...results.pop()!, baseline: true });
  }
  results.push({
    features: "token identity",
    control: false,
    baseline: true,
    clustering: clustersByToken(context.probe),
  });
  const unknown = () => new Float64Array(components.length).fill(Number.NaN);
  return {
    chi,
    facts: { k, graph, points, rounds, profile: conductanceProfile(candidates) },
    advice,
    ...(stability ? { stability } : {}),
    reliability: reliability ?? new Float64Array(components.length).fill(1),
    splitHalf: chains.length > 1 ? splitHalf(chains, { seed }).reliability : unknown(),
    results,
  };
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
