import type { Progress } from "../../harness/cli/progress";
import { SpectroscopeError } from "../../kernels/errors";
import type { Labels, RunText } from "../../models/corpora";
import { type ClusterOptions, clusterTokens, type TokenClustering } from "../cluster/cluster";
import { gaussianMatrix, shuffledColumns } from "../cluster/controls";
import type { Clustering } from "../cluster/cover";
import type { Matrix } from "../cluster/matrix";
import { conductanceProfile, type ProfileBin } from "../cluster/profile";
import type { ClusterStability } from "../cluster/resampling";
import { scorePartition, scoreSets, type TokenSet } from "../cluster/score";
import type { Run } from "../store/run";
import { splitHalf } from "../susceptibility/agreement";
import { chiStability, clusterOptions, columnWeights } from "./chi-clusters";
import type { RunConfig } from "./config";
import { type ChiMatrices, chiMatrices, traceMatrix } from "./features";
import type { ScoreRow } from "./report-data";
import { PRIOR_SUFFIX, priorSampled } from "./units";

/** Roles with fewer tokens are not scored: an F1 over a handful says nothing. */
export const MIN_ROLE_TOKENS = 10;

/** A feature set, or a control, through the clustering. */
export interface FeatureResult {
  readonly features: string;
  readonly control: boolean;
  /** Owes nothing to the measurement. */
  readonly baseline?: boolean;
  readonly clustering: Pick<Clustering, "clusters" | "labels">;
}

export interface AnalysisContext {
  readonly directory: Run;
  readonly config: RunConfig;
  readonly components: readonly string[];
  readonly text: RunText;
  /** [tokens, D], when they could be computed. */
  readonly activations?: Matrix;
  readonly progress: Progress;
  /** Asked before each clustering. */
  readonly interrupted: () => boolean;
}

/** How chi was clustered, without times or machine. */
export interface ClusteringFacts extends Pick<TokenClustering, "k" | "graph" | "points" | "rounds"> {
  /** Lowest conductance of any accepted candidate, by size. */
  readonly profile: readonly ProfileBin[];
}

export interface Analysis {
  readonly chi: ChiMatrices;
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

/** chi, trace features, their controls and the baselines, each through the same clustering. */
export async function analyze(context: AnalysisContext): Promise<Analysis> {
  const { directory, config, components, progress } = context;
  const { seed } = config.sampler;
  const request = { estimator: config.estimator, seed } as const;
  const results: FeatureResult[] = [];
  const stopIfAsked = () => {
    if (context.interrupted()) {
      throw new SpectroscopeError("stopped before the results were written", {
        code: "interrupted",
        hint: "run the same command again: all draws are kept",
      });
    }
  };
  const add = async (features: string, control: boolean, matrix: Matrix, options: ClusterOptions = {}) => {
    stopIfAsked();
    progress.say(`clustering ${features}`);
    const clustering = await clusterTokens(matrix, config.cluster, options);
    results.push({ features, control, clustering });
    return clustering;
  };
  const optionsOf = (matrices: ChiMatrices) => clusterOptions(matrices, config);
  const chi = await chiMatrices(directory, components, request);
  const reliability = columnWeights(chi, config);
  const own = optionsOf(chi);
  const { clusters, k, graph, points, rounds, candidates, advice } = await add("chi", false, chi.chi, own);
  const since = performance.now();
  const stability =
    config.cluster.stability > 0
      ? await chiStability(clusters, chi, config, (_, done, total) => {
          stopIfAsked();
          progress.update("clustering halves", done, total, since);
        })
      : undefined;
  const pairing = config.keep_traces ? "shuffled" : "shifted";
  const shuffled = await chiMatrices(directory, components, { ...request, null: pairing });
  await add(`chi, ${pairing} draws`, true, shuffled.chi, optionsOf(shuffled));
  if (priorSampled(config)) {
    const prior = await chiMatrices(directory, components, { ...request, suffix: PRIOR_SUFFIX });
    await add("chi, n_beta = 0", true, prior.chi, optionsOf(prior));
  }
  await add("chi, every column shuffled", true, shuffledColumns(chi.chi, seed), own);
  await add("Gaussian matrix", true, gaussianMatrix(chi.chi.rows, chi.chi.cols, seed));
  if (reliability) {
    await add("chi, columns unweighted", false, chi.chi);
    await add(`chi, columns unweighted, ${pairing} draws`, true, shuffled.chi);
  }
  if (config.keep_traces) {
    const rank = config.trace_rank;
    await add("trace features", false, await traceMatrix(directory, components, { rank, seed, shuffle: false }));
    const control = await traceMatrix(directory, components, { rank, seed, shuffle: true });
    await add("trace features, shuffled draws", true, control);
  }
  if (context.activations) await add("last-layer activations", false, context.activations);
  results.push({ features: "token identity", control: false, clustering: byToken(context.text) });
  for (const result of results.slice(context.activations ? -2 : -1)) Object.assign(result, { baseline: true });
  return {
    chi,
    facts: { k, graph, points, rounds, profile: conductanceProfile(candidates) },
    advice,
    ...(stability ? { stability } : {}),
    reliability: reliability ?? new Float64Array(components.length).fill(1),
    splitHalf:
      chi.byChain.length > 1
        ? splitHalf(chi.byChain, { seed }).reliability
        : new Float64Array(components.length).fill(Number.NaN),
    results,
  };
}

/** Every token id is a cluster. */
function byToken(text: RunText): Pick<Clustering, "clusters" | "labels"> {
  const { ids, columns } = text.probe;
  const targets = Array.from(ids).filter((_, index) => index % columns > 0);
  const members = new Map<number, number[]>();
  targets.forEach((id, token) => {
    members.set(id, [...(members.get(id) ?? []), token]);
  });
  const labels = new Int32Array(targets.length);
  const clusters = [...members.values()].map((list, id) => {
    for (const token of list) labels[token] = id;
    return {
      id,
      size: list.length,
      conductance: 1,
      seed: list[0],
      members: list,
      sweep: [],
      tolerance: 0,
      excess: 0,
      recurrence: 0,
    };
  });
  return { clusters, labels };
}

/** Numbers of a list of names, by first appearance. */
export function numbered(names: readonly string[]): { numbers: Int32Array; names: string[] } {
  const found: string[] = [];
  const index = new Map<string, number>();
  const numbers = Int32Array.from(names, (name) => {
    let number = index.get(name);
    if (number === undefined) {
      number = found.length;
      index.set(name, number);
      found.push(name);
    }
    return number;
  });
  return { numbers, names: found };
}

/** A clustering's counts, and its scores against the known modes and roles; those are 0 where none are known. */
export function scoreRow(result: FeatureResult, labels: Labels | undefined): ScoreRow {
  if (!labels) return countsRow(result);
  const roles = numbered(labels.roles);
  const modes = numbered(labels.modes);
  const { clusters, labels: assigned } = result.clustering;
  const sets: readonly TokenSet[] = clusters;
  const match = scoreSets(sets, roles.numbers, MIN_ROLE_TOKENS);
  const byRole = scorePartition(assigned, roles.numbers);
  return {
    ...countsRow(result),
    meanBestF1: match.meanBestF1,
    rolesAboveHalf: Math.round(match.shareAboveHalf * match.perLabel.length),
    ariRoles: byRole.ari,
    ariModes: scorePartition(assigned, modes.numbers).ari,
    nmiRoles: byRole.nmi,
  };
}

function countsRow({ features, control, baseline, clustering }: FeatureResult): ScoreRow {
  const { clusters, labels } = clustering;
  return {
    features,
    control,
    ...(baseline ? { baseline: true } : {}),
    clusters: clusters.length,
    covered: labels.filter((label) => label >= 0).length / labels.length,
    meanBestF1: 0,
    rolesAboveHalf: 0,
    ariRoles: 0,
    ariModes: 0,
    nmiRoles: 0,
  };
}
