import { SpectroscopeError } from "../../kernels/errors";
import type { SamplerSettings } from "../config/sampler";
import { differences } from "../formats/json";
import type { PairSums } from "../sampler/pairs";
import { Run } from "../store/run";
import type { ObservableId } from "../store/samples";
import type { Samples } from "../store/samples-reader";
import { SamplesWriter } from "../store/samples-writer";
import type { Store } from "../store/store";
import { mergeSums } from "../susceptibility/merge";
import { openUnit } from "./chi-tables";
import { withoutShard } from "./config";
import { type Attention, say, stopIfAsked } from "./events";
import { keepTiming, RUN_LEAVES, readTiming, type Timing } from "./run-files";
import { unitFacts } from "./unit-sampler";
import { parseShard, type UnitPlan } from "./units";

/**
 * Puts the shards of a run together in a store of its own, which is then like one that a single process sampled: the same
 * bits, in whatever order the shards are named. Units that are there already are kept. Needs no model: the manifest of every
 * shard holds the units of the whole run.
 *
 * @throws SpectroscopeError for shards of different runs (the differing keys are named), one that is not finished, and chains
 *   that no shard, or more than one, holds
 */
export async function mergeShards(into: Store, stores: readonly Store[], attention: Attention = {}): Promise<Run> {
  const shards: Run[] = [];
  for (const store of stores) shards.push(await Run.open(store));
  const [first] = shards;
  if (!first) throw new SpectroscopeError("merge: no shards", { hint: "name the directories of all shards" });
  for (const shard of shards) {
    const changed = differences(withoutShard(first.config), withoutShard(shard.config));
    if (changed.length > 0) {
      throw new SpectroscopeError(
        `${shard.name}: is no shard of the same run as ${first.name}: ${changed.map(({ key }) => key).join(", ")} differ`,
        { hint: "merge the shards of one run" },
      );
    }
    const [pending] = shard.units("pending");
    if (pending !== undefined) {
      throw new SpectroscopeError(`${shard.name}: ${pending} is not done yet`, {
        hint: "run the command that began it again",
      });
    }
  }
  checkComplete(shards);
  return into.exclusive(async () => {
    const run = await Run.begin(into, {
      config: withoutShard(first.config),
      provenance: { merged: shards.flatMap((shard) => shard.manifest.provenance) },
      plan: first.plan,
      cluster: first.manifest.cluster,
      leaves: RUN_LEAVES,
    });
    for (const remark of run.remarks) say(attention, remark);
    for (const unit of first.plan) {
      if (run.isDone(unit.name)) continue;
      stopIfAsked(attention, `stopped before ${unit.name}`, "run the same command again: what is merged stays");
      say(attention, `merging ${unit.name}`);
      const parts: Samples[] = [];
      for (const shard of shards) {
        if (shard.units("done").includes(unit.name)) parts.push(await openUnit(shard, unit.name));
      }
      await mergeUnit(run, unit, parts);
      await run.finishUnit(unit.name);
    }
    const timing = await timingOf(shards);
    if (timing) await keepTiming(run, timing);
    return run;
  });
}

/** Refuses, before anything is written, directories that are no shards, one given twice, and missing ones. */
function checkComplete(shards: readonly Run[]): void {
  const held = new Map<number, string>();
  let parts = 0;
  for (const { name, config } of shards) {
    if (config.shard === undefined) {
      throw new SpectroscopeError(`${name}: is a whole run and no shard`, {
        hint: "merge what `sample --shard` sampled",
      });
    }
    const { index, count } = parseShard(String(config.shard));
    if (parts > 0 && count !== parts) {
      throw new SpectroscopeError(`${name}: is a shard of ${count}, ${shards[0].name} of ${parts}`, {
        hint: "merge the shards of one division",
      });
    }
    parts = count;
    const other = held.get(index);
    if (other !== undefined) {
      throw new SpectroscopeError(`${name}: is shard ${index}/${count}, as ${other} is`, {
        hint: "name each shard once",
      });
    }
    held.set(index, name);
  }
  const missing = Array.from({ length: parts }, (_, i) => i + 1).filter((index) => !held.has(index));
  if (missing.length > 0) {
    throw new SpectroscopeError(`shard ${missing.map((index) => `${index}/${parts}`).join(", ")} is missing`, {
      hint: "name the directories of all shards",
    });
  }
}

/** When the first of the shards was sampled, and how long all of them took together. */
async function timingOf(shards: readonly Run[]): Promise<Timing | undefined> {
  const found: Timing[] = [];
  for (const shard of shards) {
    const timing = await readTiming(shard);
    if (timing) found.push(timing);
  }
  const [first] = found.sort((a, b) => (a.date < b.date ? -1 : 1));
  const seconds = found.flatMap((timing) => timing.seconds).reduce((sum, phase) => sum + phase.seconds, 0);
  return first && { ...first, seconds: [{ phase: "sampling", seconds }] };
}

const chainsOf = (part: Samples) => part.facts.chains as readonly number[];

/** One unit from the chains that its shards hold. */
async function mergeUnit(run: Run, unit: UnitPlan, parts: readonly Samples[]): Promise<void> {
  const held = parts.flatMap((part) => chainsOf(part));
  const missing = unit.chains.filter((chain) => !held.includes(chain));
  if (missing.length > 0) {
    throw new SpectroscopeError(`merge: no shard holds chain ${missing.join(", ")} of ${unit.name}`, {
      hint: "name the directories of all shards",
    });
  }
  const [first] = parts;
  const baseline = await first.baseline();
  for (const part of parts) {
    const own = await part.baseline();
    if (own.some((loss, i) => loss !== baseline[i])) {
      throw new SpectroscopeError(`${part.name}: its losses at w* are not those of ${first.name}`, {
        hint: "sample all shards on adapters of one kind: their last digits differ",
      });
    }
  }
  const sums = mergeSums(
    await Promise.all(parts.map(async (part) => ({ chains: chainsOf(part), sums: await part.sums() }))),
  );
  const settings: SamplerSettings = { ...unit.settings, num_chains: unit.chains.length };
  const writer = await SamplesWriter.open(run.samplesStore(unit.name), {
    restriction: first.restriction,
    settings,
    positions: first.positions,
    observables: await Promise.all(first.observables.map(async (id) => ({ id, ids: await first.ids(id) }))),
    traces: first.hasTraces,
    drawsPerChunk: first.drawsPerChunk,
  });
  if (first.hasTraces) {
    for (let from = 0; from < settings.num_draws; from += first.drawsPerChunk) {
      const to = Math.min(settings.num_draws, from + first.drawsPerChunk);
      const blocks: [ObservableId, Float32Array][] = [];
      for (const id of first.observables) {
        const own = await Promise.all(parts.map((part) => part.traces(id, { from, to })));
        blocks.push([id, joinChains(own, parts.map(chainsOf), to - from)]);
      }
      const draw = (s: number) =>
        Object.fromEntries(
          blocks.map(([id, all]) => {
            const size = all.length / (to - from);
            return [id, all.subarray(s * size, (s + 1) * size)];
          }),
        );
      await writer.writeDraws(
        from,
        Array.from({ length: to - from }, (_, s) => draw(s)),
      );
    }
  }
  /** What was taken at checks, of all chains; nothing where none was. */
  const joined = (checks: readonly (Float32Array | undefined)[]) => {
    const rows = (checks[0]?.length ?? 0) / first.chains;
    return rows > 0 ? joinChains(checks as Float32Array[], parts.map(chainsOf), rows) : undefined;
  };
  const pairs = await joinPairs(parts);
  const { flops, ...facts } = first.facts;
  await writer.finish({
    initLoss: await first.initLoss(),
    baseline,
    sums,
    logAcceptance: joined(await Promise.all(parts.map((part) => part.logAcceptance()))),
    kineticTemperature: joined(await Promise.all(parts.map((part) => part.kineticTemperature()))),
    ...(pairs ? { pairs } : {}),
    facts: {
      ...facts,
      ...unitFacts(run, unit),
      ...(facts.localization ? { localization: joinLocalizations(parts) } : {}),
      flops: parts.reduce((sum, part) => sum + Number(part.facts.flops), 0),
    },
  });
}

/** What chi on all pairs follows from, where the shards kept it. */
async function joinPairs(parts: readonly Samples[]): Promise<PairSums | undefined> {
  const [first, ...others] = await Promise.all(parts.map((part) => part.pairs()));
  if (!first) return undefined;
  const own = [first, ...others] as readonly PairSums[];
  const join = (values: (one: PairSums) => PairSums["mean"]) =>
    joinChains(
      own.map((one) => Float32Array.from(values(one))),
      parts.map(chainsOf),
      1,
    );
  const { kind, elements } = first;
  return { kind, elements, mean: join(({ mean }) => mean), covariance: join(({ covariance }) => covariance) };
}

/** Those found for a prior at equal rise, by chain. */
function joinLocalizations(parts: readonly Samples[]): number[] {
  const own = parts.map(({ facts }) => Float32Array.from(facts.localization as number[]));
  return Array.from(joinChains(own, parts.map(chainsOf), 1));
}

/** [rows, own chains, width] of every part as [rows, all chains, width], chains by their numbers. */
function joinChains(
  parts: readonly Float32Array[],
  numbers: readonly (readonly number[])[],
  rows: number,
): Float32Array {
  const chains = numbers.reduce((sum, own) => sum + own.length, 0);
  const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  const width = out.length / rows / chains;
  for (const [p, part] of parts.entries()) {
    for (let row = 0; row < rows; row++) {
      for (const [m, chain] of numbers[p].entries()) {
        const from = (row * numbers[p].length + m) * width;
        out.set(part.subarray(from, from + width), (row * chains + chain) * width);
      }
    }
  }
  return out;
}
