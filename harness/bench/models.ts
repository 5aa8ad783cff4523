/** The models that whole steps are timed on, and small ones for scaling. */
import { parseModel } from "../../models/families/registry";
import { syntheticIds, syntheticWeights } from "../../models/synthetic";
import { plainSgld, type SamplerSettings } from "../../runtime/config/sampler";
import type { Device } from "../../runtime/plan/device";
import { Laboratory, type TextOnDevice } from "../../runtime/sampler/laboratory";
import type { Model } from "../../runtime/transformer/family";
import type { Weights } from "../../runtime/transformer/weights";
import { isWebGpu } from "../../runtime/webgpu/device";

/** Names that `--model` takes. */
export const MODELS = ["nano", "pythia-14m-shape"] as const;
export type ModelName = (typeof MODELS)[number];

/** How much text and how many chains steps are timed with. */
export interface StepShape {
  readonly chains: number;
  /** Sequences of a chain's minibatch. */
  readonly batch: number;
  /** Sequences of the probe, the same for all chains. */
  readonly probe: number;
  readonly positions: number;
}

const PYTHIA_14M = {
  model_type: "gpt_neox",
  vocab_size: 50304,
  hidden_size: 128,
  num_hidden_layers: 6,
  num_attention_heads: 4,
  intermediate_size: 512,
};

/** A model of Pythia-14M's sizes. */
export const pythia14m = () => parseModel(PYTHIA_14M);

/** A model of sizes between the tests' and a real one's; any of them can be changed, by the keys of `config.json`. */
export function smallModel(changes: Readonly<Record<string, number>> = {}): Model {
  const sizes = { vocab_size: 1024, hidden_size: 64, intermediate_size: 256, num_hidden_layers: 4 };
  return parseModel({ ...PYTHIA_14M, ...sizes, ...changes });
}

/**
 * Chains and text by where it runs. A software adapter reaches a few GFLOP/s: there the 14M shape gets so few tokens that a row
 * takes seconds, and says nothing of larger batches.
 */
export function stepShape(model: ModelName, device: Device): StepShape {
  const slow = isWebGpu(device) && device.facts.software;
  if (model === "nano") return { chains: 4, batch: slow ? 8 : 16, probe: slow ? 8 : 24, positions: 64 };
  if (slow) return { chains: 2, batch: 1, probe: 2, positions: 64 };
  if (!isWebGpu(device)) return { chains: 4, batch: 1, probe: 4, positions: 128 };
  return { chains: 8, batch: 8, probe: 16, positions: 256 };
}

/** Plain SGLD with so small a step that chains of random models stay finite. */
export function benchSettings(changes: Partial<SamplerSettings> = {}): SamplerSettings {
  return {
    ...plainSgld,
    seed: 1,
    lr: 1e-6,
    n_beta: 10,
    localization: 100,
    num_chains: 1,
    num_draws: 1000,
    num_burnin_steps: 0,
    num_steps_bw_draws: 1,
    batch_size: 1,
    ...changes,
  };
}

/** A model on a device with synthetic text: a pool for minibatches and a probe. */
export interface BenchModel {
  readonly lab: Laboratory;
  readonly pool: TextOnDevice;
  readonly probe: TextOnDevice;
}

/** Puts a model on a device; its text is uniform over the vocabulary. */
export function openBenchModel(
  device: Device,
  model: Model,
  { batch, probe, positions }: Pick<StepShape, "batch" | "probe" | "positions">,
  weights: Weights = syntheticWeights(model),
): BenchModel {
  const lab = new Laboratory(device, model, weights);
  const text = (name: string, sequences: number) =>
    lab.addText(name, syntheticIds(name, sequences * (positions + 1), model.dims.vocab), positions + 1);
  // Twice a minibatch: enough to choose from, little to hold.
  return { lab, pool: text("pool", 2 * batch), probe: text("probe", probe) };
}
