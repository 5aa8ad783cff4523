/** Units of a run directory from made-up traces, as a sampler would have stored them. */
import { plainSgld, type SamplerSettings } from "../../runtime/config/sampler";
import type { JsonObject } from "../../runtime/formats/json";
import type { PairSums } from "../../runtime/sampler/pairs";
import type { ShiftedSums } from "../../runtime/sampler/sums";
import type { UnitPlan } from "../../runtime/store/manifest";
import type { Run } from "../../runtime/store/run";
import { SamplesWriter } from "../../runtime/store/samples-writer";
import { sumsFromTraces } from "../../runtime/susceptibility/estimate";

export interface TraceSizes {
  readonly draws: number;
  readonly chains: number;
  readonly tokens: number;
}

export interface MadeUpUnit {
  readonly sizes: TraceSizes;
  /** d, nats, [draws, chains, tokens]; l(w*) is 0. */
  readonly traces: Float32Array;
  /** [draws, chains]. */
  readonly phi: Float32Array;
  /** Losses of a sequence; default: all tokens are one sequence. */
  readonly positions?: number;
  readonly ids?: ArrayLike<number>;
  readonly keepTraces?: boolean;
  readonly sampler?: Partial<SamplerSettings>;
  /** What chi on all pairs follows from. */
  readonly pairs?: PairSums;
  /** [checks, chains]. */
  readonly logAcceptance?: Float32Array;
  readonly facts?: JsonObject;
  /** l(w*), [tokens]; default: 0, what traces are counted from. */
  readonly baseline?: Float32Array;
}

/** Sums of the losses of one draw with phi of `lag` draws earlier, by the definition. */
export function shiftedSumsOf({ traces, phi, sizes }: MadeUpUnit, lag: number): ShiftedSums {
  const { draws, chains, tokens } = sizes;
  const [sumD, sumPhiD] = [new Float64Array(chains * tokens), new Float64Array(chains * tokens)];
  for (let s = lag; s < draws; s++) {
    for (let m = 0; m < chains; m++) {
      for (let i = 0; i < tokens; i++) {
        const d = traces[(s * chains + m) * tokens + i];
        sumD[m * tokens + i] += d;
        sumPhiD[m * tokens + i] += phi[(s - lag) * chains + m] * d;
      }
    }
  }
  return { lag, sumD, sumPhiD };
}

function settingsOf({ draws, chains }: Pick<TraceSizes, "draws" | "chains">): SamplerSettings {
  return {
    ...plainSgld,
    ...{ seed: 1, lr: 0.1, n_beta: 10, localization: 1, num_chains: chains, num_draws: draws },
    ...{ num_burnin_steps: 1, num_steps_bw_draws: 1, batch_size: 1 },
  };
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Plans of units that are made up. */
export function plannedUnits(
  names: readonly string[],
  { draws, chains }: Pick<TraceSizes, "draws" | "chains"> = { draws: 1, chains: 1 },
  sampler: Partial<SamplerSettings> = {},
): UnitPlan[] {
  const settings = { ...settingsOf({ draws, chains }), ...sampler };
  return names.map((name) => ({ name, restriction: name.split(" n_beta=")[0], settings, chains: numbers(chains) }));
}

/** Stores a unit and notes that it is done. */
export async function storeUnit(run: Run, name: string, unit: MadeUpUnit): Promise<void> {
  const { sizes, traces, phi, keepTraces = true, positions = sizes.tokens } = unit;
  const { draws, chains, tokens } = sizes;
  const sequences = tokens / positions;
  const ids = unit.ids ?? new Uint32Array(sequences * (positions + 1));
  const settings: SamplerSettings = { ...settingsOf(sizes), ...unit.sampler };
  const writer = await SamplesWriter.open(run.samplesStore(name), {
    restriction: name.split(" n_beta=")[0],
    settings,
    positions,
    observables: [{ id: "probe", ids }],
    traces: keepTraces,
    drawsPerChunk: draws,
  });
  const inputs = run.config.inputs === undefined ? {} : { inputs: run.config.inputs };
  const size = chains * tokens;
  const losses = Array.from({ length: draws }, (_, s) => ({ probe: traces.subarray(s * size, (s + 1) * size) }));
  if (keepTraces) await writer.writeDraws(0, losses);
  await writer.finish({
    initLoss: new Float32Array(positions),
    baseline: unit.baseline ?? new Float32Array(tokens),
    sums: { ...sumsFromTraces(traces, phi, sizes), shifted: shiftedSumsOf(unit, Math.floor(draws / 2)) },
    ...(unit.logAcceptance ? { logAcceptance: unit.logAcceptance } : {}),
    ...(unit.pairs ? { pairs: unit.pairs } : {}),
    facts: { unit: name, chains: numbers(chains), ...inputs, weights: 1, sampler: "sgld", ...unit.facts },
  });
  await run.finishUnit(name);
}
