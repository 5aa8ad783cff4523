/** The model of planted-modes.ts through the real chains, on the processor, all components in lockstep. */
import { plainSgld, type SamplerSettings } from "../../runtime/config/sampler";
import { pairColumnOf } from "../../runtime/measure/pair-columns";
import type { Law } from "../../runtime/modes/law";
import { modelLaw } from "../../runtime/modes/model-law";
import type { PairColumn } from "../../runtime/modes/pair-chi";
import { Laboratory } from "../../runtime/sampler/laboratory";
import { Lockstep } from "../../runtime/sampler/lockstep";
import { parseRestriction } from "../../runtime/transformer/restriction";
import { wasmDevice } from "./device";
import { component, MODES, type Planted, pairRows, plantedModel, plantedWeights } from "./planted-modes";

/** The project's own sampler, step, n_beta and localization; whole batches, so that the posterior is that of the text. */
export const plantedSettings: SamplerSettings = {
  ...plainSgld,
  ...{ sampling_method: "sgmcmc_baoab", lr: 0.02, n_beta: 10, localization: 40 },
  ...{ seed: 1, num_chains: 16, num_draws: 48, num_burnin_steps: 10, num_steps_bw_draws: 2, batch_size: 0 },
};

/** What chains of every component say, and the losses of the text's rows at w*. */
export interface PlantedRun {
  readonly columns: readonly PairColumn[];
  /** l(w*) of every pair, [contexts * tokens], nats. */
  readonly baseline: Float64Array;
}

/** Samples all components; phi comes from the text, and every context is measured at one target. */
export async function samplePlanted(
  planted: Planted,
  scalars: Float32Array,
  settings: SamplerSettings,
): Promise<PlantedRun> {
  const { contexts, tokens, counts } = planted;
  const model = plantedModel(planted);
  const lab = new Laboratory(await wasmDevice(), model, plantedWeights(planted, scalars));
  const rows = pairRows(counts, tokens);
  const text = lab.addText("text", rows, 2);
  const once = Uint32Array.from({ length: 2 * contexts }, (_, i) => Math.floor(i / 2));
  const probe = lab.addText("contexts", once, 2);
  const specs = Array.from({ length: MODES }, (_, a) => ({
    restriction: parseRestriction(component(a), model),
    ...{ settings, pool: text, probe, task: text, pairs: true },
  }));
  const chains = await Lockstep.open(lab, specs);
  for (let draw = 0; draw < settings.num_draws; draw++) await chains.draw({ traces: false });
  const parts = { ...logitParts(planted, scalars), targets: probe.targets };
  const columns: PairColumn[] = [];
  for (const [a, own] of chains.components.entries()) {
    columns.push(pairColumnOf(component(a), await own.sums(), (await own.pairSums())!, parts));
  }
  const baseline = new Float64Array(counts.length);
  chains.components[0].taskBaseline.forEach((loss, i) => {
    baseline[rows[2 * i] * tokens + rows[2 * i + 1]] = loss;
  });
  chains.close();
  lab.close();
  return { columns, baseline };
}

/** Hidden states [N, D] and unembedding [V, D] at w*. */
function logitParts({ contexts, tokens, contextModes, tokenModes }: Planted, scalars: Float32Array) {
  const hidden = new Float64Array(contexts * MODES);
  const unembedding = new Float64Array(tokens * MODES);
  for (let a = 0; a < MODES; a++) {
    for (let x = 0; x < contexts; x++) hidden[x * MODES + a] = scalars[a] ** 2 * contextModes[a][x];
    for (let y = 0; y < tokens; y++) unembedding[y * MODES + a] = Math.fround(tokenModes[a][y]);
  }
  return { hidden, unembedding, width: MODES };
}

/** What the model at w* predicts after each context. */
export const predictedLaw = (planted: Planted, scalars: Float32Array): Law => modelLaw(logitParts(planted, scalars));
