/**
 * `config.json` of a GPTNeoXForCausalLM, read strictly into the numbers the mathematics needs. Meanings and defaults are
 * those of transformers (4.x with `rotary_pct`, `rotary_emb_base`; 5.x with `rope_parameters`). Where transformers ignores or
 * overrides a value without a word, this refuses. No disk here.
 */
import type { ActivationName } from "../kernels/activation/functions";
import { SpectroscopeError } from "../kernels/errors";
import { suggest } from "../kernels/suggest";
import type { NeoxConfig } from "../runtime/transformer/config";

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
  "model_type",
  "architectures",
];

/** `hidden_act` to the function it names; three of the names in transformers are one function. */
const ACTIVATIONS: Readonly<Record<string, ActivationName>> = {
  gelu: "gelu",
  gelu_new: "gelu_tanh",
  gelu_fast: "gelu_tanh",
  gelu_pytorch_tanh: "gelu_tanh",
  relu: "relu",
};

/** Keys that would change the mathematics; only the values that leave it alone are accepted. */
const INERT_ONLY: Readonly<Record<string, (value: unknown) => boolean>> = {
  is_encoder_decoder: (value) => value === false || value === null,
  add_cross_attention: (value) => value === false || value === null,
  cross_attention_hidden_size: (value) => value === null,
  pruned_heads: (value) => value === null || (typeof value === "object" && Object.keys(value).length === 0),
  quantization_config: (value) => value === null,
  per_layer_config: (value) => value === null || (typeof value === "object" && Object.keys(value).length === 0),
};

/** Keys without effect on a forward pass in evaluation mode: dropout, initialization, token ids, generation, bookkeeping. */
const IGNORED = new Set(
  `attention_dropout hidden_dropout classifier_dropout attention_probs_dropout_prob hidden_dropout_prob initializer_range
   use_cache bos_token_id eos_token_id pad_token_id sep_token_id decoder_start_token_id unk_token_id mask_token_id
   torch_dtype dtype transformers_version attn_implementation gradient_checkpointing return_dict output_hidden_states
   output_attentions output_scores return_dict_in_generate torchscript chunk_size_feed_forward is_decoder
   tie_encoder_decoder finetuning_task id2label label2id num_labels task_specific_params problem_type tokenizer_class prefix
   name_or_path use_bfloat16 tf_legacy_loss max_length max_new_tokens min_length do_sample early_stopping num_beams
   num_beam_groups diversity_penalty temperature top_k top_p typical_p epsilon_cutoff eta_cutoff repetition_penalty
   length_penalty no_repeat_ngram_size encoder_no_repeat_ngram_size bad_words_ids num_return_sequences
   forced_bos_token_id forced_eos_token_id remove_invalid_values exponential_decay_length_penalty suppress_tokens
   begin_suppress_tokens tie_last_hidden_states auto_map custom_pipelines num_steps transformers.js_config unsloth_fixed`
    .trim()
    .split(/\s+/),
);

/** The widest head that the attention kernels hold. */
const MAX_HEAD_DIM = 256;

type Json = Record<string, unknown>;

const show = (value: unknown) => (value === undefined ? "nothing" : JSON.stringify(value));

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** One config and the name of its file, with readers that say file, key and value when they refuse. */
class Reader {
  constructor(
    readonly json: Json,
    readonly file: string,
  ) {}

  fail(message: string, hint?: string): never {
    throw new SpectroscopeError(`${this.file}: ${message}`, { code: "bad-input", hint });
  }

  /** A whole number of at least 1. */
  size(key: string, fallback?: number): number {
    const value = this.json[key] ?? fallback;
    if (value === undefined) this.fail(`missing key "${key}"`, "every GPT-NeoX config states it");
    if (!Number.isSafeInteger(value) || (value as number) < 1) {
      this.fail(`"${key}" is ${show(this.json[key])}`, "it must be a whole number of at least 1");
    }
    return value as number;
  }

  positive(key: string, fallback: number): number {
    return this.number(this.json[key], `"${key}"`, (x) => x > 0, "a number above 0") ?? fallback;
  }

  /** A finite number that passes `test`, or undefined when absent or null. */
  number(value: unknown, where: string, test: (x: number) => boolean, what: string): number | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value !== "number" || !Number.isFinite(value) || !test(value)) {
      this.fail(`${where} is ${show(value)}`, `it must be ${what}`);
    }
    return value;
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.json[key] ?? fallback;
    if (typeof value !== "boolean") this.fail(`"${key}" is ${show(value)}`, "it must be true or false");
    return value;
  }
}

function checkKeys(reader: Reader): void {
  for (const [key, value] of Object.entries(reader.json)) {
    if (USED.includes(key) || IGNORED.has(key) || key.startsWith("_")) continue;
    const inert = Object.hasOwn(INERT_ONLY, key) ? INERT_ONLY[key] : undefined;
    if (inert?.(value)) continue;
    if (inert) reader.fail(`"${key}" is ${show(value)}, which is not supported`, "use a plain GPTNeoXForCausalLM");
    const near = suggest(key, [...USED, ...Object.keys(INERT_ONLY), ...IGNORED]);
    const remedy = near.startsWith("did you mean")
      ? near
      : "if it does not change the mathematics, remove it from a copy of the directory";
    reader.fail(`unknown key ${show(key)}`, remedy);
  }
}

function checkArchitecture(reader: Reader): void {
  const { model_type: type, architectures } = reader.json;
  const remedy = "only GPTNeoXForCausalLM can be read";
  if (type !== undefined && type !== "gpt_neox") reader.fail(`"model_type" is ${show(type)}`, remedy);
  const names = architectures ?? undefined;
  if (names !== undefined && !(Array.isArray(names) && names.includes("GPTNeoXForCausalLM"))) {
    reader.fail(`"architectures" is ${show(names)}`, remedy);
  }
  if (type === undefined && names === undefined) reader.fail(`neither "model_type" nor "architectures"`, remedy);
}

const ROPE_KEYS = ["rope_type", "type", "rope_theta", "partial_rotary_factor"];

/** Rotated fraction and base as transformers 5 takes them: `rope_parameters` first, then the older keys, then defaults. */
function readRope(reader: Reader): { fraction: number; base: number } {
  const dictionaries: [string, Json][] = [];
  for (const key of ["rope_scaling", "rope_parameters"]) {
    const value = reader.json[key] ?? undefined;
    if (value === undefined) continue;
    if (!isObject(value)) reader.fail(`"${key}" is ${show(value)}`, "it must be an object or null");
    const type = value.rope_type ?? value.type ?? "default";
    if (type !== "default") reader.fail(`"${key}.rope_type" is ${show(type)}`, `only "default" is supported`);
    for (const [name, held] of Object.entries(value)) {
      if (!ROPE_KEYS.includes(name)) reader.fail(`unknown key "${key}.${name}"`, suggest(name, ROPE_KEYS));
      // transformers takes its defaults for a key that is absent, but not for null.
      if (held === null) reader.fail(`"${key}.${name}" is null`, "remove it");
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
export function parseNeoxConfig(json: unknown, file = "config.json"): NeoxConfig {
  if (!isObject(json)) throw new SpectroscopeError(`${file}: not a JSON object`, { code: "bad-input" });
  const reader = new Reader(json, file);
  checkArchitecture(reader);
  checkKeys(reader);

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

  const act = json.hidden_act ?? "gelu";
  const hiddenAct = typeof act === "string" && Object.hasOwn(ACTIVATIONS, act) ? ACTIVATIONS[act] : undefined;
  if (!hiddenAct) {
    return reader.fail(`"hidden_act" ${show(act)} is not supported`, `known: ${Object.keys(ACTIVATIONS).join(", ")}`);
  }

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
