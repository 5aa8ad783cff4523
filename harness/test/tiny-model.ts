import { syntheticIds, syntheticWeights } from "../../models/synthetic";
import type { NeoxConfig } from "../../runtime/transformer/config";
import { memoryTensors, readAll, type Weights } from "../../runtime/transformer/weights";

/** Positions of the text: T, and the number of its tokens that are predicted. */
export const CONTEXT = 8;

/** A GPT-NeoX model so small that a component of it has one weight or two, and text of one sequence. */
export interface TinyModel {
  readonly config: NeoxConfig;
  readonly weights: Weights;
  /** One row of T + 1 ids. */
  readonly ids: Uint32Array;
}

/** The biases of a layer's neurons: as many weights as there are neurons. */
export function neuronBiases(layer: number): string {
  return `gpt_neox.layers.${layer}.mlp.dense_h_to_4h.bias`;
}

/** @param changes parameters to have other values */
export async function tinyModel(
  layers: number,
  neurons: number,
  changes: Readonly<Record<string, Float32Array>> = {},
): Promise<TinyModel> {
  const config: NeoxConfig = {
    vocabSize: 7,
    hiddenSize: 4,
    numHiddenLayers: layers,
    numAttentionHeads: 2,
    headDim: 2,
    intermediateSize: neurons,
    rotaryNdims: 2,
    rotaryBase: 10000,
    layerNormEps: 1e-5,
    useParallelResidual: true,
    hiddenAct: "gelu",
    attentionBias: true,
    tieWordEmbeddings: false,
    maxPositionEmbeddings: CONTEXT,
  };
  const tensors = await readAll(syntheticWeights(config));
  for (const [name, data] of Object.entries(changes)) tensors.set(name, { ...tensors.get(name)!, data });
  return { config, weights: memoryTensors(tensors), ids: syntheticIds("tiny", CONTEXT + 1, config.vocabSize) };
}
