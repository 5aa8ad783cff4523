/** GPT-NeoX (Pythia): parameters, how they are cut, and the plan of a layer. Its `config.json`: gpt-neox-config.ts. */
import type { View } from "../../runtime/plan/plan";
import { attention, type Heads, projectHeads } from "../../runtime/transformer/attention";
import type { Dims, HeadPiece, LayerPart, LayerPlan, Model, Parameter } from "../../runtime/transformer/family";
import { activation, layerNorm, linear } from "../../runtime/transformer/operations";
import type { Value } from "../../runtime/transformer/tape";
import type { Family } from "./family";
import { ARCHITECTURE, type NeoxConfig, parseNeoxConfig } from "./gpt-neox-config";

const MODEL_TYPE = "gpt_neox";
const PREFIX = "gpt_neox.";
const EMBEDDING = `${PREFIX}embed_in.weight`;
/** transformers 5 calls the module `lm_head` but still saves it under this name. */
const UNEMBEDDING = "embed_out.weight";

/** Causal masks, scales and rotary tables that old checkpoints carry; they follow from the config. */
const ROTARY = "rotary_emb\\.(inv_freq|original_inv_freq|cos_cached|sin_cached)";
const BUFFER = new RegExp(
  `^gpt_neox\\.(layers\\.\\d+\\.attention\\.(bias|masked_bias|norm_factor|${ROTARY})|${ROTARY})$`,
);

export const gptNeox: Family = {
  modelType: MODEL_TYPE,
  architecture: ARCHITECTURE,
  innerArchitecture: "GPTNeoXModel",
  prefix: PREFIX,
  unembedding: UNEMBEDDING,
  sizeKeys: {
    vocab: "vocab_size",
    hidden: "hidden_size",
    layers: "num_hidden_layers",
    intermediate: "intermediate_size",
  },
  parse: (json, file) => neoxModel(parseNeoxConfig(json, file)),
  canonical: (stored) => (stored === "lm_head.weight" ? UNEMBEDDING : BUFFER.test(stored) ? undefined : stored),
};

/** The prefix of a layer's parameter names. */
const layerPrefix = (layer: number) => `${PREFIX}layers.${layer}.`;

function neoxModel(config: NeoxConfig): Model {
  const dims: Dims = {
    vocab: config.vocabSize,
    hidden: config.hiddenSize,
    layers: config.numHiddenLayers,
    heads: config.numAttentionHeads,
    kvHeads: config.numAttentionHeads,
    headDim: config.headDim,
    intermediate: config.intermediateSize,
    positions: config.maxPositionEmbeddings,
  };
  let parameters: Map<string, Parameter> | undefined;
  return {
    family: MODEL_TYPE,
    config: { ...config },
    dims,
    get parameters() {
      parameters ??= neoxParameters(config, dims);
      return parameters;
    },
    embedding: EMBEDDING,
    unembedding: config.tieWordEmbeddings ? EMBEDDING : UNEMBEDDING,
    planLayer: (plan, h, layer, into) => planLayer(config, plan, h, layer, into),
    planFinalNorm: (plan, h) => planNorm(config, plan, "final norm", `${PREFIX}final_layer_norm`, h),
  };
}

/**
 * A linear layer is [out, in]; the rows of query_key_value are ordered head, then q|k|v, then head dim. A tied model has no
 * `embed_out.weight`; without attention biases those of query_key_value and dense are absent.
 */
function neoxParameters(config: NeoxConfig, dims: Dims): Map<string, Parameter> {
  const { vocab: v, hidden: d, intermediate: f, headDim } = dims;
  const parameters = new Map<string, Parameter>([[EMBEDDING, { shape: [v, d], part: "embed" }]]);
  const linear = (name: string, out: number, into: number, bias: boolean, of: Omit<Parameter, "shape">) => {
    parameters.set(`${name}.weight`, { shape: [out, into], ...of });
    // What a matrix reads by columns its bias does not hold.
    const { cut, ...whole } = of;
    if (bias) parameters.set(`${name}.bias`, { shape: [out], ...(cut?.axis === 0 ? of : whole) });
  };
  const norm = (name: string, layer?: number) => {
    const of = { shape: [d], part: "norm", ...(layer === undefined ? {} : { layer }) } as const;
    parameters.set(`${name}.weight`, of);
    parameters.set(`${name}.bias`, of);
  };
  for (let layer = 0; layer < dims.layers; layer++) {
    const prefix = layerPrefix(layer);
    norm(`${prefix}input_layernorm`, layer);
    norm(`${prefix}post_attention_layernorm`, layer);
    const attn = (axis: 0 | 1, ...pieces: HeadPiece[]) =>
      ({ part: "attn", layer, cut: { by: "head", axis, size: pieces.length * headDim, pieces } }) as const;
    linear(`${prefix}attention.query_key_value`, 3 * d, d, config.attentionBias, attn(0, "q", "k", "v"));
    linear(`${prefix}attention.dense`, d, d, config.attentionBias, attn(1, "o"));
    const mlp = (axis: 0 | 1) => ({ part: "mlp", layer, cut: { by: "neuron", axis, size: 1 } }) as const;
    linear(`${prefix}mlp.dense_h_to_4h`, f, d, true, mlp(0));
    linear(`${prefix}mlp.dense_4h_to_h`, d, f, true, mlp(1));
  }
  norm(`${PREFIX}final_layer_norm`);
  if (!config.tieWordEmbeddings) parameters.set(UNEMBEDDING, { shape: [v, d], part: "unembed" });
  return parameters;
}

function planNorm(config: NeoxConfig, plan: LayerPlan, label: string, name: string, x: Value): Value {
  const [weight, bias] = ["weight", "bias"].map((part) => plan.weight(`${name}.${part}`));
  return layerNorm(plan.tape, label, x, weight, bias, config.layerNormEps, plan.fixed);
}

/** h + attention + mlp, in parallel or one after the other. */
function planLayer(config: NeoxConfig, plan: LayerPlan, h: Value, layer: number, into?: View): Value {
  const norm = (name: string, x: Value) => planNorm(config, plan, `l${layer} ${name}`, layerPrefix(layer) + name, x);
  if (config.useParallelResidual) {
    const afterMlp = planMlp(config, plan, norm("post_attention_layernorm", h), h, layer);
    return planAttention(config, plan, norm("input_layernorm", h), afterMlp, layer, into);
  }
  const afterAttention = planAttention(config, plan, norm("input_layernorm", h), h, layer);
  return planMlp(config, plan, norm("post_attention_layernorm", afterAttention), afterAttention, layer, into);
}

/** residual + attention(x). */
function planAttention(
  config: NeoxConfig,
  plan: LayerPlan,
  x: Value,
  residual: Value,
  layer: number,
  into?: View,
): Value {
  const { tape, fixed, rows } = plan;
  const { headDim, rotaryNdims, rotaryBase } = config;
  const rotary = rotaryNdims > 0 ? fixed.rotary(rows.positions, rotaryNdims, rotaryBase) : undefined;
  const dense = `${layerPrefix(layer)}attention.dense`;
  return plan.byParts(`l${layer} attention`, layer, "head", residual, into, (part) => {
    const { qkv, ...heads } = planHeads(plan, part, x, layer, headDim);
    const context = attention(tape, part.label(), qkv, heads, rotary, { keep: true });
    const outBias = part.once(`${dense}.bias`);
    return linear(tape, part.label("dense"), context, part.weight(`${dense}.weight`), outBias, fixed, part.sum);
  });
}

/** Queries, keys and values of a part's heads: by the packed matrix, or piece by piece where some move and others do not. */
function planHeads(
  { tape, fixed }: LayerPlan,
  part: LayerPart,
  x: Value,
  layer: number,
  headDim: number,
): Heads & { readonly qkv: Value } {
  const [weight, bias] = ["weight", "bias"].map((what) => `${layerPrefix(layer)}attention.query_key_value.${what}`);
  const heads = { heads: part.count("head"), headDim };
  const pieces = part.pieces(weight);
  if (!pieces) {
    return { ...heads, qkv: linear(tape, part.label("qkv"), x, part.weight(weight), part.optional(bias), fixed) };
  }
  const biases = part.pieces(bias);
  const [q, k, v] = pieces.map((own, i) => ({ weight: own, ...(biases ? { bias: biases[i] } : {}) }));
  return { ...heads, ...projectHeads(tape, (what) => part.label(what), x, { q, k, v }, heads, fixed) };
}

/** residual + mlp(x). */
function planMlp(
  { hiddenAct }: NeoxConfig,
  plan: LayerPlan,
  x: Value,
  residual: Value,
  layer: number,
  into?: View,
): Value {
  const { tape, fixed } = plan;
  const [up, down] = ["dense_h_to_4h", "dense_4h_to_h"].map((name) => `${layerPrefix(layer)}mlp.${name}`);
  return plan.byParts(`l${layer} mlp`, layer, "neuron", residual, into, (part) => {
    const before = linear(tape, part.label("in"), x, part.weight(`${up}.weight`), part.weight(`${up}.bias`), fixed);
    const active = activation(tape, part.label("activation"), hiddenAct, before);
    const outBias = part.once(`${down}.bias`);
    return linear(tape, part.label("out"), active, part.weight(`${down}.weight`), outBias, fixed, part.sum);
  });
}
