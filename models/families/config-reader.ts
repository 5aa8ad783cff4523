/** A family's `config.json`, read strictly: every key is known, and what is refused is named. No disk here. */
import { SpectroscopeError } from "../../kernels/errors";
import { quoted } from "../../kernels/quoted";
import { suggest } from "../../kernels/suggest";

export type Json = Readonly<Record<string, unknown>>;

export const show = (value: unknown) => (value === undefined ? "nothing" : quoted(value));

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const empty = (value: unknown) => typeof value === "object" && value !== null && Object.keys(value).length === 0;

/** Keys that would change the mathematics of any family; only null and the values that leave it alone are accepted. */
const INERT_ONLY: Readonly<Record<string, (value: unknown) => boolean>> = {
  is_encoder_decoder: (value) => value === false,
  add_cross_attention: (value) => value === false,
  cross_attention_hidden_size: () => false,
  pruned_heads: empty,
  quantization_config: () => false,
  per_layer_config: empty,
};

/**
 * Keys without effect on a forward pass in evaluation mode: dropout, initialization, token ids, generation (transformers drops
 * every key of its GenerationConfig), and what transformers and programs around it note down.
 */
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
   begin_suppress_tokens tie_last_hidden_states auto_map custom_pipelines num_steps transformers.js_config
   min_new_tokens max_time min_p top_h stop_strings penalty_alpha dola_layers guidance_scale encoder_repetition_penalty
   sequence_bias token_healing force_words_ids constraints renormalize_logits low_memory watermarking_config output_logits
   cache_implementation cache_config max_cache_len compile_config disable_compile prefill_chunk_size
   continuous_batching_config is_assistant num_assistant_tokens num_assistant_tokens_schedule prompt_lookup_num_tokens
   max_matching_ngram_size assistant_confidence_threshold assistant_early_exit assistant_ensemble_weight
   assistant_lookbehind target_lookbehind speculation_type use_mtp
   experts_implementation vocab_file output_past xla_device bos_token eos_token pad_token unk_token
   model_max_length trust_remote_code unsloth_fixed unsloth_version`
    .trim()
    .split(/\s+/),
);

/** One config and the name of its file, with readers that say file, key and value when they refuse. */
export class ConfigReader {
  /** @param family what errors call it */
  constructor(
    readonly json: Json,
    readonly file: string,
    private readonly family: { readonly name: string; readonly architecture: string },
  ) {}

  /** @throws SpectroscopeError always */
  fail(message: string, hint?: string): never {
    throw new SpectroscopeError(`${this.file}: ${message}`, { code: "bad-input", hint });
  }

  /**
   * Refuses a key that is neither among `used` nor without effect. "architectures" and "model_type" chose the family; null is
   * what transformers writes for a thing that is not there.
   */
  checkKeys(used: readonly string[]): void {
    const known = [...used, "model_type", "architectures"];
    for (const [key, value] of Object.entries(this.json)) {
      if (value === null || known.includes(key) || IGNORED.has(key) || key.startsWith("_")) continue;
      const inert = Object.hasOwn(INERT_ONLY, key) ? INERT_ONLY[key] : undefined;
      if (inert?.(value)) continue;
      if (inert) {
        this.fail(`"${key}" is ${show(value)}, which is not supported`, `use a plain ${this.family.architecture}`);
      }
      const near = suggest(key, [...known, ...Object.keys(INERT_ONLY), ...IGNORED]);
      const remedy = near.startsWith("did you mean")
        ? near
        : "if it does not change the mathematics, remove it from a copy of the directory";
      this.fail(`unknown key ${show(key)}`, remedy);
    }
  }

  /** A whole number of at least 1. */
  size(key: string, fallback?: number): number {
    const value = this.json[key] ?? fallback;
    if (value === undefined) this.fail(`missing key "${key}"`, `every ${this.family.name} config states it`);
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

  /** What a table has under the name that a key gives. */
  named<T>(key: string, fallback: string, table: Readonly<Record<string, T>>): T {
    const value = this.json[key] ?? fallback;
    if (typeof value === "string" && Object.hasOwn(table, value)) return table[value];
    return this.fail(`"${key}" ${show(value)} is not supported`, `known: ${Object.keys(table).join(", ")}`);
  }
}
