import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseModel } from "../../models/families/registry";
import { syntheticIds, syntheticWeights } from "../../models/synthetic";
import { projectRoot } from "../../runtime/node/root";
import type { Model } from "../../runtime/transformer/family";
import { memoryTensors, readAll, type Weights } from "../../runtime/transformer/weights";

/** Positions of the text: T, and the number of its tokens that are predicted. */
export const CONTEXT = 8;

/** A model so small that a component of it has one weight or two, and text of one sequence. */
export interface TinyModel {
  readonly model: Model;
  readonly weights: Weights;
  /** One row of T + 1 ids. */
  readonly ids: Uint32Array;
}

/** The biases of a layer's neurons: as many weights as there are neurons. */
export function neuronBiases(layer: number): string {
  return `gpt_neox.layers.${layer}.mlp.dense_h_to_4h.bias`;
}

/**
 * @param changes parameters to have other values
 * @param settings keys of `config.json` to have other values
 */
export async function tinyModel(
  layers: number,
  neurons: number,
  changes: Readonly<Record<string, Float32Array>> = {},
  settings: Readonly<Record<string, unknown>> = {},
): Promise<TinyModel> {
  const model = parseModel({
    model_type: "gpt_neox",
    vocab_size: 7,
    hidden_size: 4,
    num_hidden_layers: layers,
    num_attention_heads: 2,
    intermediate_size: neurons,
    rotary_pct: 1,
    max_position_embeddings: CONTEXT,
    ...settings,
  });
  const tensors = await readAll(syntheticWeights(model));
  for (const [name, data] of Object.entries(changes)) tensors.set(name, { ...tensors.get(name)!, data });
  return { model, weights: memoryTensors(tensors), ids: syntheticIds("tiny", CONTEXT + 1, model.dims.vocab) };
}

/** nano, with keys of its `config.json` changed. */
export function nanoModel(changes: Readonly<Record<string, unknown>> = {}): Model {
  const json = JSON.parse(readFileSync(join(projectRoot(), "models", "nano", "config.json"), "utf8"));
  return parseModel({ ...json, ...changes });
}
