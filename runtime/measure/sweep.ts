import { flewOff } from "../../kernels/errors";
import { clusterTokens } from "../cluster/cluster";
import type { Run } from "../store/run";
import { agreementOf, type Findings } from "./agreement";
import { evidenceOf } from "./chi-clusters";
import { chiTable } from "./chi-tables";
import type { RunConfig } from "./config";
import { diagnoseUnit } from "./diagnose";
import { say } from "./events";
import { sample } from "./measure";
import type { Sensitivity, SensitivityRow } from "./report-data";
import type { MeasureRequest } from "./request";
import { readChi, readLabels, readSensitivity, writeSensitivity } from "./run-files";
import { unitsOf } from "./units";

/** Settings that a sweep moves: step size, weight of the loss, pull. */
export const SWEPT = ["lr", "n_beta", "localization"] as const;
export type Swept = (typeof SWEPT)[number];

export interface SweepRequest extends Omit<MeasureRequest, "store" | "shard"> {
  /** An analyzed run: the middle of the sweep. Its own config goes with it. */
  readonly run: Run;
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
    controls: { n_beta_zero: false, equal_rise: false },
    keep_traces: false,
    keep_modes: false,
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
  const { run, config, model, device, threads } = request;
  const chi = await readChi(run);
  const { components } = chi;
  const center: Findings = { chi, labels: await readLabels(run) };
  // All are refused before the first is sampled.
  const runs = variants(request);
  for (const { config: own } of runs) unitsOf(own, model.model);
  const rows: SensitivityRow[] = [];
  const flown: { readonly setting: string; readonly why: string }[] = [];
  for (const { name, config: own } of runs) {
    say(request, `sweep: ${name}`);
    const sampled = await sample({ ...request, config: own, store: run.store.below(`sweep/${name}`) }).catch(flight);
    if (typeof sampled === "string") {
      flown.push({ setting: name, why: sampled });
      continue;
    }
    const other = await chiTable(sampled, components, { estimator: config.estimator, seed: own.sampler.seed });
    const { matrix, chains: _, ...evidence } = evidenceOf(other, config);
    const { labels, clusters } = await clusterTokens(matrix, config.cluster, { device, threads, ...evidence });
    const agreement = agreementOf(center, { chi: other, labels });
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
  const again = new Set([...rows, ...flown].map(({ setting }) => setting));
  const kept = <Row extends { readonly setting: string }>(list: readonly Row[] = []) =>
    list.filter(({ setting }) => !again.has(setting));
  return run.store.exclusive(async () => {
    // This is what makes a damaged one again: all that it knew goes.
    const before = await readSensitivity(run).catch(() => undefined);
    const off = [...flown, ...kept(before?.flown)];
    const sensitivity = { rows: [...rows, ...kept(before?.rows)], ...(off.length > 0 ? { flown: off } : {}) };
    await writeSensitivity(run, sensitivity);
    return sensitivity;
  });
}

/** Says where chains flew off: a sweep is there to find the settings at which they do. @throws what is something else */
function flight(error: unknown): string {
  if (flewOff(error)) return error.message;
  throw error;
}

/** A column that does not move agrees with nothing, and JSON has no NaN. */
const finite = (value: number) => (Number.isFinite(value) ? value : 0);
