/** A small made-up run for the tests of its stores. */
import { plainSgld, type SamplerSettings } from "../../runtime/config/sampler";
import type { UnitPlan } from "../../runtime/store/manifest";
import type { ObservableId, SamplesSpec } from "../../runtime/store/samples";
import { type DrawLosses, type SamplesResults, SamplesWriter } from "../../runtime/store/samples-writer";
import type { Store } from "../../runtime/store/store";
import { sumsFromTraces } from "../../runtime/susceptibility/estimate";
import { seededRandom } from "./random";

export const shape = { draws: 7, chains: 2, sequences: 3, positions: 4, drawsPerChunk: 3 };
export const tokens = shape.sequences * shape.positions;
const POOL_SEQUENCES = 2;

export interface Example {
  readonly spec: SamplesSpec;
  readonly results: SamplesResults;
  /** [draws, chains, tokens] of each text. */
  readonly losses: Readonly<Partial<Record<ObservableId, Float32Array>>>;
  /** d of the probe. */
  readonly rises: Float32Array;
}

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

/**
 * A run whose chains wander; `pool`: the sampling task is another text. Losses are multiples of 2^-10, so that f32 adds and
 * subtracts them without a rounding and other programs can be compared with to the last digits.
 */
export function example(seed: number, changes: Partial<SamplesSpec> & { pool?: boolean } = {}): Example {
  const { draws, chains, sequences, positions, drawsPerChunk } = shape;
  const { pool = false, ...rest } = changes;
  const random = seededRandom(seed);
  // What a text is does not depend on the run.
  const text = seededRandom(1);
  const grid = (value: number) => Math.round(value * 1024) / 1024;
  const observables = (pool ? [sequences, POOL_SEQUENCES] : [sequences]).map((count, i) => ({
    id: (["probe", "pool"] as const)[i],
    ids: Uint32Array.from({ length: count * (positions + 1) }, () => text.integer(50_000)),
  }));
  const baselines = observables.map(({ ids }) => {
    const size = (ids.length / (positions + 1)) * positions;
    return Float32Array.from({ length: size }, () => grid(3 + text.normal()));
  });
  const all = observables.map(({ ids }, o) => {
    const size = (ids.length / (positions + 1)) * positions;
    return Float32Array.from({ length: draws * chains * size }, (_, i) =>
      grid(baselines[o][i % size] + random.normal()),
    );
  });
  const task = all.length - 1;
  const size = baselines[task].length;
  const phi = Float64Array.from({ length: draws * chains }, (_, at) => {
    return mean(all[task].subarray(at * size, (at + 1) * size)) - mean(baselines[task]);
  });
  const rises = all[0].map((value, i) => value - baselines[0][i % tokens]);
  const sums = sumsFromTraces(rises, phi, { draws, chains, tokens });
  const shifted = shiftedSums(rises, phi, 3);
  const initLoss = Float64Array.from({ length: positions }, (_, t) =>
    mean(baselines[task].filter((_, i) => i % positions === t)),
  );
  const settings: SamplerSettings = {
    ...plainSgld,
    ...{ seed: 5, lr: 1e-4, n_beta: 10, localization: 300, num_chains: chains, num_draws: draws },
    ...{ num_burnin_steps: 8, num_steps_bw_draws: 4, batch_size: 2 },
  };
  const spec = { restriction: "l0h1", settings, positions, observables, traces: true, drawsPerChunk, ...rest };
  const results = {
    ...{ initLoss, baseline: baselines[0], sums: { ...sums, shifted } },
    kineticTemperature: Float32Array.from({ length: 3 * chains }, () => 1 + 0.1 * random.uniform()),
    logAcceptance: Float32Array.from({ length: 3 * chains }, () => -random.uniform()),
    facts: { unit: spec.restriction, chains: [0, 1], sampler: "gpu", flops: 12 },
  };
  return { spec, results, losses: { probe: all[0], ...(pool ? { pool: all[1] } : {}) }, rises };
}

function shiftedSums(rises: Float32Array, phi: Float64Array, lag: number) {
  const { draws, chains } = shape;
  const [sumD, sumPhiD] = [new Float64Array(chains * tokens), new Float64Array(chains * tokens)];
  for (let at = lag * chains * tokens; at < draws * chains * tokens; at++) {
    const to = at % (chains * tokens);
    sumD[to] += rises[at];
    sumPhiD[to] += phi[Math.floor(at / tokens) - lag * chains] * rises[at];
  }
  return { lag, sumD, sumPhiD };
}

/** Plans of units that are examples, each called as its restriction. */
export const exampleUnits = (names: readonly string[]): UnitPlan[] =>
  names.map((name) => ({ name, restriction: name, settings: example(1).spec.settings, chains: [0, 1] }));

/** Losses of some draws out of all, draw by draw. */
export function drawsOf(all: Example["losses"], first: number, count: number): DrawLosses[] {
  const draw = (values: Float32Array, s: number) => {
    const size = values.length / shape.draws;
    return values.subarray(s * size, (s + 1) * size);
  };
  return Array.from({ length: count }, (_, i) =>
    Object.fromEntries(Object.entries(all).map(([id, values]) => [id, draw(values, first + i)])),
  );
}

/** Writes a block of an example's draws. */
export async function writeBlock(writer: SamplesWriter, { losses, spec }: Example, first: number): Promise<void> {
  const count = Math.min(spec.drawsPerChunk, spec.settings.num_draws - first);
  await writer.writeDraws(first, drawsOf(losses, first, count));
}

/** Writes an example whole. */
export async function writeExample(store: Store, run: Example): Promise<void> {
  const writer = await SamplesWriter.open(store, run.spec);
  for (let first = 0; first < shape.draws; first += run.spec.drawsPerChunk) await writeBlock(writer, run, first);
  await writer.finish(run.results);
}
