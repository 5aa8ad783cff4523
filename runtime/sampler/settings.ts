import { SpectroscopeError } from "../../kernels/errors";

/** How chains are run; names are devinterp's. */
export interface SamplerSettings {
  /** Seed of all noise and batches. */
  readonly seed: number;
  /** Step size eps of SGLD. */
  readonly lr: number;
  /** Inverse temperature times the number of samples: the weight of the loss in the posterior. */
  readonly n_beta: number;
  /** Strength gamma of the pull towards the trained weights. */
  readonly localization: number;
  /** Factor of the noise; 1 samples the posterior, 0 is gradient descent. */
  readonly noise_level: number;
  readonly num_chains: number;
  readonly num_draws: number;
  readonly num_burnin_steps: number;
  readonly num_steps_bw_draws: number;
  /** Sequences of a minibatch, each chain its own. */
  readonly batch_size: number;
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
  for (const key of ["lr", "localization"] as const) if (!(settings[key] > 0)) refuse(key, "above 0");
  for (const key of ["n_beta", "noise_level"] as const) if (!(settings[key] >= 0)) refuse(key, "at least 0");
  // Beyond this an explicit step overshoots the pull alone and the chain diverges.
  if (settings.lr * settings.localization >= 4) refuse("lr", `below 4 / localization = ${4 / settings.localization}`);
}
