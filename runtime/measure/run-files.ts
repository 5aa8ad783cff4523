/** The files that an analysis leaves in a run, and what is read back from them. */
import { SpectroscopeError } from "../../kernels/errors";
import { clusterLine } from "../cluster/cluster-lines";
import { isObject } from "../config/schema";
import type { JsonObject } from "../formats/json";
import type { Device } from "../plan/device";
import type { Run } from "../store/run";
import { readResult, readResultArray, readResultJson, readSealed } from "../store/run-reader";
import { readSusceptibilities, writeSusceptibilities } from "../store/susceptibilities";
import type { Told } from "../store/told";
import type { ChiTable } from "../susceptibility/chi-table";
import type { Analysis } from "./analysis";
import { configOf, type RunConfig, runConfig } from "./config";
import type { Corpus } from "./corpus";
import type { ModeFindings } from "./mode-findings";
import { parseModes } from "./modes-form";
import type { ReportData, Sensitivity } from "./report-data";
import { RESULTS_FORMAT, RESULTS_VERSION, type Results } from "./results";
import { parseResults, parseSensitivity } from "./results-form";
import { readComparisons, SAE_FILES, saeRemedy } from "./sae-files";
import { tokenTable } from "./token-table";
import { version } from "./version";

/** Where a run's chi lies. */
const CHI = "susceptibilities.zarr";
/** The clustering's config that the results were made with. */
const CLUSTER_CONFIG = "cluster-config";
const SENSITIVITY = "sensitivity";
const MODES = "modes";
const TIMING = "timing";
/** What an analysis leaves, all of it or nothing. */
export const ANALYSIS_FILES = [
  ...[`${CLUSTER_CONFIG}.json`, CHI, "labels.npy", "clusters.jsonl", "tokens.csv", "results.json"],
] as const;
/** Where a run's components lie that were drawn once more. */
export const PAIR_RUN = "modes";
/** All that lies in a run beside its manifest and its units. */
export const RUN_LEAVES = [
  ...ANALYSIS_FILES,
  `${SENSITIVITY}.json`,
  `${MODES}.json`,
  ...SAE_FILES,
  `${TIMING}.json`,
  "report.html",
  "sweep",
  PAIR_RUN,
] as const;

/** Commands that make a file of their own. */
const MAKERS: Readonly<Record<string, string>> = { [`${SENSITIVITY}.json`]: "sweep", [`${MODES}.json`]: "modes" };

/** What makes a result again. */
export const remedyOf = (run: Run, name = "") =>
  name in MAKERS
    ? `run \`npx spectroscope ${MAKERS[name]} ${run.name}\` to have it made again`
    : SAE_FILES.some((file) => file === name)
      ? saeRemedy(run)
      : `run \`npx spectroscope cluster ${run.name}${clusterSets(run)}\` to have it made again`;

/** ` --set` of what the results' clustering had beside the defaults: `cluster` takes over nothing of a run's. */
function clusterSets(run: Run): string {
  try {
    const usual = runConfig(configOf(run), "defaults").cluster as unknown as JsonObject;
    return changedKeys(run.manifest.cluster ?? {}, usual)
      .map(([key, value]) => ` --set ${key}=${Array.isArray(value) ? value.join(",") : value}`)
      .join("");
  } catch (error) {
    if (error instanceof SpectroscopeError) return "";
    throw error;
  }
}

const changedKeys = (config: JsonObject, usual: JsonObject) =>
  Object.entries(config).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(usual[key]));

/** When a run ran and how long its phases took; the only result that two equal runs do not share. */
export interface Timing {
  readonly date: string;
  readonly version: string;
  readonly adapter: ReportData["adapter"];
  readonly seconds: ReportData["seconds"];
}

/** Stores results so that `report` and other programs find them: all of them or none, whatever stops it. */
export async function writeResults(
  run: Run,
  results: Results,
  analysis: Analysis,
  { probe, cluster }: { readonly probe: Corpus; readonly cluster: RunConfig["cluster"] },
): Promise<void> {
  const { columns, ids } = probe;
  const made = cluster as unknown as JsonObject;
  const write = async () => {
    // Who knows no manifest would take what is old for what is new.
    await run.remove("results.json");
    await run.store.flush();
    await run.writeJson(CLUSTER_CONFIG, cluster);
    const text = { name: "probe", positions: columns - 1, ids };
    run.noteStore(CHI, await writeSusceptibilities(run.store.below(CHI), text, analysis.chi));
    const { labels, clusters } = analysis.results[0].clustering;
    await run.writeArray("labels", { shape: [labels.length], data: labels });
    const names = results.tokens.map((token) => token.text);
    const lines = clusters.map((one, i) =>
      clusterLine(one, { ...results.clusters[i], names, stability: analysis.stability?.[i] }),
    );
    await run.writeFile("clusters.jsonl", lines.join(""));
    await run.writeFile("tokens.csv", tokenTable(results.tokens, labels));
    await run.store.flush();
    await run.writeJson("results", results);
  };
  await run.replaceResults(ANALYSIS_FILES, write, made);
}

/** Stores what a sweep found, beside what an earlier one did. */
export async function writeSensitivity(run: Run, sensitivity: Sensitivity): Promise<void> {
  await run.replaceResults([`${SENSITIVITY}.json`], () => run.writeJson(SENSITIVITY, sensitivity));
}

/** Stores what was found of a run's modes. */
export async function writeModes(run: Run, findings: ModeFindings): Promise<void> {
  await run.replaceResults([`${MODES}.json`], () => run.writeJson(MODES, findings));
}

/** What was found of a run's modes; nothing where they were not looked for. @throws SpectroscopeError for what is half-written or altered */
export async function readModes(run: Run): Promise<ModeFindings | undefined> {
  const name = `${MODES}.json`;
  if (run.resultHash(name) === undefined && !(await run.has(name))) return undefined;
  return parseModes(await readResultJson(run, MODES, remedyOf(run, name)));
}

/** chi of an analyzed run. */
export function readChi(run: Run): Promise<ChiTable> {
  const known = run.resultHash(CHI);
  if (known === undefined) throw halfWritten(run, CHI);
  return readSusceptibilities(run.store.below(CHI), known).catch((error) => {
    if (!(error instanceof SpectroscopeError)) throw error;
    // A run's chi comes from its samples, all of it.
    throw new SpectroscopeError(error.message, { code: error.code, hint: remedyOf(run), cause: error });
  });
}

function halfWritten(run: Run, name: string): SpectroscopeError {
  return new SpectroscopeError(`${run.nameOf(name)}: half-written`, { code: "bad-input", hint: remedyOf(run, name) });
}

/** The cluster of every token, -1 for none, of an analyzed run. @throws SpectroscopeError */
export async function readLabels(run: Run): Promise<Int32Array> {
  const { data } = await readResultArray(run, "labels", remedyOf(run));
  if (data instanceof Int32Array) return data;
  throw new SpectroscopeError(`${run.nameOf("labels.npy")}: holds no i32`, { code: "bad-input", hint: remedyOf(run) });
}

/** `clusters.jsonl` of an analyzed run. @throws SpectroscopeError */
export const readClusterLines = (run: Run) => readResult(run, "clusters.jsonl", remedyOf(run));

/** What the analysis of a run stored. @throws SpectroscopeError for a run that was not analyzed yet, and for altered results */
export async function readResults(run: Run): Promise<Results> {
  if (run.resultHash("results.json") === undefined) {
    const begun = await Promise.all(["results.json", "labels.npy", "clusters.jsonl"].map((name) => run.has(name)));
    const what = begun.includes(true) ? "its results are half-written" : "not clustered yet";
    const sets = begun.includes(true) ? clusterSets(run) : "";
    const hint = `run \`npx spectroscope cluster ${run.name}${sets}\` first`;
    throw new SpectroscopeError(`${run.name}: ${what}`, { hint });
  }
  const told = await readResultJson(run, "results", remedyOf(run));
  const { format, version: found } = told.object();
  if (format !== RESULTS_FORMAT || found !== RESULTS_VERSION) {
    throw new SpectroscopeError(
      `${run.nameOf("results.json")}: format ${format} of version ${found}, this program knows ${RESULTS_FORMAT} ${RESULTS_VERSION}`,
      { code: "bad-input", hint: remedyOf(run) },
    );
  }
  return parseResults(told);
}

/** What a sweep of a run found; nothing where there was none. @throws SpectroscopeError for one that is half-written or altered */
export async function readSensitivity(run: Run): Promise<Sensitivity | undefined> {
  const name = `${SENSITIVITY}.json`;
  if (run.resultHash(name) === undefined && !(await run.has(name))) return undefined;
  return parseSensitivity(await readResultJson(run, SENSITIVITY, remedyOf(run, name)));
}

/** The config that a run was begun with, clustering and all, with `--set` texts over it. Errors: usage. */
export async function begunConfig(run: Run, sets: readonly string[] = []): Promise<RunConfig> {
  const analyzed = run.resultHash(`${CLUSTER_CONFIG}.json`) !== undefined;
  const cluster = analyzed ? (await readResultJson(run, CLUSTER_CONFIG, remedyOf(run))).object() : run.manifest.cluster;
  return runConfig({ ...configOf(run), ...(cluster ? { cluster } : {}) }, `${run.name}/manifest.json`, sets);
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
  await keepTiming(run, timing);
}

/** Notes when a run ran. */
export const keepTiming = (run: Run, timing: Timing) => run.writeSealed(TIMING, timing as unknown as JsonObject);

/** When a run ran, where that was noted: a process that dies after its last unit does not come to it. */
export async function readTiming(run: Run): Promise<Timing | undefined> {
  const told = await readSealed(run, TIMING, "delete it: when the run ran is then not told");
  return told && parseTiming(told);
}

function parseTiming(told: Told): Timing {
  const adapter = told.at("adapter");
  const driver = adapter.at("driver");
  return {
    date: told.at("date").text(),
    version: told.at("version").text(),
    adapter: {
      name: adapter.at("name").text(),
      software: adapter.at("software").flag(),
      ...(driver.absent ? {} : { driver: driver.text() }),
    },
    seconds: told
      .at("seconds")
      .list()
      .map((one) => ({ phase: one.at("phase").text(), seconds: one.at("seconds").number() })),
  };
}

/** What is known all the same: who sampled. */
function untimed(run: Run): Timing {
  const [source = {}] = run.manifest.provenance.flatMap((one) => (Array.isArray(one.merged) ? one.merged : [one]));
  const own = isObject(source) ? source : {};
  const text = (key: string) => (typeof own[key] === "string" ? own[key] : undefined);
  const driver = text("driver");
  return {
    date: "not noted",
    version: text("version") ?? "unknown",
    adapter: { name: text("adapter") ?? "unknown", software: Boolean(own.software), ...(driver ? { driver } : {}) },
    seconds: [],
  };
}

/** The run's config as given; of the clustering what is not the default. */
async function shownConfig(run: Run): Promise<JsonObject> {
  const usual = runConfig({}, "defaults").cluster as unknown as JsonObject;
  const changed = changedKeys((await begunConfig(run)).cluster as unknown as JsonObject, usual);
  return { ...configOf(run), ...(changed.length > 0 ? { cluster: Object.fromEntries(changed) } : {}) };
}

/** Everything a report needs. @throws SpectroscopeError for a run that was not analyzed yet */
export async function readReportData(run: Run): Promise<ReportData> {
  const [results, sensitivity, modes] = [await readResults(run), await readSensitivity(run), await readModes(run)];
  const autoencoders = await readComparisons(run);
  const { format: _format, version: _version, ...found } = results;
  const timing = (await readTiming(run)) ?? untimed(run);
  const { chi, error } = await readChi(run);
  const labels = await readLabels(run);
  if (labels.length !== results.tokens.length) {
    const why = `has ${labels.length} labels, ${results.tokens.length} tokens are in results.json`;
    throw new SpectroscopeError(`${run.nameOf("labels.npy")}: ${why}`, { code: "bad-input", hint: remedyOf(run) });
  }
  return {
    title: `Susceptibility clusters of ${results.model.name}`,
    ...timing,
    ...found,
    ...(sensitivity ? { sensitivity } : {}),
    ...(modes ? { modes, modesStale: modes.labels !== run.resultHash("labels.npy") } : {}),
    ...(autoencoders.length > 0 ? { autoencoders } : {}),
    directory: run.name,
    config: await shownConfig(run),
    chi,
    chiError: error,
    labels,
  };
}
