/**
 * Samples of one restricted run, `samples_<restriction>.zarr`: the layout of devinterp v2's `sample()`, with the streaming
 * sums beside it. Chain is the first axis, as there; arrays in memory are [draws, chains, tokens], tokens = sequences *
 * positions, sequence by sequence. `samples-writer.ts` writes them, `samples-reader.ts` reads them.
 *
 *     init_loss                       (chain, token_pos) f32          mean loss at w* over the sampling task, by position
 *     loss_<obs>                      (chain, draw, batch_<obs>, token_pos) f32     only when traces are kept
 *     input_ids_<obs>                 (batch_<obs>, token) i64
 *     phi                             (chain, draw) f32               ours, as all that follow
 *     baseline_probe                  (batch_probe, token_pos) f32    l(w*)
 *     sum_d, sum_phi_d                (chain, batch_probe, token_pos) f64
 *     m2                              the same: squared deviations of d - phi from its mean over the chain's draws
 *     sum_d_shifted, sum_phi_d_shifted   the same; attribute lag
 *     log_acceptance                  (chain, check) f32              where it was measured
 *     kinetic_temperature             (chain, check) f32              where it was measured: with BAOAB
 *     mean_hidden, cov_phi_hidden     (chain, batch_probe, token_pos, hidden) f32   with `keep_modes`: of h(w) - h(w*), the last
 *                                     hidden state; means over draws, and covariances with phi, within a chain
 *     mean_unembedding, ...           (chain, vocab_hidden) f32       the same of the unembedding where that is what moves
 *     mean_logits, ...                (chain, batch_probe, token_pos, vocab) f32    the same of logits where both move
 *
 * Attributes of the root: `metadata.config` (devinterp's), `metadata.spectroscope` (ours; of a run's unit its name, its chains and
 * the hashes of what the run reads), `sha256` and `completed`.
 */
import type { SamplerSettings } from "../config/sampler";
import type { JsonObject } from "../formats/json";

/** Texts that losses are measured on: the probe, and the sampling task's fixed batch where that is another. */
export type ObservableId = "probe" | "pool";

export interface ObservableText {
  readonly id: ObservableId;
  /** Token ids, [sequences, positions + 1]. */
  readonly ids: ArrayLike<number>;
}

/** What is known of a restricted run before its first draw. */
export interface SamplesSpec {
  readonly restriction: string;
  readonly settings: SamplerSettings;
  /** Losses of a sequence, T; all texts have the same. */
  readonly positions: number;
  /** The probe, then the pool if it is another text. */
  readonly observables: readonly ObservableText[];
  /** Whether the losses of every draw are kept. */
  readonly traces: boolean;
  /** Draws that come together, and make a chunk of the traces: the interval of checkpoints. */
  readonly drawsPerChunk: number;
}

/** devinterp's description of the sampler; `rmsprop_init` is ours. */
export function samplerConfig(settings: SamplerSettings): JsonObject {
  const { rmsprop_alpha: alpha, rmsprop_eps: eps } = settings;
  const { sampling_method, friction } = settings;
  const rmsprop = sampling_method === "rmsprop_sgld";
  const baoab = sampling_method === "sgmcmc_baoab";
  return {
    lr: settings.lr,
    n_beta: settings.n_beta,
    num_chains: settings.num_chains,
    num_draws: settings.num_draws,
    batch_size: settings.batch_size,
    num_burnin_steps: settings.num_burnin_steps,
    num_steps_bw_draws: settings.num_steps_bw_draws,
    init_seed: settings.seed,
    localization: settings.localization,
    noise_level: settings.noise_level,
    llc_weight_decay: settings.llc_weight_decay,
    bounding_box_size: settings.bounding_box_size || null,
    sampling_method,
    sampling_method_kwargs: { ...(rmsprop ? { alpha, eps } : {}), ...(baoab ? { friction } : {}) },
    ...(rmsprop ? { rmsprop_init: settings.rmsprop_init } : {}),
  };
}

/** `metadata` of a store, without the facts that are known at the end. */
export function samplesMetadata(spec: SamplesSpec): { readonly config: JsonObject; readonly spectroscope: JsonObject } {
  return {
    config: {
      sampler: samplerConfig(spec.settings),
      observables: spec.observables.map(({ id }) => ({
        type: "ObserveDifferentDataset",
        obs_id: id,
        batches_per_draw: 1,
      })),
      chain_buffer_size: spec.drawsPerChunk,
      shared_observable_dims: ["token", "token_pos"],
      tokenizer_context_length: spec.positions + 1,
    },
    spectroscope: { restriction: spec.restriction, traces: spec.traces },
  };
}
