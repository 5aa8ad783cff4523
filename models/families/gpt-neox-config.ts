/**
 * `config.json` of a GPTNeoXForCausalLM, read strictly into the numbers the mathematics needs. Meanings and defaults are
 * those of transformers (4.x with `rotary_pct`, `rotary_emb_base`; 5.x with `rope_parameters`). Where transformers ignores or
 * overrides a value without a word, this refuses. No disk here.
 */
import type { ActivationName } from "../../kernels/activation/functions";
import { suggest } from "../../kernels/suggest";
import { ConfigReader, isObject, type Json, show } from "./config-reader";

/** The numbers of a GPT-NeoX model that the mathematics needs. */
export interface NeoxConfig {
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly numHiddenLayers: number;
  readonly numAttentionHeads: number;
  /** hiddenSize / numAttentionHeads */
  readonly headDim: number;
  readonly intermediateSize: number;
  /** How many leading dims of each head are rotated, 0 to headDim; of an odd number one more is. */
  readonly rotaryNdims: number;
  /** Base of the rotary frequencies: pair i of a head turns by `rotaryBase^(-2i/rotaryNdims)` radians per position. */
  readonly rotaryBase: number;
  readonly layerNormEps: number;
  /** true: `x + attn(ln1 x) + mlp(ln2 x)`; false: one after the other. */
  readonly useParallelResidual: boolean;
  /** Of the MLP: `gelu` is exact, by erf; `gelu_tanh` its approximation by tanh. */
  readonly hiddenAct: ActivationName;
  /** Whether query_key_value and attention.dense have biases. */
  readonly attentionBias: boolean;
  /** true: the unembedding is the embedding's matrix and has no weight of its own. */
  readonly tieWordEmbeddings: boolean;
  readonly maxPositionEmbeddings: number;
}

/** The class whose configs are read. */
export const ARCHITECTURE = "GPTNeoXForCausalLM";

/** Keys that set the mathematics. */
const USED = [
  "vocab_size",
  "hidden_size",
  "num_hidden_layers",
  "num_attention_heads",
  "head_dim",
  "intermediate_size",
  "hidden_act",
  "rotary_pct",
  "partial_rotary_factor",
  "rotary_emb_base",
  "rope_theta",
  "rope_parameters",
  "rope_scaling",
  "layer_norm_eps",
  "use_parallel_residual",
  "attention_bias",
  "tie_word_embeddings",
  "max_position_embeddings",
];

/** `hidden_act` to the function it names; three of the names in transformers are one function. */
const ACTIVATIONS: Readonly<Record<string, ActivationName>> = {
  gelu: "gelu",
  gelu_new: "gelu_tanh",
  gelu_fast: "gelu_tanh",
  gelu_pytorch_tanh: "gelu_tanh",
  relu: "relu",
};

/** The widest head that the attention kernels hold. */
const MAX_HEAD_DIM = 256;

const ROPE_KEYS = ["rope_type", "type", "rope_theta", "partial_rotary_factor"];

/** Rotated fraction and base as transformers 5 takes them: `rope_parameters` first, then the older keys, then defaults. */
function readRope(reader: ConfigReader): { fraction: number; base: number } {
  const dictionaries: [string, Json][] = [];
  for (const key of ["rope_scaling", "rope_parameters"]) {
    const value = reader.json[key] ?? undefined;
    if (value === undefined) continue;
    if (!isObject(value)) reader.fail(`"${key}" is ${show(value)}`, "it must be an object or null");
    const type = value.rope_type ?? value.type ?? "default";
    if (type !== "default") reader.fail(`"${key}.rope_type" is ${show(type)}`, `only "default" is supported`);
    for (const [name, held] of Object.entries(value)) {
      const known = ROPE_KEYS.includes(name);
      if (!known && held !== null) reader.fail(`unknown key ${show(`${key}.${name}`)}`, suggest(name, ROPE_KEYS));
      // transformers takes its defaults for a key that is absent, but not for null.
      if (known && held === null) reader.fail(`"${key}.${name}" is null`, "remove it");
    }
    if (Object.keys(value).length > 0) dictionaries.push([`${key}.`, value]);
  }
  if (dictionaries.length > 1) {
    reader.fail(`both "rope_scaling" and "rope_parameters"`, "transformers reads the first only: remove one of them");
  }
  const top: [string, Json] = ["", reader.json];

  // `last` is read by transformers only in models other than GPT-NeoX: alone it would be silently ignored there.
  const pick = (dictionaryKey: string, own: string, last: string, fallback: number, what: string) => {
    const test = (x: number) => (own === "rotary_pct" ? x >= 0 && x <= 1 : x > 0);
    const read = (prefix: string, json: Json, key: string) => {
      const value = reader.number(json[key], `"${prefix}${key}"`, test, what);
      return value === undefined ? [] : [{ name: `${prefix}${key}`, value }];
    };
    const effective = [
      ...dictionaries.flatMap(([prefix, json]) => read(prefix, json, dictionaryKey)),
      ...read(...top, own),
    ];
    const value = effective[0]?.value ?? fallback;
    const other = [...effective, ...read(...top, last)].find((said) => said.value !== value);
    if (other) {
      const first = effective[0]?.name ?? `the default of "${own}"`;
      reader.fail(
        `"${other.name}" is ${other.value}, but ${first} is ${value}`,
        `make them agree (GPT-NeoX itself goes by "${own}")`,
      );
    }
    return value;
  };
  return {
    fraction: pick("partial_rotary_factor", "rotary_pct", "partial_rotary_factor", 0.25, "a number from 0 to 1"),
    base: pick("rope_theta", "rotary_emb_base", "rope_theta", 10000, "a number above 0"),
  };
}

/**
 * The typed config.
 * @param json the parsed `config.json`
 * @param file its name in errors
 * @throws SpectroscopeError naming file, key and value: unknown key (with the nearest known one), missing size, a value that
 *   does not fit, or a feature that is not supported
 */
export function parseNeoxConfig(json: Json, file: string): NeoxConfig {
  const reader = new ConfigReader(json, file, { name: "GPT-NeoX", architecture: ARCHITECTURE });
  reader.checkKeys(USED);

  const hiddenSize = reader.size("hidden_size");
  const numAttentionHeads = reader.size("num_attention_heads");
  const headDim = hiddenSize / numAttentionHeads;
  if (!Number.isInteger(headDim)) {
    reader.fail(
      `"hidden_size" ${hiddenSize} is not divisible by "num_attention_heads" ${numAttentionHeads}`,
      "check both numbers",
    );
  }
  const stated = json.head_dim ?? undefined;
  if (stated !== undefined && stated !== headDim) {
    reader.fail(`"head_dim" is ${show(stated)}, but hidden_size / num_attention_heads is ${headDim}`, "remove it");
  }

  const hiddenAct = reader.named("hidden_act", "gelu", ACTIVATIONS);
  const { fraction, base: rotaryBase } = readRope(reader);
  const rotaryNdims = Math.trunc(headDim * fraction);
  if (headDim > MAX_HEAD_DIM) {
    reader.fail(
      `heads of ${headDim} dims (hidden_size / num_attention_heads)`,
      `at most ${MAX_HEAD_DIM} are supported`,
    );
  }
  if (2 * Math.ceil(rotaryNdims / 2) > headDim) {
    reader.fail(`rotary dims (${headDim} x ${fraction}) are odd and fill the head of ${headDim}`, "make the head even");
  }

  return {
    vocabSize: reader.size("vocab_size"),
    hiddenSize,
    numHiddenLayers: reader.size("num_hidden_layers"),
    numAttentionHeads,
    headDim,
    intermediateSize: reader.size("intermediate_size"),
    rotaryNdims,
    rotaryBase,
    layerNormEps: reader.positive("layer_norm_eps", 1e-5),
    useParallelResidual: reader.flag("use_parallel_residual", true),
    hiddenAct,
    attentionBias: reader.flag("attention_bias", true),
    tieWordEmbeddings: reader.flag("tie_word_embeddings", false),
    maxPositionEmbeddings: reader.size("max_position_embeddings", 2048),
  };
}
