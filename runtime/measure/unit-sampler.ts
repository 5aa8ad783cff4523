import { SpectroscopeError } from "../../kernels/errors";
import type { JsonObject } from "../formats/json";
import type { ChainSpec } from "../sampler/chain-plans";
import type { ChainState, StateArrays } from "../sampler/chain-state";
import type { ComponentChains, Draw } from "../sampler/component-chains";
import { matchRises, type RiseTarget, riseTarget } from "../sampler/equal-rise";
import type { Laboratory } from "../sampler/laboratory";
import { Lockstep } from "../sampler/lockstep";
import { readCheckpoint, writeCheckpoint } from "../store/checkpoint";
import { firstFault } from "../store/finished";
import type { Run } from "../store/run";
import type { ObservableId, SamplesSpec } from "../store/samples";
import { type DrawLosses, SamplesWriter } from "../store/samples-writer";
import { Told } from "../store/told";
import type { Hashes } from "../store/zarr-files";
import { openUnit } from "./chi-tables";
import type { RunConfig } from "./config";
import type { OnEvent } from "./events";
import type { SampledTexts } from "./texts";
import type { UnitPlan } from "./units";

/** How a unit is stored on its way. */
export type KeepConfig = Pick<RunConfig, "keep_traces" | "checkpoint_draws">;

/** A unit, the chains that make it, and where it goes. */
export interface UnitJob {
  readonly lab: Laboratory;
  readonly unit: UnitPlan;
  readonly spec: ChainSpec;
  readonly texts: SampledTexts;
  readonly run: Run;
  readonly keep: KeepConfig;
  /** Of the whole unit. */
  readonly flops: number;
}

/** Told after every draw, and before the first. @throws to stop the units where they can be gone on with */
export type OnDraw = (drawn: number) => void;

/**
 * Samples one unit, or several in lockstep, into their stores. Every `checkpoint_draws` draws what was drawn and where the chains
 * stand is on disk, traces first: whenever the process dies, the next one goes on from the last checkpoints with the same bits,
 * whichever units it then puts together. All jobs have one laboratory and one way to keep, and stand at the same draw.
 */
export async function sampleJobs(jobs: readonly UnitJob[], onDraw: OnDraw, on?: OnEvent): Promise<void> {
  const [{ lab, unit, keep }] = jobs;
  const { num_draws } = unit.settings;
  const writers: SamplesWriter[] = [];
  const states: (ChainState | undefined)[] = [];
  for (const job of jobs) {
    const saved = await savedState(job, on);
    writers.push(await openWriter(job, saved));
    states.push(saved?.state);
  }
  const specs = jobs.map(({ spec }) => spec);
  const lockstep = await Lockstep.open(lab, specs, states);
  states.length = 0;
  try {
    const blocks: Draw[][] = jobs.map(() => []);
    onDraw(lockstep.draws);
    if (unit.match && lockstep.draws === 0) await matchRises(lockstep, await Promise.all(jobs.map(targetOf)));
    while (lockstep.draws < num_draws) {
      const draws = await lockstep.draw({ traces: keep.keep_traces });
      for (const [i, { unit: own }] of jobs.entries()) {
        on?.({ kind: "draw", unit: own.name, draw: lockstep.draws, phi: draws[i].phi });
      }
      if (keep.keep_traces) for (const [i, block] of blocks.entries()) block.push(draws[i]);
      const last = lockstep.draws === num_draws;
      if (lockstep.draws % keep.checkpoint_draws === 0 || last) {
        for (const [i, job] of jobs.entries()) {
          const block = blocks[i].splice(0);
          if (block.length > 0) await writers[i].writeDraws(lockstep.draws - block.length, block.map(lossesOf));
          if (!last) await saveState(job, await lockstep.components[i].save(), writers[i].written);
        }
      }
      onDraw(lockstep.draws);
    }
    const faults: SpectroscopeError[] = [];
    for (const [i, job] of jobs.entries()) {
      await finish(job, writers[i], lockstep.components[i]).catch(async (error) =>
        faults.push(await dropped(job, error)),
      );
    }
    if (faults.length > 0) throw faults[0];
  } finally {
    lockstep.close();
  }
}

/** What a unit is matched to. @throws SpectroscopeError when that is not done, or has other chains */
async function targetOf({ unit, run }: UnitJob): Promise<RiseTarget> {
  const { chains, prior } = unit.match!;
  const [own, plain] = [await openUnit(run, chains), await openUnit(run, prior)];
  for (const { name, facts } of [own, plain]) {
    if (JSON.stringify(facts.chains) === JSON.stringify(unit.chains)) continue;
    throw new SpectroscopeError(`${name}: holds chains ${facts.chains}, ${unit.name} has ${unit.chains}`, {
      code: "bad-input",
      hint: "sample both in one run or shard",
    });
  }
  return riseTarget(await own.phi(), await plain.phi(), own.chains);
}

/** Puts what chains summed up into their unit's store, which then is whole. */
async function finish({ unit, spec, run, flops }: UnitJob, writer: SamplesWriter, chains: ComponentChains) {
  const { logAcceptance, kineticTemperature } = chains;
  const localization = unit.match && (await chains.localization());
  const pairs = await chains.pairSums();
  await writer.finish({
    initLoss: meanByPosition(chains.taskBaseline, spec.probe.rows.positions),
    baseline: chains.baseline,
    sums: await chains.sums(),
    ...(logAcceptance.length > 0 ? { logAcceptance } : {}),
    ...(kineticTemperature.length > 0 ? { kineticTemperature } : {}),
    ...(pairs ? { pairs } : {}),
    facts: {
      ...unitFacts(run, unit),
      sampler: chains.kind,
      weights: chains.block.weights,
      sampling_task: spec.task ? "pool" : "probe",
      ...(localization ? { localization: Array.from(localization) } : {}),
      flops,
    },
  });
  await run.finishUnit(unit.name);
}

function samplesSpec({ unit, spec, texts, keep }: UnitJob): SamplesSpec {
  const observables: { id: ObservableId; ids: Uint32Array }[] = [{ id: "probe", ids: texts.probe.ids }];
  if (texts.task) observables.push({ id: "pool", ids: texts.task.ids });
  return {
    restriction: unit.restriction,
    settings: { ...unit.settings, num_chains: unit.chains.length },
    positions: spec.probe.rows.positions,
    observables,
    traces: keep.keep_traces,
    drawsPerChunk: Math.min(keep.checkpoint_draws, unit.settings.num_draws),
  };
}

/** Losses of a draw by text. */
const lossesOf = ({ losses, taskLosses }: Draw): DrawLosses => ({
  probe: losses,
  ...(taskLosses ? { pool: taskLosses } : {}),
});

/** Mean over sequences, by position. */
function meanByPosition(tokens: Float32Array, positions: number): Float32Array {
  const sequences = tokens.length / positions;
  const sums = new Float64Array(positions);
  tokens.forEach((loss, i) => {
    sums[i % positions] += loss / sequences;
  });
  return Float32Array.from(sums);
}

/** What ties a unit's samples to it and to its run. */
export function unitFacts({ config }: Run, { name, chains }: UnitPlan): JsonObject {
  return { unit: name, chains: [...chains], ...(config.inputs === undefined ? {} : { inputs: config.inputs }) };
}

/** What a checkpoint must agree with beside its arrays. */
function identity({ unit, run }: Pick<UnitJob, "unit" | "run">): string {
  return JSON.stringify({ ...unitFacts(run, unit), settings: unit.settings });
}

async function saveState(job: UnitJob, { update, drawn, arrays }: ChainState, files: Hashes): Promise<void> {
  const facts = { identity: identity(job), update, drawn, files: Object.fromEntries(files) };
  await writeCheckpoint(job.run.store, job.run.checkpointKey(job.unit.name), {
    facts,
    arrays: new Map(Object.entries(arrays).filter(([, data]) => data !== undefined)),
  });
}

/** Where a stopped process left a unit. */
interface Saved {
  readonly state: ChainState;
  /** Hashes of what lay in its store. */
  readonly files: Hashes;
}

/** How many draws of a unit a stopped process left behind. */
export async function drawsSaved(job: Pick<UnitJob, "unit" | "run">): Promise<number> {
  return (await savedState(job))?.state.drawn ?? 0;
}

/**
 * Takes up what a stopped process left of some units, before they are put together: where a checkpoint, or a file that was there
 * at its time, is not what was written, the unit begins anew, and a line says which file that was.
 */
export async function checkSaved(jobs: readonly Pick<UnitJob, "unit" | "run">[], on?: OnEvent): Promise<void> {
  for (const job of jobs) {
    const { run, unit } = job;
    if ((await run.store.size(run.checkpointKey(unit.name))) === undefined) continue;
    const saved = await savedState(job, on);
    const fault = saved && (await firstFault(run.samplesStore(unit.name), saved.files));
    if (fault) on?.({ kind: "say", text: `${fault}: ${unit.name} begins anew` });
    if (fault || !saved) await run.dropUnit(unit.name);
  }
}

/** What is wrong with what a stopped process left of a unit; nothing where all of it can be gone on with. */
export async function savedFault(job: Pick<UnitJob, "unit" | "run">): Promise<string | undefined> {
  try {
    const saved = await readSaved(job);
    return saved && (await firstFault(job.run.samplesStore(job.unit.name), saved.files));
  } catch (error) {
    if (!(error instanceof SpectroscopeError) || error.code !== "damaged") throw error;
    return error.message;
  }
}

/** Goes on with a unit's store, or begins it. */
function openWriter(job: UnitJob, saved: Saved | undefined): Promise<SamplesWriter> {
  return SamplesWriter.open(job.run.samplesStore(job.unit.name), samplesSpec(job), saved?.files);
}

/** Has a unit begin anew whose files are not what was written; gives what is to be said of it, or of what else went wrong. */
async function dropped({ run, unit }: UnitJob, error: unknown): Promise<SpectroscopeError> {
  if (!(error instanceof SpectroscopeError) || error.code !== "damaged") throw error;
  await run.dropUnit(unit.name);
  const hint = "look after the disk, and run the same command again: this unit begins anew, what else is done stays";
  return new SpectroscopeError(error.message, { code: error.code, hint, cause: error });
}

/** What a stopped process left. @throws SpectroscopeError (code `damaged`) when it is not what was written, or another unit's */
async function readSaved({ run, unit }: Pick<UnitJob, "unit" | "run">): Promise<Saved | undefined> {
  const key = run.checkpointKey(unit.name);
  const found = await readCheckpoint(run.store, key);
  if (!found) return undefined;
  const place = { file: run.store.nameOf(key), hint: "delete it: its unit begins anew", code: "damaged" };
  const told = new Told(found.facts, place);
  const wanted = identity({ run, unit });
  if (told.at("identity").json() !== wanted) told.at("identity").refuse("that of this unit of this run");
  const [update, drawn] = ["update", "drawn"].map((name) => told.at(name).whole());
  const arrays = Object.fromEntries(found.arrays) as unknown as StateArrays;
  return { state: { update, drawn, arrays }, files: told.at("files").hashes() };
}

/** The same; nothing where it was damaged: then the unit begins anew. */
async function savedState(job: Pick<UnitJob, "unit" | "run">, on?: OnEvent): Promise<Saved | undefined> {
  try {
    return await readSaved(job);
  } catch (error) {
    if (!(error instanceof SpectroscopeError) || error.code !== "damaged") throw error;
    on?.({ kind: "say", text: `${error.message}: ${job.unit.name} begins anew` });
    return undefined;
  }
}
