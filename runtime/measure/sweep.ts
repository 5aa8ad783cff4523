import { join } from "node:path";
import { openModel } from "../../models/open";
import { clusterTokens } from "../cluster/cluster";
import type { Json } from "../store/json";
import type { Run } from "../store/run";
import { agreementOf, type Findings } from "./agreement";
import { clusterOptions } from "./chi-clusters";
import { readChi } from "./chi-store";
import type { RunConfig } from "./config";
import { diagnoseUnit } from "./diagnose";
import { chiMatrices } from "./features";
import type { Sensitivity, SensitivityRow } from "./report-data";
import { readResults } from "./results";
import { type RunRequest, sampleRun } from "./run";
import { unitsOf } from "./units";

/** Settings that a sweep moves: step size, weight of the loss, pull. */
export const SWEPT = ["lr", "n_beta", "localization"] as const;
export type Swept = (typeof SWEPT)[number];

export interface SweepRequest extends Omit<RunRequest, "config" | "out" | "shard"> {
  /** An analyzed run: the middle of the sweep. */
  readonly directory: Run;
  readonly config: RunConfig;
  readonly settings: readonly Swept[];
  readonly factors: readonly number[];
}

interface Variant {
  readonly name: string;
  readonly config: RunConfig;
}

/**
 * The runs of a sweep, all of one other seed: with the run's own seed they would share its noise and agree by it. The first has
 * the run's settings: what the others are judged by.
 */
function variants({ config, settings, factors }: SweepRequest): Variant[] {
  const seed = config.sampler.seed + 1;
  const changed = (sampler: Partial<RunConfig["sampler"]>): RunConfig => ({
    ...config,
    sampler: { ...config.sampler, seed, ...sampler },
    controls: { ...config.controls, n_beta_zero_draws: 0 },
    keep_traces: false,
  });
  const moved = settings.flatMap((key) =>
    factors.map((factor): Variant => {
      const value = Number((config.sampler[key] * factor).toPrecision(6));
      return { name: `${key}=${value}`, config: changed({ [key]: value }) };
    }),
  );
  return [{ name: `seed=${seed}`, config: changed({}) }, ...moved];
}

/**
 * Samples a run again under other settings, in directories below it that can be gone on with, and compares each with the run
 * itself: columns by Spearman's correlation over tokens, clusters by ARI. The first, of the same settings, says how far equal runs agree.
 */
export async function sweep(request: SweepRequest): Promise<Sensitivity> {
  const { directory, config, progress } = request;
  const { components, ...chi } = await readChi(directory);
  const center: Findings = { components, chi, labels: (await directory.readArray("labels")).data };
  // All are refused before the first is sampled.
  const model = await openModel(config.model, { progress });
  const runs = variants(request);
  for (const { config: own } of runs) unitsOf(own, model.config);
  const rows: SensitivityRow[] = [];
  for (const { name, config: own } of runs) {
    progress.say(`sweep: ${name}`);
    const out = join(directory.name, "sweep", name);
    const sampled = await sampleRun({ ...request, config: own, out });
    const other = await chiMatrices(sampled, components, { estimator: config.estimator, seed: own.sampler.seed });
    const { labels, clusters } = await clusterTokens(other.chi, config.cluster, clusterOptions(other, config));
    const agreement = agreementOf(center, { components, chi: other, labels });
    const rises: number[] = [];
    for (const component of components) rises.push((await diagnoseUnit(sampled, component)).meanRise);
    rows.push({
      setting: name,
      medianSpearman: finite(agreement.medianSpearman),
      lowestSpearman: finite(agreement.lowestSpearman),
      columns: agreement.columns.map(({ name: column, spearman }) => ({ name: column, spearman: finite(spearman) })),
      ari: finite(agreement.ari),
      clusters: clusters.length,
      rise: [Math.min(...rises), Math.max(...rises)],
    });
  }
  const { sensitivity: before } = await readResults(directory);
  const kept = before?.rows.filter(({ setting }) => !rows.some((row) => row.setting === setting)) ?? [];
  const sensitivity = { rows: [...rows, ...kept] };
  await directory.writeJson("sensitivity", sensitivity as unknown as Json);
  return sensitivity;
}

/** A column that does not move agrees with nothing, and JSON has no NaN. */
const finite = (value: number) => (Number.isFinite(value) ? value : 0);

/** The sweep for people. */
export function sensitivityTable({ rows }: Sensitivity): string {
  const head = `${"setting".padEnd(24)} ${["Spearman", "lowest", "ARI", "clusters"].map((text) => text.padStart(9)).join(" ")}  mean rise (nats)`;
  const lines = rows.map(({ setting, medianSpearman, lowestSpearman, ari, clusters, rise }) => {
    const numbers = [medianSpearman, lowestSpearman, ari].map((value) => value.toFixed(3).padStart(9));
    const range = rise.map((value) => value.toFixed(3)).join(" to ");
    return `${setting.padEnd(24)} ${numbers.join(" ")} ${String(clusters).padStart(9)}  ${range}`;
  });
  return [
    head,
    ...lines,
    "Spearman: median and lowest over components of the correlation with the run's own chi. All rows have another seed than the run; the first has its settings, and is what equal runs reach.",
  ].join("\n");
}
