/** What a run found: put together from an analysis and the units' diagnostics. */
import { chiColumns } from "../cluster/config";
import type { ClusterStability } from "../cluster/resampling";
import type { Run } from "../store/run";
import { advice } from "../susceptibility/advice";
import type { Analysis, ClusteringFacts } from "./analysis";
import { clusterProfiles } from "./chi-clusters";
import { openUnit } from "./chi-tables";
import type { RunConfig } from "./config";
import type { Corpus } from "./corpus";
import { diagnosePrior, diagnoseUnit } from "./diagnose";
import { MIN_ROLE_TOKENS } from "./known-roles";
import type {
  ClusterInfo,
  ComponentDiagnostics,
  PriorComparison,
  ReportData,
  ScoreRow,
  TokenInfo,
} from "./report-data";
import type { Subject } from "./request";
import { bestRole, labelSizes, scoreRow } from "./scoring";
import { restrictionsOf } from "./units";

export const RESULTS_FORMAT = "spectroscope-results";
export const RESULTS_VERSION = 1;

/** What a run found, without arrays, times or machine: equal runs give equal bytes. */
export interface Results {
  readonly format: typeof RESULTS_FORMAT;
  readonly version: typeof RESULTS_VERSION;
  readonly model: ReportData["model"];
  readonly components: readonly ComponentDiagnostics[];
  readonly columns: readonly string[];
  /** Weight of each column in the graph. */
  readonly reliability: readonly number[];
  readonly tokens: readonly TokenInfo[];
  /** The token before the first target of every sequence, which has no loss. */
  readonly starts: readonly string[];
  readonly clusters: readonly ClusterInfo[];
  /** How they were found. */
  readonly clustering: ClusteringFacts;
  readonly roles?: number;
  readonly scores: readonly ScoreRow[];
  readonly comparisons: readonly PriorComparison[];
  readonly remarks: readonly string[];
  /** What to change in the sampler's settings, in words; among the remarks too. */
  readonly advice: readonly string[];
}

/** Puts the results of an analysis together. */
export async function collectResults(
  run: Run,
  { config, model, corpora }: Subject,
  components: readonly string[],
  analysis: Analysis,
): Promise<Results> {
  const { probe } = corpora;
  const diagnostics: ComponentDiagnostics[] = [];
  const restrictions = restrictionsOf(config, model.model);
  for (const name of restrictions) {
    const column = components.indexOf(name);
    const reliability = column < 0 ? undefined : analysis.splitHalf[column];
    diagnostics.push({
      ...(await diagnoseUnit(run, name)),
      ...(await diagnosePrior(run, name)),
      ...(reliability === undefined || Number.isNaN(reliability) ? {} : { reliability }),
    });
  }
  const said = [...advice(config.sampler, diagnostics), ...analysis.advice];
  const baseline = await (await openUnit(run, restrictions[0])).baseline();
  const sizes = probe.labels && labelSizes(probe.labels.roles);
  return {
    ...{ format: RESULTS_FORMAT, version: RESULTS_VERSION },
    model: modelFacts(config.model, model),
    components: diagnostics,
    columns: components,
    reliability: Array.from(analysis.reliability),
    tokens: tokenInfos(probe, baseline),
    starts: Array.from({ length: probe.rows }, (_, row) => probe.nameOf(probe.ids[row * probe.columns])),
    clusters: clusterInfos(analysis, config, probe),
    clustering: analysis.facts,
    ...(sizes ? { roles: sizes.filter((size) => size >= MIN_ROLE_TOKENS).length } : {}),
    scores: analysis.results.map((result) => scoreRow(result, probe.labels)),
    comparisons: analysis.comparisons,
    remarks: remarks(config, said, analysis, diagnostics),
    advice: said,
  };
}

function modelFacts(name: string, { model, weights }: Subject["model"]): Results["model"] {
  let parameters = 0;
  for (const shape of weights.shapes.values()) parameters += shape.reduce((product, size) => product * size, 1);
  return {
    name,
    parameters,
    layers: model.dims.layers,
    heads: model.dims.heads,
    hidden: model.dims.hidden,
    vocabulary: model.dims.vocab,
  };
}

function clusterInfos(analysis: Analysis, config: RunConfig, { labels }: Corpus): ClusterInfo[] {
  const { clusters } = analysis.results[0].clustering;
  const profiles = clusterProfiles(clusters, analysis.chi, config);
  const sizes = labels && labelSizes(labels.roles);
  return clusters.map(({ id, members, conductance, seed }, i): ClusterInfo => {
    const { profile, error } = profiles[i];
    const best = labels && sizes && bestRole(members, labels.roles, sizes);
    const stability: ClusterStability | undefined = analysis.stability?.[i];
    return {
      ...{ id, members, conductance, seed, profile, profileError: error },
      ...(best ? { bestRole: best } : {}),
      ...(stability ? { stability } : {}),
    };
  });
}

function tokenInfos({ ids, columns, labels, nameOf }: Corpus, baseline: Float32Array): TokenInfo[] {
  const positions = columns - 1;
  return Array.from(baseline, (loss, token) => {
    const sequence = Math.floor(token / positions);
    const position = (token % positions) + 1;
    const of = ({ numbers, names }: { numbers: Int32Array; names: readonly string[] }) => names[numbers[token]];
    return {
      text: nameOf(ids[sequence * columns + position]),
      sequence,
      position,
      loss,
      ...(labels ? { mode: of(labels.modes), role: of(labels.roles) } : {}),
    };
  });
}

/** What went into the clustering, in words. */
function clusteredWords({ cluster }: RunConfig): string {
  const rule = chiColumns(cluster);
  if (rule !== "correlation") return `Clustered is chi itself, its columns by ${rule}.`;
  return (
    "Clustered are correlations: chi over the standard deviations, over draws, of phi and of what a token's loss rises beyond it. " +
    "They say how a token answers, and not how far it or the component moves; the heat map shows chi."
  );
}

function remarks(
  config: RunConfig,
  said: readonly string[],
  analysis: Analysis,
  components: readonly ComponentDiagnostics[],
): string[] {
  const list = [
    config.sampling_task === "probe"
      ? "The probe is the sampling task's fixed batch: phi is the mean rise of the probe's own losses."
      : `The sampling task's fixed batch is ${config.sampling_sequences} sequences of the pool: phi is the mean rise of their losses.`,
    config.sampler.num_chains > 1
      ? `chi is estimated by ${config.estimator}; its errors are the jackknife over ${config.sampler.num_chains} chains.`
      : `chi is estimated by ${config.estimator}; one chain gives it no errors.`,
    clusteredWords(config),
    ...said,
  ];
  if (config.cluster.column_weights === "reliability" && config.sampler.num_chains > 1) {
    list.push(
      "Columns are weighed by how far independent chains agree about them. Without weights the shuffled control clusters " +
        "not much worse than chi: a random projection of real loss traces has their structure, only not twice the same.",
    );
  }
  list.push(...unmatched(components));
  const dropped = analysis.reliability.filter((weight) => weight === 0).length;
  if (dropped > 0)
    list.push(
      `Components on which chains do not agree were left out of the graph: ${dropped} of ${analysis.reliability.length}.`,
    );
  return list;
}

/** Shares of the chains' rise by which that of the prior that is matched to it may miss it unsaid. */
const EQUAL = 0.1;

/** What no localization of the prior could be found for. */
function unmatched(components: readonly ComponentDiagnostics[]): string[] {
  const far = components.flatMap(({ name, meanRise, prior }) => {
    const found = prior?.equalRise?.meanRise;
    if (found === undefined || Math.abs(found - meanRise) <= EQUAL * Math.abs(meanRise)) return [];
    return [`${name} (${found.toPrecision(2)} nats, the chains ${meanRise.toPrecision(2)})`];
  });
  return far.length > 0
    ? [`The prior at equal rise misses the rise of the chains by more than a tenth for ${far.join(", ")}.`]
    : [];
}
