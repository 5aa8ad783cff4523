/** The models that whole steps are timed on, and small ones for scaling. */
import { syntheticIds, syntheticWeights } from "../../models/synthetic";
import type { Device } from "../../runtime/plan/device";
import { Laboratory, type TextOnDevice } from "../../runtime/sampler/laboratory";
import { type SamplerSettings, samplerDefaults } from "../../runtime/sampler/settings";
import type { NeoxConfig } from "../../runtime/transformer/config";
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

/** Pythia-14M's sizes. */
export const PYTHIA_14M: NeoxConfig = {
  vocabSize: 50304,
  hiddenSize: 128,
  numHiddenLayers: 6,
  numAttentionHeads: 4,
  headDim: 32,
  intermediateSize: 512,
  rotaryNdims: 8,
  rotaryBase: 10000,
  layerNormEps: 1e-5,
  useParallelResidual: true,
  hiddenAct: "gelu",
  attentionBias: true,
  tieWordEmbeddings: false,
  maxPositionEmbeddings: 2048,
};

/** Sizes between the tests' and a real model's; any of them can be changed. */
export function smallConfig(changes: Partial<NeoxConfig> = {}): NeoxConfig {
  return {
    ...PYTHIA_14M,
    vocabSize: 1024,
    hiddenSize: 64,
    headDim: 16,
    intermediateSize: 256,
    rotaryNdims: 4,
    numHiddenLayers: 4,
    ...changes,
  };
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
    ...samplerDefaults,
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
  config: NeoxConfig,
  { batch, probe, positions }: Pick<StepShape, "batch" | "probe" | "positions">,
  weights: Weights = syntheticWeights(config),
): BenchModel {
  const lab = new Laboratory(device, config, weights);
  const text = (name: string, sequences: number) =>
    lab.addText(name, syntheticIds(name, sequences * (positions + 1), config.vocabSize), positions + 1);
  // Twice a minibatch: enough to choose from, little to hold.
  return { lab, pool: text("pool", 2 * batch), probe: text("probe", probe) };
}
