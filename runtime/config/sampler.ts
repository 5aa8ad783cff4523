import { checkValue } from "./resolve";
import { defaultsOf, type Schema, usage, type Values } from "./schema";

/** How an update moves the weights; names are devinterp's. */
export const samplingMethods = ["sgmcmc_sgld", "rmsprop_sgld", "sgmcmc_baoab"] as const;
export type SamplingMethod = (typeof samplingMethods)[number];

/** Where RMSprop's second moment starts: at 1 with bias correction (the paper) or at 0 without (devinterp). */
export const rmspropStarts = ["ones", "zeros"] as const;
export type RmspropStart = (typeof rmspropStarts)[number];

/** How chains are run; names are devinterp's. */
export const samplerSchema = {
  seed: { type: "integer", default: 0, min: 0, help: "of noise and minibatches" },
  sampling_method: {
    type: "choice",
    choices: samplingMethods,
    default: "sgmcmc_baoab",
    help: "plain SGLD, preconditioned by RMSprop, or BAOAB: underdamped Langevin with momenta",
  },
  lr: {
    type: "number",
    default: 0.02,
    min: 0,
    exclusiveMin: true,
    help: "step size eps; with RMSprop divided by the root of the second moment; with BAOAB the square of the time of a step",
  },
  n_beta: {
    type: "number",
    default: 10,
    min: 0,
    help:
      "weight of the loss in the posterior: inverse temperature times the number of samples; at 0 the posterior is a " +
      "Gaussian, and drawn directly",
  },
  localization: { type: "number", default: 40, min: 0, help: "strength gamma of the pull towards the trained weights" },
  llc_weight_decay: { type: "number", default: 0, min: 0, help: "strength lambda of a pull towards 0" },
  bounding_box_size: {
    type: "number",
    default: 0,
    min: 0,
    help: "farthest that a weight may go from its trained value, each for itself; 0: no box",
  },
  noise_level: {
    type: "number",
    default: 1,
    min: 0,
    help: "factor of the noise: 1 samples the posterior, 0 is gradient descent",
  },
  rmsprop_alpha: {
    type: "number",
    default: 0.99,
    min: 0,
    max: 1,
    exclusiveMax: true,
    help: "decay of RMSprop's second moment",
  },
  rmsprop_eps: {
    type: "number",
    default: 0.1,
    min: 0,
    exclusiveMin: true,
    help: "added to the root of RMSprop's second moment",
  },
  rmsprop_init: {
    type: "choice",
    choices: rmspropStarts,
    default: "ones",
    help: "start of the second moment: 1 with bias correction (the paper), or 0 without (devinterp)",
  },
  friction: {
    type: "number",
    default: 1.5,
    min: 0,
    exclusiveMin: true,
    help: "BAOAB's friction, in units of the frequency of the pull: a momentum keeps exp(-friction sqrt(lr localization)) of itself",
  },
  num_chains: { type: "integer", default: 4, min: 1, max: 65_536, help: "independent chains of every component" },
  num_draws: { type: "integer", default: 16, min: 1, help: "draws of each chain" },
  num_burnin_steps: { type: "integer", default: 8, min: 0, help: "updates before the first draw's own" },
  num_steps_bw_draws: { type: "integer", default: 3, min: 1, help: "updates for each draw" },
  batch_size: {
    type: "integer",
    default: 2,
    min: 0,
    help: "sequences of a minibatch, each chain its own; 0: the whole pool, once each, so that gradients have no noise",
  },
  allow_memorizing: {
    type: "boolean",
    default: false,
    help: "sample also with an n_beta above the number of tokens that gradients come from, which learns that text by heart",
  },
} as const satisfies Schema;

export type SamplerSettings = Readonly<Values<typeof samplerSchema>>;

const { llc_weight_decay, bounding_box_size, noise_level, friction, allow_memorizing, ...rest } =
  defaultsOf(samplerSchema);
const { rmsprop_alpha, rmsprop_eps, rmsprop_init } = rest;

/** Chains that move by plain SGLD, without box and decay, for callers that say the rest; the other samplers' constants are the schema's. */
export const plainSgld = {
  sampling_method: "sgmcmc_sgld" as SamplingMethod,
  ...{ llc_weight_decay, bounding_box_size, noise_level },
  ...{ rmsprop_alpha, rmsprop_eps, rmsprop_init, friction, allow_memorizing },
};

/** Whether the posterior is a Gaussian that is drawn directly, without a chain: no loss in it, and no box around it. */
export function drawsDirectly(settings: SamplerSettings): boolean {
  return settings.n_beta === 0 && settings.bounding_box_size === 0;
}

/** BAOAB's step in units of the standard deviation that the pull alone allows: it is stable below 2. */
export function baoabStep({ lr, localization, llc_weight_decay }: SamplerSettings): number {
  return Math.sqrt(lr * (localization + llc_weight_decay));
}

/** How much of a momentum BAOAB's friction leaves at an update. */
export function persistence(settings: SamplerSettings): number {
  return Math.exp(-settings.friction * baoabStep(settings));
}

/** Refuses settings that cannot be run. @throws SpectroscopeError (usage): key, value and what it must be */
export function checkSettings(settings: SamplerSettings): void {
  for (const [key, field] of Object.entries(samplerSchema)) {
    checkValue(field, settings[key as keyof SamplerSettings], key);
  }
  const { lr, n_beta, localization, llc_weight_decay, sampling_method } = settings;
  const pull = localization + llc_weight_decay;
  if (n_beta === 0 && pull === 0) {
    throw usage(
      `localization is ${localization}: it must be above 0 where n_beta is 0`,
      "nothing else holds the weights",
    );
  }
  if (sampling_method === "sgmcmc_baoab" && pull === 0) {
    throw usage(
      `localization and llc_weight_decay are 0: one must be above 0 with sampling_method ${sampling_method}`,
      "its friction is in units of the pull's frequency; set sampler.localization, or take sgmcmc_sgld",
    );
  }
  // Beyond this an explicit step overshoots the pull alone and the chain diverges. RMSprop's own steps differ by weight.
  if (sampling_method !== "rmsprop_sgld" && !drawsDirectly(settings) && lr * pull >= 4) {
    throw usage(`lr is ${lr}: it must be below 4 / (localization + llc_weight_decay) = ${4 / pull}`);
  }
}
