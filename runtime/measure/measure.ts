/**
 * The measurement as a library: `sample` runs the chains, `analyze` makes chi, clusters and scores of them, `measure` does both.
 * Nothing here knows where the model, the texts, the device or the store came from, nor who is told.
 */
import { SpectroscopeError } from "../../kernels/errors";
import type { JsonObject } from "../formats/json";
import { Run } from "../store/run";
import { finalActivations } from "./activations";
import { analyzeSamples } from "./analysis";
import { checkCorpora } from "./corpus";
import { say } from "./events";
import { checkProbe, fingerprints } from "./fingerprint";
import { checkMemorizing } from "./memorizing";
import type { MeasureRequest, Subject } from "./request";
import { collectResults, type Results } from "./results";
import { RUN_LEAVES, writeResults, writeTiming } from "./run-files";
import { sampleUnits } from "./sampling";
import { fineCost } from "./set-cost";
import { sampledTexts } from "./texts";
import { componentsOf, refuseShard, shardOf, unitsOf } from "./units";
import { version } from "./version";

/** A run after its sampling. */
interface Sampled {
  readonly run: Run;
  readonly seconds: number;
}

/** Refuses, before anything is opened or written, what cannot be sampled. @throws SpectroscopeError */
export function checkSubject({ config, model, corpora }: Subject): void {
  unitsOf(config, model.model);
  checkCorpora(corpora, model.model);
  checkMemorizing(config, corpora.pool);
  sampledTexts(corpora, config);
}

/** Begins the run, or goes on with it, and samples what is missing. */
async function sampled(request: MeasureRequest): Promise<Sampled> {
  const { config, model, corpora, device, store, shard } = request;
  checkSubject(request);
  const texts = sampledTexts(corpora, config);
  const whole = unitsOf(config, model.model);
  const units = shard ? shardOf(whole, shard) : whole;
  // How many components run together changes no bit: a run may be gone on with under another number.
  const { cluster, components_at_once, ...sampling } = config;
  const { name, software, driver } = device.facts;
  const inputs = await fingerprints(model, texts);
  const run = await Run.begin(store, {
    config: {
      ...sampling,
      inputs,
      ...(shard ? { shard: `${shard.index}/${shard.count}` } : {}),
    },
    provenance: {
      adapter: name,
      software,
      ...(driver ? { driver } : {}),
      ...(device.variants ? { tuning: device.variants } : {}),
      version,
      ...model.origin,
    },
    plan: whole,
    own: units,
    cluster: cluster as unknown as JsonObject,
    leaves: RUN_LEAVES,
  });
  for (const remark of run.remarks) say(request, remark);
  const done = run.units("done").length;
  if (done > 0) say(request, `going on with ${run.name}: ${done} of ${units.length} units are done`);
  const cost = done === 0 ? fineCost(config, model.model) : undefined;
  const { seconds } = await sampleUnits({ ...request, texts, run, units, cost });
  return { run, seconds };
}

/**
 * Sampling alone: fills a store with a run that `analyze` takes, or goes on with one to the same bits.
 * @throws SpectroscopeError `interrupted` when the signal asks to stop, `locked` where another process writes the store,
 *   `non-finite` and `diverged` for chains that fly off, and those of the device and the store
 */
export function sample(request: MeasureRequest): Promise<Run> {
  return request.store.exclusive(async () => {
    const { run, seconds } = await sampled(request);
    await writeTiming(run, request.device, [{ phase: "sampling", seconds }]);
    return run;
  });
}

/** The whole measurement: sampling, susceptibilities, controls, clusters, scores. Errors: those of `sample` and `analyze`. */
export async function measure(request: MeasureRequest): Promise<{ readonly run: Run; readonly results: Results }> {
  const { shard, store } = request;
  if (shard) refuseShard({ name: store.name, config: { shard: `${shard.index}/${shard.count}` } });
  return store.exclusive(async () => {
    const { run, seconds } = await sampled(request);
    const start = performance.now();
    const results = await analyzed(run, request);
    const analysis = (performance.now() - start) / 1000;
    await writeTiming(run, request.device, [
      { phase: "sampling", seconds },
      { phase: "analysis", seconds: analysis },
    ]);
    return { run, results };
  });
}

/** What an analysis is handed: it needs no device, and measures no activations without one. */
type AnalysisRequest = Subject & Partial<Omit<MeasureRequest, keyof Subject | "store" | "shard">>;

/**
 * chi, controls, clusters and scores of a sampled run, stored in it; with a device, the activations baseline too.
 * @throws SpectroscopeError for a shard, units that are not done and another probe than the chains', `interrupted` when the
 *   signal asks to stop, `locked` where another process writes the run
 */
export function analyze(run: Run, request: AnalysisRequest): Promise<Results> {
  return run.store.exclusive(() => analyzed(run, request));
}

async function analyzed(run: Run, request: AnalysisRequest): Promise<Results> {
  const { config, model, corpora, device, threads, signal, on } = request;
  const { probe } = corpora;
  refuseShard(run);
  checkSubject(request);
  await checkProbe(run, probe);
  const components = componentsOf(config, model.model);
  if (components.length === 0) {
    throw new SpectroscopeError(`${run.name}: has no component to make a column of chi of`, {
      hint: "sample weight_restrictions beside full; `spectroscope llc` takes what is there",
    });
  }
  const activations = device ? await finalActivations(device, model, probe) : undefined;
  const analysis = await analyzeSamples({
    ...{ run, config, components, probe, activations },
    ...{ device, threads, signal, on },
  });
  const results = await collectResults(run, request, components, analysis);
  await writeResults(run, results, analysis, { probe, cluster: config.cluster });
  return results;
}
