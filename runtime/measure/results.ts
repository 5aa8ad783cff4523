import { SpectroscopeError } from "../../kernels/errors";
import type { Labels, RunText, Text } from "../../models/corpora";
import { START } from "../../models/nano/vocabulary";
import { parameterCount } from "../../models/parameters";
import type { LoadedModel } from "../../models/weights";
import type { Json, JsonObject } from "../store/json";
import type { Run } from "../store/run";
import { advice } from "../susceptibility/advice";
import { type Analysis, type ClusteringFacts, MIN_ROLE_TOKENS, numbered, scoreRow } from "./analysis";
import { clusterProfiles } from "./chi-clusters";
import { readChi, storeChi } from "./chi-store";
import { clusterLine } from "./cluster-lines";
import { configOf, type RunConfig, runConfig } from "./config";
import { diagnoseUnit } from "./diagnose";
import { openUnit } from "./features";
import type { ClusterInfo, ComponentDiagnostics, ReportData, ScoreRow, Sensitivity, TokenInfo } from "./report-data";
import { restrictionsOf } from "./units";

/** What a run found, without arrays, times or machine: equal runs give equal bytes. */
export interface Results {
  readonly model: ReportData["model"];
  readonly components: readonly ComponentDiagnostics[];
  readonly columns: readonly string[];
  /** Weight of each column in the graph. */
  readonly reliability: readonly number[];
  readonly tokens: readonly TokenInfo[];
  readonly clusters: readonly ClusterInfo[];
  /** How they were found; absent in what 0.1.0 wrote. */
  readonly clustering?: ClusteringFacts;
  readonly roles?: number;
  readonly scores: readonly ScoreRow[];
  readonly remarks: readonly string[];
  /** What to change in the sampler's settings, in words; among the remarks too. */
  readonly advice: readonly string[];
}

/** When a run ran and how long its phases took; the only result that two equal runs do not share. */
export interface Timing {
  readonly date: string;
  readonly version: string;
  readonly adapter: ReportData["adapter"];
  readonly seconds: ReportData["seconds"];
}

/** Puts the results of an analysis together. */
export async function collectResults(
  directory: Run,
  config: RunConfig,
  model: Pick<LoadedModel, "config">,
  text: RunText,
  components: readonly string[],
  analysis: Analysis,
): Promise<Results> {
  const diagnostics: ComponentDiagnostics[] = [];
  const restrictions = restrictionsOf(config, model.config);
  for (const name of restrictions) {
    const column = components.indexOf(name);
    const reliability = column < 0 ? undefined : analysis.splitHalf[column];
    diagnostics.push({
      ...(await diagnoseUnit(directory, name)),
      ...(reliability === undefined || Number.isNaN(reliability) ? {} : { reliability }),
    });
  }
  const said = [...advice(config.sampler, diagnostics), ...analysis.advice];
  const baseline = await (await openUnit(directory, restrictions[0])).baseline();
  const { labels } = text;
  const main = analysis.results[0].clustering;
  const roles = labels && numbered(labels.roles);
  const sizes = roles?.names.map((_, role) => roles.numbers.filter((number) => number === role).length);
  const profiles = clusterProfiles(main.clusters, analysis.chi, config);
  const clusters = main.clusters.map((cluster, i): ClusterInfo => {
    const { profile, error } = profiles[i];
    const best = labels && bestRole(cluster.members, labels);
    const { id, members, conductance, seed } = cluster;
    const stability = analysis.stability?.[i];
    return {
      ...{ id, members, conductance, seed, profile, profileError: error },
      ...(best ? { bestRole: best } : {}),
      ...(stability ? { stability } : {}),
    };
  });
  const { hiddenSize, numHiddenLayers, numAttentionHeads, vocabSize } = model.config;
  return {
    model: {
      name: config.model,
      parameters: parameterCount(model.config),
      layers: numHiddenLayers,
      heads: numAttentionHeads,
      hidden: hiddenSize,
      vocabulary: vocabSize,
    },
    components: diagnostics,
    columns: components,
    reliability: Array.from(analysis.reliability),
    tokens: tokenInfos(text, baseline),
    clusters,
    clustering: analysis.facts,
    ...(sizes ? { roles: sizes.filter((size) => size >= MIN_ROLE_TOKENS).length } : {}),
    scores: analysis.results.map((result) => scoreRow(result, labels)),
    remarks: remarks(config, said, analysis),
    advice: said,
  };
}

function bestRole(members: readonly number[], labels: Labels): { name: string; f1: number } | undefined {
  const inside = new Map<string, number>();
  for (const token of members) inside.set(labels.roles[token], (inside.get(labels.roles[token]) ?? 0) + 1);
  let best: { name: string; f1: number } | undefined;
  for (const [name, count] of inside) {
    const size = labels.roles.filter((role) => role === name).length;
    const f1 = (2 * count) / (members.length + size);
    if (!best || f1 > best.f1) best = { name, f1 };
  }
  return best;
}

function tokenInfos(text: RunText, baseline: Float32Array): TokenInfo[] {
  const { ids, columns } = text.probe;
  const positions = columns - 1;
  return Array.from(baseline, (loss, token) => {
    const sequence = Math.floor(token / positions);
    const position = (token % positions) + 1;
    const id = ids[sequence * columns + position];
    return {
      text: text.vocabulary?.[id] ?? String(id),
      sequence,
      position,
      loss,
      ...(text.labels ? { mode: text.labels.modes[token], role: text.labels.roles[token] } : {}),
    };
  });
}

function remarks(config: RunConfig, said: readonly string[], analysis: Analysis): string[] {
  const list = [
    config.sampling_task === "probe"
      ? "The probe is the sampling task's fixed batch: phi is the mean rise of the probe's own losses."
      : `The sampling task's fixed batch is ${config.sampling_sequences} sequences of the pool: phi is the mean rise of their losses.`,
    config.sampler.num_chains > 1
      ? `chi is estimated by ${config.estimator}; its errors are the jackknife over ${config.sampler.num_chains} chains.`
      : `chi is estimated by ${config.estimator}; one chain gives it no errors.`,
    ...said,
  ];
  if (config.cluster.column_weights === "reliability" && config.sampler.num_chains > 1) {
    list.push(
      "Columns are weighed by how far independent chains agree about them. Without weights the shuffled control clusters " +
        "not much worse than chi: a random projection of real loss traces has their structure, only not twice the same.",
    );
  }
  const dropped = analysis.reliability.filter((weight) => weight === 0).length;
  if (dropped > 0)
    list.push(
      `Components on which chains do not agree were left out of the graph: ${dropped} of ${analysis.reliability.length}.`,
    );
  return list;
}

/** Stores results so that `report` and other programs find them. */
export async function writeResults(directory: Run, results: Results, analysis: Analysis, probe: Text): Promise<void> {
  await storeChi(directory, results.columns, analysis.chi, probe);
  const { labels, clusters } = analysis.results[0].clustering;
  await directory.writeArray("labels", { shape: [labels.length], data: labels });
  const lines = clusters.map((cluster, i) =>
    clusterLine(cluster, { ...results.clusters[i], stability: analysis.stability?.[i] }),
  );
  await directory.writeFile("clusters.jsonl", lines.join(""));
  await directory.writeJson("results", results as unknown as Json);
}

/** What the analysis of a run stored, and the sweep beside it. @throws SpectroscopeError for a run that was not analyzed yet */
export async function readResults(
  directory: Run,
): Promise<{ readonly results: Results; readonly sensitivity?: Sensitivity }> {
  if (!(await directory.has("results.json"))) {
    throw new SpectroscopeError(`${directory.name}: not clustered yet`, {
      hint: `run \`npx spectroscope cluster ${directory.name}\` first`,
    });
  }
  const results = (await directory.readJson("results")) as unknown as Results;
  if (!(await directory.has("sensitivity.json"))) return { results };
  return { results, sensitivity: (await directory.readJson("sensitivity")) as unknown as Sensitivity };
}

/** Name of the clustering's config: of the results where there are some, else of the run that will make them. */
export const CLUSTER_CONFIG = "cluster-config";

/** The config that a run was begun with, clustering and all, with `--set` texts over it. Errors: usage. */
export async function begunConfig(directory: Run, sets: readonly string[] = []): Promise<RunConfig> {
  const there = await directory.has(`${CLUSTER_CONFIG}.json`);
  const cluster = there ? { cluster: (await directory.readJson(CLUSTER_CONFIG)) as JsonObject } : {};
  return runConfig({ ...configOf(directory), ...cluster }, `${directory.name}/manifest.json`, sets);
}

/** The config of an analyzed run, with the clustering that its results were made with. @throws SpectroscopeError */
export async function analyzedConfig(directory: Run): Promise<RunConfig> {
  await readResults(directory);
  return begunConfig(directory);
}

/** When a run ran, where that was noted: a process that dies after its last unit does not come to it. */
export async function readTiming(directory: Run): Promise<Timing | undefined> {
  if (!(await directory.has("timing.json"))) return undefined;
  return (await directory.readJson("timing")) as unknown as Timing;
}

/** What is known all the same: who sampled. */
function untimed(directory: Run): Timing {
  const [source] = directory.manifest.provenance.flatMap((one) => (one.merged as readonly JsonObject[]) ?? [one]);
  const { adapter, software, driver, version } = source as Record<string, string | undefined>;
  return {
    date: new Date().toISOString(),
    version: version ?? "unknown",
    adapter: { name: adapter ?? "unknown", software: Boolean(software), ...(driver ? { driver } : {}) },
    seconds: [],
  };
}

/** Everything a report needs, from a run directory. Errors: a run that was not analyzed yet. */
export async function readReportData(directory: Run): Promise<ReportData> {
  const { results, sensitivity } = await readResults(directory);
  const timing = (await readTiming(directory)) ?? untimed(directory);
  const { chi, error } = await readChi(directory);
  const labels = await directory.readArray("labels");
  const { reliability, ...rest } = results;
  const config = configOf(directory);
  return {
    ...(results.model.name === "nano" ? { startToken: START } : {}),
    title: `Susceptibility clusters of ${results.model.name}`,
    ...timing,
    ...rest,
    ...(sensitivity ? { sensitivity } : {}),
    directory: directory.name,
    config,
    chi: chi.data as Float32Array,
    chiError: error,
    labels: labels.data as Int32Array,
  };
}
