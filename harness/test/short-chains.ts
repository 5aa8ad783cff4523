/** What tests of sampling have in common: a few short chains, and rows of nano's corpus as a text. */
import { generate } from "../../models/nano/corpus";
import { plainSgld, type SamplerSettings } from "../../runtime/config/sampler";
import type { Corpus } from "../../runtime/measure/corpus";

/** Losses of a row. */
export const CONTEXT = 8;

export function shortChains(num_chains: number, num_draws: number): SamplerSettings {
  return {
    ...plainSgld,
    ...{ seed: 2, lr: 0.01, n_beta: 10, localization: 100, num_chains, num_draws },
    ...{ num_burnin_steps: 1, num_steps_bw_draws: 1, batch_size: 2 },
  };
}

export const generatedRows = (rows: number, seed: number): Corpus => ({
  ids: generate({ seed, sequences: rows, context: CONTEXT }).ids,
  ...{ rows, columns: CONTEXT + 1, nameOf: String },
});
