/** Holds chains to a golden: every weight after their updates, with the project's noise and batches. */
import { SpectroscopeError } from "../../kernels/errors";
import { checkSettings, plainSgld, type SamplerSettings } from "../../runtime/config/sampler";
import type { Device } from "../../runtime/plan/device";
import { Chains } from "../../runtime/sampler/chains";
import { Laboratory } from "../../runtime/sampler/laboratory";
import type { LossModel } from "../../runtime/transformer/losses";
import { parseRestriction } from "../../runtime/transformer/restriction";
import type { Golden, OnRow } from "./golden";
import type { Row } from "./kernels";
import type { GoldenEntry } from "./manifest";

export interface RunSettings {
  readonly sampler: SamplerSettings;
  readonly settings: Readonly<Record<string, unknown>>;
}

const numbers = [
  "seed",
  "lr",
  "n_beta",
  "localization",
  "llc_weight_decay",
  "bounding_box_size",
  "noise_level",
  "rmsprop_alpha",
  "rmsprop_eps",
  "friction",
  "num_chains",
  "num_draws",
  "num_burnin_steps",
  "num_steps_bw_draws",
  "batch_size",
] as const satisfies (keyof SamplerSettings)[];

/** For trajectories, which count updates and make no draws. */
const noDraws = { num_draws: 1, num_burnin_steps: 0, num_steps_bw_draws: 1 };

/**
 * Sampler settings of an entry: what it does not say is at its default, and a run's own count of updates stands in
 * where the golden has no draws.
 * @throws SpectroscopeError when a setting is missing, of the wrong kind or refused
 */
export function runSettings(entry: GoldenEntry): RunSettings {
  const settings = entry.settings ?? {};
  const given: Record<string, unknown> = { ...plainSgld, ...noDraws, ...settings };
  for (const key of numbers) {
    if (typeof given[key] === "number") continue;
    throw new SpectroscopeError(
      `goldens/manifest.json: ${entry.case}: settings.${key} is ${given[key]}, expected a number`,
    );
  }
  const keys = [...numbers, "sampling_method", "rmsprop_init", "allow_memorizing"] as const;
  const sampler = Object.fromEntries(keys.map((key) => [key, given[key]])) as unknown as SamplerSettings;
  checkSettings(sampler);
  return { sampler, settings };
}

/** The restriction that an entry runs: its case's name unless its settings name another. */
function restrictionOf(entry: GoldenEntry): string {
  const { restriction } = entry.settings ?? {};
  return typeof restriction === "string" ? restriction : entry.case;
}

interface StoredSlice {
  readonly offset: number;
  readonly size: number;
}

/** The weights of a block [chains, P] without its padding. */
function unpadded(blocks: ArrayLike<number>, chains: number, slices: readonly StoredSlice[]): Float64Array {
  const P = blocks.length / chains;
  const out: number[] = [];
  for (let m = 0; m < chains; m++) {
    for (const { offset, size } of slices) {
      for (let e = 0; e < size; e++) out.push(blocks[m * P + offset + e]);
    }
  }
  return Float64Array.from(out);
}

/** Every case of a golden but its `pool`, which names the text: weights after `num_steps` updates. */
export async function trajectoryRows(device: Device, golden: Golden, model: LossModel, onRow: OnRow): Promise<Row[]> {
  const rows: Row[] = [];
  const lab = new Laboratory(device, model.model, model.weights);
  try {
    const { ids, columns } = golden.ids("pool/ids");
    const pool = lab.addText("pool", ids, columns);
    const probe = lab.addText("probe", ids.subarray(0, columns), columns);
    for (const entry of golden.entries) {
      if (entry.case === "pool") continue;
      const { sampler, settings } = runSettings(entry);
      const restriction = parseRestriction(restrictionOf(entry), model.model);
      const chains = await Chains.open(lab, { restriction, settings: sampler, pool, probe });
      try {
        for (let t = 0; t < Number(settings.num_steps); t++) {
          chains.step();
          // A queue of a few updates at most: software adapters are slow and watchdogs impatient.
          if (t % 8 === 7) await lab.memory.settle();
        }
        const slices = settings.slices as StoredSlice[];
        const [actual, expected] = [await chains.parameters(), golden.tensor(`${entry.case}/w`).data].map((w) =>
          unpadded(w, sampler.num_chains, slices),
        );
        rows.push(golden.compare(entry, "w", actual, expected));
        onRow(rows[rows.length - 1]);
      } finally {
        chains.close();
      }
    }
  } finally {
    lab.close();
  }
  return rows;
}
