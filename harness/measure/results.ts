import { SpectroscopeError } from "../../kernels/errors";
import { START } from "../../models/nano/vocabulary";
import { parameterCount } from "../../models/parameters";
import type { LoadedModel } from "../../models/weights";
import type { Json, JsonObject } from "../../runtime/store/json";
import type { RunDirectory } from "../../runtime/store/run-directory";
import { splitRHat } from "../../runtime/susceptibility/diagnostics";
import type { ClusterInfo, ComponentDiagnostics, ReportData, ScoreRow, TokenInfo } from "../report/data";
import { type Analysis, clusterProfile, MIN_ROLE_TOKENS, numbered, scoreRow } from "./analysis";
import type { RunConfig } from "./config";
import { readStored, type StoredUnit } from "./features";
import type { Labels, RunText } from "./text";
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
  readonly roles?: number;
  readonly scores: readonly ScoreRow[];
  readonly remarks: readonly string[];
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
  directory: RunDirectory,
  config: RunConfig,
  model: Pick<LoadedModel, "config">,
  text: RunText,
  components: readonly string[],
  analysis: Analysis,
): Promise<Results> {
  const diagnostics: ComponentDiagnostics[] = [];
  let baseline = new Float32Array(0);
  for (const name of restrictionsOf(config, model.config)) {
    const unit = await readStored(directory, name);
    diagnostics.push(diagnose(name, unit));
    if (baseline.length === 0) baseline = Float32Array.from(unit.baseline);
  }
  const { labels } = text;
  const main = analysis.results[0].clustering;
  const roles = labels && numbered(labels.roles);
  const sizes = roles?.names.map((_, role) => roles.numbers.filter((number) => number === role).length);
  const clusters = main.clusters.map((cluster): ClusterInfo => {
    const { profile, error } = clusterProfile(cluster.members, analysis.chi, config);
    const best = labels && bestRole(cluster.members, labels);
    const { id, members, conductance, seed } = cluster;
    return { id, members, conductance, seed, profile, profileError: error, ...(best ? { bestRole: best } : {}) };
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
    ...(sizes ? { roles: sizes.filter((size) => size >= MIN_ROLE_TOKENS).length } : {}),
    scores: labels ? analysis.results.map((result) => scoreRow(result, labels)) : [],
    remarks: remarks(config, diagnostics, analysis),
  };
}

function diagnose(name: string, unit: StoredUnit): ComponentDiagnostics {
  const { phi, chains, draws } = unit.sums;
  let mean = 0;
  for (let i = 0; i < phi.length; i++) mean += phi[i] / phi.length;
  const rHat = splitRHat(phi, draws, chains);
  return {
    name,
    weights: unit.weights,
    lr: unit.lr,
    meanRise: mean,
    ...(rHat === undefined ? {} : { rHat }),
    traces: Array.from({ length: chains }, (_, m) => Array.from({ length: draws }, (_, s) => phi[s * chains + m])),
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

function remarks(config: RunConfig, diagnostics: readonly ComponentDiagnostics[], analysis: Analysis): string[] {
  const list = [
    "The probe is the sampling task's fixed batch: phi is the mean rise of the probe's own losses.",
    `chi is estimated by ${config.estimator}; its errors are the jackknife over ${config.sampler.num_chains} chains.`,
  ];
  const poor = diagnostics.filter(({ rHat }) => rHat !== undefined && rHat > 1.1).map(({ name }) => name);
  if (poor.length > 0) list.push(`R-hat above 1.1, so more draws or smaller steps would help: ${poor.join(", ")}.`);
  const { lr, localization, num_steps_bw_draws } = config.sampler;
  const bias = 1 / (1 - (lr * localization) / 4);
  if (bias > 1.3) {
    list.push(
      `At this step size SGLD's variance in flat directions is ${bias.toFixed(2)} times the posterior's: a smaller lr with more steps between draws comes closer.`,
    );
  }
  const kept = Math.abs(1 - (lr * localization) / 2) ** num_steps_bw_draws;
  if (kept >= 0.5) {
    const wanted = Math.ceil(Math.log(0.29) / Math.log(Math.abs(1 - (lr * localization) / 2)));
    list.push(
      `Draws keep ${(100 * kept).toFixed(0)} % of the one before them in flat directions: raise num_steps_bw_draws to ${wanted}.`,
    );
  }
  if (config.cluster.column_weights === "reliability" && config.sampler.num_chains > 1) {
    list.push(
      "Columns are weighed by how far independent chains agree about them. Without weights the shuffled control clusters " +
        "not much worse than chi: a random projection of real loss traces has their structure, only not twice the same.",
    );
  }
  const dropped = analysis.reliability.filter((weight) => weight === 0).length;
  if (dropped > 0) list.push(`${dropped} components on which chains do not agree were left out of the graph.`);
  return list;
}

/** Stores results so that `report` and other programs find them. */
export async function writeResults(directory: RunDirectory, results: Results, analysis: Analysis): Promise<void> {
  const { rows, cols, data } = analysis.chi.chi;
  await directory.writeArray("chi", { shape: [rows, cols], data: data as Float32Array });
  await directory.writeArray("chi_error", { shape: [rows, cols], data: analysis.chi.error });
  const { labels, clusters } = analysis.results[0].clustering;
  await directory.writeArray("labels", { shape: [labels.length], data: labels });
  const lines = clusters.map(({ id, size, conductance, seed, members, sweep }) =>
    JSON.stringify({ id, size, conductance, seed, members, sweep }),
  );
  await directory.writeFile("clusters.jsonl", lines.map((line) => `${line}\n`).join(""));
  await directory.writeJson("results", results as unknown as Json);
}

/** Everything a report needs, from a run directory. Errors: a run that was not analyzed yet. */
export async function readReportData(directory: RunDirectory): Promise<ReportData> {
  if (!(await directory.has("results.json"))) {
    throw new SpectroscopeError(`${directory.path}: not clustered yet`, {
      hint: `run \`npx spectroscope cluster ${directory.path}\` first`,
    });
  }
  const results = (await directory.readJson("results")) as unknown as Results;
  const timing = (await directory.readJson("timing")) as unknown as Timing;
  const chi = await directory.readArray("chi");
  const chiError = await directory.readArray("chi_error");
  const labels = await directory.readArray("labels");
  const { reliability, ...rest } = results;
  const { inputs, ...config } = directory.config as JsonObject;
  return {
    ...(results.model.name === "nano" ? { startToken: START } : {}),
    title: `Susceptibility clusters of ${results.model.name}`,
    ...timing,
    ...rest,
    config,
    chi: chi.data as Float32Array,
    chiError: chiError.data as Float32Array,
    labels: labels.data as Int32Array,
  };
}
