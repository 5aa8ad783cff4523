/** The bounds of what can be sampled. */
import { refusedWrongUse } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { checkSettings, plainSgld, type SamplerSettings } from "./sampler";

const test = suite("runtime/config/sampler");

const settings = (changes: Partial<SamplerSettings>): SamplerSettings => ({
  ...plainSgld,
  ...{ seed: 0, lr: 0.5, n_beta: 10, localization: 8, num_chains: 2, num_draws: 4 },
  ...{ num_burnin_steps: 0, num_steps_bw_draws: 1, batch_size: 1 },
  ...changes,
});
const below = (next: number) => next * (1 - Number.EPSILON);

test("a step of the pull alone may not reach 4, from where an explicit step grows", () => {
  // w' = (1 - lr pull / 2) w: at lr pull = 4 it keeps its size for ever, below it shrinks.
  refusedWrongUse(() => checkSettings(settings({})), /lr is 0\.5: it must be below 4 \/ .* = 0\.5/);
  refusedWrongUse(() => checkSettings(settings({ localization: 5, llc_weight_decay: 3 })), /lr is 0\.5/);
  checkSettings(settings({ lr: below(0.5) }));
  // RMSprop's steps are not of lr alone, and draws that come directly have no steps.
  checkSettings(settings({ sampling_method: "rmsprop_sgld" }));
});

test("something must hold the weights where the loss does not", () => {
  refusedWrongUse(
    () => checkSettings(settings({ n_beta: 0, localization: 0 })),
    /localization is 0: it must be above 0/,
  );
  checkSettings(settings({ n_beta: 0, localization: 0, llc_weight_decay: 1 }));
  checkSettings(settings({ localization: 0 }));
  const baoab = { sampling_method: "sgmcmc_baoab", localization: 0 } as const;
  refusedWrongUse(() => checkSettings(settings(baoab)), /one must be above 0 with sampling_method sgmcmc_baoab/);
  checkSettings(settings({ ...baoab, llc_weight_decay: 1 }));
});

test.run();
