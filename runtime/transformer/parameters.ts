import type { NeoxConfig } from "./config";

/** Name of the unembedding. transformers 5 calls the module `lm_head` but still saves it under this name. */
export const UNEMBEDDING = "embed_out.weight";
export const EMBEDDING = "gpt_neox.embed_in.weight";

/**
 * Every parameter in the order of transformers' `named_parameters()`, with its shape: a linear layer is [out, in], its
 * query_key_value rows ordered head, then q|k|v, then head dim. A tied model has no `embed_out.weight`; without attention
 * biases those of query_key_value and dense are absent.
 */
export function parameterShapes(config: NeoxConfig): Map<string, number[]> {
  const { hiddenSize: d, intermediateSize: f, vocabSize: v } = config;
  const shapes = new Map<string, number[]>([[EMBEDDING, [v, d]]]);
  const linear = (name: string, out: number, into: number, bias: boolean) => {
    shapes.set(`${name}.weight`, [out, into]);
    if (bias) shapes.set(`${name}.bias`, [out]);
  };
  const norm = (name: string) => {
    shapes.set(`${name}.weight`, [d]);
    shapes.set(`${name}.bias`, [d]);
  };
  for (let layer = 0; layer < config.numHiddenLayers; layer++) {
    const prefix = `gpt_neox.layers.${layer}`;
    norm(`${prefix}.input_layernorm`);
    norm(`${prefix}.post_attention_layernorm`);
    linear(`${prefix}.attention.query_key_value`, 3 * d, d, config.attentionBias);
    linear(`${prefix}.attention.dense`, d, d, config.attentionBias);
    linear(`${prefix}.mlp.dense_h_to_4h`, f, d, true);
    linear(`${prefix}.mlp.dense_4h_to_h`, d, f, true);
  }
  norm("gpt_neox.final_layer_norm");
  if (!config.tieWordEmbeddings) shapes.set(UNEMBEDDING, [v, d]);
  return shapes;
}
