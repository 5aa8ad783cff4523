/** The files that an analysis leaves in a run, and what is read back from them. */
import { SpectroscopeError } from "../../kernels/errors";
import { clusterLine } from "../cluster/cluster-lines";
import type { JsonObject } from "../formats/json";
import type { Device } from "../plan/device";
import type { Run } from "../store/run";
import { readSusceptibilities, writeSusceptibilities } from "../store/susceptibilities";
import type { ChiTable } from "../susceptibility/chi-table";
import type { Analysis } from "./analysis";
import { configOf, type RunConfig, runConfig } from "./config";
import type { Corpus } from "./corpus";
import type { ReportData, Sensitivity } from "./report-data";
import { RESULTS_FORMAT, RESULTS_VERSION, type Results } from "./results";
import { tokenTable } from "./token-table";
import { version } from "./version";

/** Where a run's chi lies. */
const CHI = "susceptibilities.zarr";
/** Name of the clustering's config: of the results where there are some, else of the run that will make them. */
export const CLUSTER_CONFIG = "cluster-config";

/** When a run ran and how long its phases took; the only result that two equal runs do not share. */
export interface Timing {
  readonly date: string;
  readonly version: string;
  readonly adapter: ReportData["adapter"];
  readonly seconds: ReportData["seconds"];
}

/** Stores results so that `report` and other programs find them; last of all what says that they are there. */
export async function writeResults(run: Run, results: Results, analysis: Analysis, probe: Corpus): Promise<void> {
  const { columns, ids } = probe;
  await writeSusceptibilities(run.store.below(CHI), { name: "probe", positions: columns - 1, ids }, analysis.chi);
  const { labels, clusters } = analysis.results[0].clustering;
  await run.writeArray("labels", { shape: [labels.length], data: labels });
  const names = results.tokens.map(({ text }) => text);
  const lines = clusters.map((cluster, i) =>
    clusterLine(cluster, { ...results.clusters[i], names, stability: analysis.stability?.[i] }),
  );
  await run.writeFile("clusters.jsonl", lines.join(""));
  await run.writeFile("tokens.csv", tokenTable(results.tokens, labels));
  await run.store.flush();
  await run.writeJson("results", results);
}

/** chi of an analyzed run. */
export function readChi(run: Run): Promise<ChiTable> {
  return readSusceptibilities(run.store.below(CHI));
}

/** What the analysis of a run stored, and the sweep beside it. @throws SpectroscopeError for a run that was not analyzed yet */
export async function readResults(
  run: Run,
): Promise<{ readonly results: Results; readonly sensitivity?: Sensitivity }> {
  if (!(await run.has("results.json"))) {
    throw new SpectroscopeError(`${run.name}: not clustered yet`, {
      hint: `run \`npx spectroscope cluster ${run.name}\` first`,
    });
  }
  const results = (await run.readJson("results")) as Results;
  if (results.format !== RESULTS_FORMAT || results.version !== RESULTS_VERSION) {
    throw new SpectroscopeError(
      `${run.nameOf("results.json")}: format ${results.format} of version ${results.version}, this program knows ${RESULTS_FORMAT} ${RESULTS_VERSION}`,
      { code: "bad-input", hint: `run \`npx spectroscope cluster ${run.name}\` to have them made again` },
    );
  }
  if (!(await run.has("sensitivity.json"))) return { results };
  return { results, sensitivity: (await run.readJson("sensitivity")) as Sensitivity };
}

/** The config that a run was begun with, clustering and all, with `--set` texts over it. Errors: usage. */
export async function begunConfig(run: Run, sets: readonly string[] = []): Promise<RunConfig> {
  const there = await run.has(`${CLUSTER_CONFIG}.json`);
  const cluster = there ? { cluster: (await run.readJson(CLUSTER_CONFIG)) as JsonObject } : {};
  return runConfig({ ...configOf(run), ...cluster }, `${run.name}/manifest.json`, sets);
}

/** The config of an analyzed run, with the clustering that its results were made with. @throws SpectroscopeError */
export async function analyzedConfig(run: Run): Promise<RunConfig> {
  await readResults(run);
  return begunConfig(run);
}

export async function writeTiming(run: Run, device: Device, seconds: Timing["seconds"]): Promise<void> {
  const { name, software, driver } = device.facts;
  const timing: Timing = {
    date: new Date().toISOString(),
    version,
    adapter: { name, software, ...(driver ? { driver } : {}) },
    seconds,
  };
  await run.writeJson("timing", timing);
}

/** When a run ran, where that was noted: a process that dies after its last unit does not come to it. */
export async function readTiming(run: Run): Promise<Timing | undefined> {
  if (!(await run.has("timing.json"))) return undefined;
  return (await run.readJson("timing")) as Timing;
}

/** What is known all the same: who sampled. */
function untimed(run: Run): Timing {
  const [source] = run.manifest.provenance.flatMap((one) => (one.merged as readonly JsonObject[]) ?? [one]);
  const { adapter, software, driver, version: by } = source as Record<string, string | undefined>;
  return {
    date: "not noted",
    version: by ?? "unknown",
    adapter: { name: adapter ?? "unknown", software: Boolean(software), ...(driver ? { driver } : {}) },
    seconds: [],
  };
}

/** The run's config as given; of the clustering what is not the default. */
async function shownConfig(run: Run): Promise<JsonObject> {
  const usual = runConfig({}, "defaults").cluster as unknown as JsonObject;
  const changed = Object.entries((await begunConfig(run)).cluster).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(usual[key]),
  );
  return { ...configOf(run), ...(changed.length > 0 ? { cluster: Object.fromEntries(changed) } : {}) };
}

/** Everything a report needs. @throws SpectroscopeError for a run that was not analyzed yet */
export async function readReportData(run: Run): Promise<ReportData> {
  const { results, sensitivity } = await readResults(run);
  const { format: _format, version: _version, ...found } = results;
  const timing = (await readTiming(run)) ?? untimed(run);
  const { chi, error } = await readChi(run);
  const labels = await run.readArray("labels");
  return {
    title: `Susceptibility clusters of ${results.model.name}`,
    ...timing,
    ...found,
    ...(sensitivity ? { sensitivity } : {}),
    directory: run.name,
    config: await shownConfig(run),
    chi,
    chiError: error,
    labels: labels.data as Int32Array,
  };
}
