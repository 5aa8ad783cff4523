import { SpectroscopeError } from "../../kernels/errors";

/** How an update moves the weights; names are devinterp's. */
export const samplingMethods = ["sgmcmc_sgld", "rmsprop_sgld"] as const;
export type SamplingMethod = (typeof samplingMethods)[number];

/** Where RMSprop's second moment starts: at 1 with bias correction (the paper) or at 0 without (devinterp). */
export const rmspropStarts = ["ones", "zeros"] as const;
export type RmspropStart = (typeof rmspropStarts)[number];

/** How chains are run; names are devinterp's. */
export interface SamplerSettings {
  /** Seed of all noise and batches. */
  readonly seed: number;
  readonly sampling_method: SamplingMethod;
  /** Step size eps; with RMSprop what the root of the second moment divides. */
  readonly lr: number;
  /** Inverse temperature times the number of samples: the weight of the loss in the posterior. At 0 the posterior is drawn directly. */
  readonly n_beta: number;
  /** Strength gamma of the pull towards the trained weights. */
  readonly localization: number;
  /** Strength lambda of a pull towards 0. */
  readonly llc_weight_decay: number;
  /** Weights stay within this distance of the trained ones, each for itself; 0: no box. */
  readonly bounding_box_size: number;
  /** Factor of the noise; 1 samples the posterior, 0 is gradient descent. */
  readonly noise_level: number;
  /** Decay a of RMSprop's second moment. */
  readonly rmsprop_alpha: number;
  /** Added to the root of RMSprop's second moment. */
  readonly rmsprop_eps: number;
  readonly rmsprop_init: RmspropStart;
  readonly num_chains: number;
  readonly num_draws: number;
  readonly num_burnin_steps: number;
  readonly num_steps_bw_draws: number;
  /** Sequences of a minibatch, each chain its own. */
  readonly batch_size: number;
}

/** What a run has unless it says otherwise: plain SGLD, no box, no decay; RMSprop's constants are the paper's. */
export const samplerDefaults = {
  sampling_method: "sgmcmc_sgld",
  llc_weight_decay: 0,
  bounding_box_size: 0,
  noise_level: 1,
  rmsprop_alpha: 0.99,
  rmsprop_eps: 0.1,
  rmsprop_init: "ones",
} as const satisfies Partial<SamplerSettings>;

/** Whether the posterior is a Gaussian that is drawn directly, without a chain: no loss in it, and no box around it. */
export function drawsDirectly(settings: SamplerSettings): boolean {
  return settings.n_beta === 0 && settings.bounding_box_size === 0;
}

/** Refuses settings that cannot be run. Errors: name the key, the value and what it must be. */
export function checkSettings(settings: SamplerSettings): void {
  const refuse = (key: keyof SamplerSettings, must: string) => {
    throw new SpectroscopeError(`${key} is ${settings[key]}: it must be ${must}`, { code: "usage" });
  };
  for (const key of ["num_chains", "num_draws", "num_steps_bw_draws", "batch_size"] as const) {
    if (!Number.isInteger(settings[key]) || settings[key] < 1) refuse(key, "an integer of at least 1");
  }
  for (const key of ["seed", "num_burnin_steps"] as const) {
    if (!Number.isInteger(settings[key]) || settings[key] < 0) refuse(key, "an integer of at least 0");
  }
  for (const key of ["lr", "rmsprop_eps"] as const) if (!(settings[key] > 0)) refuse(key, "above 0");
  for (const key of ["n_beta", "noise_level", "localization", "llc_weight_decay", "bounding_box_size"] as const) {
    if (!(settings[key] >= 0)) refuse(key, "at least 0");
  }
  const { rmsprop_alpha, n_beta, sampling_method } = settings;
  if (!(rmsprop_alpha >= 0 && rmsprop_alpha < 1)) refuse("rmsprop_alpha", "at least 0 and below 1");
  if (!samplingMethods.includes(sampling_method)) refuse("sampling_method", `one of ${samplingMethods.join(", ")}`);
  if (!rmspropStarts.includes(settings.rmsprop_init)) refuse("rmsprop_init", `one of ${rmspropStarts.join(", ")}`);
  const pull = settings.localization + settings.llc_weight_decay;
  if (n_beta === 0 && pull === 0) refuse("localization", "above 0 where n_beta is 0: nothing else holds the weights");
  // Beyond this an explicit step overshoots the pull alone and the chain diverges. RMSprop's own steps differ by weight.
  if (sampling_method === "sgmcmc_sgld" && !drawsDirectly(settings) && settings.lr * pull >= 4) {
    refuse("lr", `below 4 / (localization + llc_weight_decay) = ${4 / pull}`);
  }
}
