import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Progress } from "../../harness/cli/progress";
import { renderReport } from "../../harness/report/report";
import { SpectroscopeError } from "../../kernels/errors";
import { type RunText, runText, type Text } from "../../models/corpora";
import { type NamedModel, openModel } from "../../models/open";
import type { LoadedModel } from "../../models/weights";
import { DirectoryStore } from "../node/directory-store";
import { checkWritable } from "../node/files";
import type { Device } from "../node/open-device";
import { openTuned } from "../node/open-tuned";
import { projectRoot } from "../node/root";
import type { Json, JsonObject } from "../store/json";
import { Run } from "../store/run";
import { pieces } from "../transformer/weights";
import { tuningFingerprint } from "../webgpu/tuning";
import { finalActivations } from "./activations";
import { analyze } from "./analysis";
import type { RunConfig } from "./config";
import { CLUSTER_CONFIG, collectResults, type Results, readReportData, type Timing, writeResults } from "./results";
import { sampleUnits } from "./sampling";
import { componentsOf, type Shard, shardOf, unitsOf } from "./units";

/** The project's version, as in package.json. */
export function version(): string {
  return JSON.parse(readFileSync(join(projectRoot(), "package.json"), "utf8")).version;
}

/** SHA-256 of what a run reads, so that a directory is not continued with other weights or text at the same path. */
async function fingerprints(model: LoadedModel, text: RunText): Promise<Record<string, string>> {
  const bytes = (part: ArrayBufferView) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
  const weights = createHash("sha256").update(JSON.stringify(model.config));
  for (const name of model.weights.shapes.keys()) {
    weights.update(name);
    for await (const { data } of pieces(model.weights, name)) weights.update(bytes(data));
  }
  const tokens = ({ columns, ids }: Text) =>
    createHash("sha256").update(String(columns)).update(bytes(ids)).digest("hex");
  return {
    model: weights.digest("hex"),
    probe: tokens(text.probe),
    pool: tokens(text.pool),
    ...(text.task ? { task: tokens(text.task) } : {}),
  };
}

export interface RunRequest {
  readonly config: RunConfig;
  readonly out: string;
  /** Sample this part only. */
  readonly shard?: Shard;
  readonly adapter?: string;
  readonly progress: Progress;
  readonly interrupted: () => boolean;
}

/** A run after its sampling: everything that analysis needs. */
interface Sampled {
  readonly device: Device;
  readonly directory: Run;
  readonly model: NamedModel;
  readonly seconds: number;
}

/** Opens device, model and run directory and samples what is missing. The caller closes the device. */
async function sampled(request: RunRequest, store: DirectoryStore): Promise<Sampled> {
  const { config, progress } = request;
  const model = await openModel(config.model, { progress });
  const text = await runText(config, model.config);
  const whole = unitsOf(config, model.config);
  const units = request.shard ? shardOf(whole, request.shard) : whole;
  await checkWritable(join(request.out, "manifest.json"));
  const device = await openTuned({ adapter: request.adapter }, (line) => progress.say(line));
  try {
    progress.say(device.banner ?? `adapter: ${device.facts.name}`);
    // How many components run together changes no bit: a run may be gone on with under another number.
    const { cluster, components_at_once, ...sampling } = config;
    const { name, software, driver } = device.facts;
    const inputs = await fingerprints(model, text);
    const shard = request.shard ? { shard: `${request.shard.index}/${request.shard.count}` } : {};
    const tuning = tuningFingerprint(device);
    const directory = await Run.begin(store, {
      config: { ...sampling, inputs, ...shard } as unknown as JsonObject,
      provenance: {
        adapter: name,
        software,
        ...(driver ? { driver } : {}),
        ...(tuning ? { tuning } : {}),
        version: version(),
        ...model.origin,
      },
      plan: whole,
      own: units,
    });
    // For `--resume`: sampling does not depend on it, so the manifest does not hold it. What was analyzed keeps its own.
    if (!(await directory.has("results.json"))) await directory.writeJson(CLUSTER_CONFIG, cluster as unknown as Json);
    const done = directory.units("done").length;
    if (done > 0) progress.say(`going on with ${request.out}: ${done} of ${units.length} units are done`);
    const { seconds } = await sampleUnits({ ...request, device, model, text, directory, units });
    return { device, directory, model, seconds };
  } catch (error) {
    device.close();
    throw error;
  }
}

/** Sampling alone: fills a run directory that `cluster` and `report` pick up. */
export function sampleRun(request: RunRequest): Promise<Run> {
  const store = new DirectoryStore(request.out);
  return store.exclusive(async () => {
    const { device, directory, seconds } = await sampled(request, store);
    await writeTiming(directory, device, [{ phase: "sampling", seconds }]);
    device.close();
    return directory;
  });
}

/** The whole measurement: sampling, susceptibilities, controls, clusters, scores, report. */
export function fullRun(request: RunRequest): Promise<{ directory: Run; results: Results }> {
  const store = new DirectoryStore(request.out);
  return store.exclusive(() => measured(request, store));
}

async function measured(request: RunRequest, store: DirectoryStore): Promise<{ directory: Run; results: Results }> {
  const { device, directory, seconds } = await sampled(request, store);
  try {
    const start = performance.now();
    const results = await analyzeRun(directory, request.config, request.progress, device, request.interrupted);
    const analysis = (performance.now() - start) / 1000;
    await writeTiming(directory, device, [
      { phase: "sampling", seconds },
      { phase: "analysis", seconds: analysis },
    ]);
    await writeReport(directory);
    return { directory, results };
  } finally {
    device.close();
  }
}

/** chi, clusters and scores of a sampled run; with a device, the activations baseline too. */
export async function analyzeRun(
  directory: Run,
  config: RunConfig,
  progress: Progress,
  device?: Device,
  interrupted: () => boolean = () => false,
): Promise<Results> {
  const model = await openModel(config.model, { progress });
  const text = await runText(config, model.config);
  const components = componentsOf(config, model.config);
  if (components.length === 0) {
    throw new SpectroscopeError(`${directory.name}: has no component to make a column of chi of`, {
      hint: "sample weight_restrictions beside full; `spectroscope llc` takes what is there",
    });
  }
  await checkWritable(directory.nameOf("results.json"));
  const activations = device ? await finalActivations(device, model, text.probe) : undefined;
  const analysis = await analyze({ directory, config, components, text, activations, progress, interrupted });
  const results = await collectResults(directory, config, model, text, components, analysis);
  await directory.writeJson(CLUSTER_CONFIG, config.cluster as unknown as Json);
  await writeResults(directory, results, analysis, text.probe);
  return results;
}

/** Renders report.html of an analyzed run; returns its path. */
export async function writeReport(directory: Run): Promise<string> {
  await directory.writeFile("report.html", renderReport(await readReportData(directory)));
  return directory.nameOf("report.html");
}

async function writeTiming(directory: Run, device: Device, seconds: Timing["seconds"]): Promise<void> {
  const { name, software, driver } = device.facts;
  const timing: Timing = {
    date: new Date().toISOString(),
    version: version(),
    adapter: { name, software, ...(driver ? { driver } : {}) },
    seconds,
  };
  await directory.writeJson("timing", timing as unknown as Json);
}
