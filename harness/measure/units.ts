import type { NeoxConfig } from "../../runtime/neox/config";
import { neuronGroups, parseRestriction, standardRestrictions } from "../../runtime/neox/restriction";
import { checkSettings, type SamplerSettings } from "../../runtime/sampler/settings";
import type { RunConfig } from "./config";

/** One piece of a run that is stored whole: the chains of one component under one sampler. */
export interface UnitPlan {
  readonly name: string;
  readonly restriction: string;
  readonly sampler: "sgld" | "gaussian";
  readonly settings: SamplerSettings;
}

/** What the units of the n_beta = 0 control are called, after the component's name. */
export const PRIOR_SUFFIX = " n_beta=0";

/** The components of a run, in the order of chi's columns. Errors: a name that is no weight restriction of the model. */
export function componentsOf(config: RunConfig, model: NeoxConfig): string[] {
  const names = config.weight_restrictions.flatMap((name) =>
    name === "standard" ? standardRestrictions(model) : [name],
  );
  if (config.neuron_groups > 0 && standard(config)) names.push(...neuronGroups(model, config.neuron_groups));
  const unique = [...new Set(names)].filter((name) => name !== "full");
  for (const name of unique) parseRestriction(name, model);
  return unique;
}

function standard(config: RunConfig): boolean {
  return config.weight_restrictions.includes("standard");
}

/** The restrictions of a run: components, and the unrestricted model where it is asked for or the estimator needs it. */
export function restrictionsOf(config: RunConfig, model: NeoxConfig): string[] {
  const full = standard(config) || config.weight_restrictions.includes("full") || config.estimator === "two_chain";
  return [...(full ? ["full"] : []), ...componentsOf(config, model)];
}

/** Everything a run samples: every restriction, and its n_beta = 0 control. Errors: settings that cannot be run. */
export function unitsOf(config: RunConfig, model: NeoxConfig): UnitPlan[] {
  const names = restrictionsOf(config, model);
  for (const name of Object.keys(config.component_scale)) parseRestriction(name, model);
  const settingsOf = (name: string): SamplerSettings => {
    const scale = config.component_scale[name] ?? 1;
    const { lr, localization } = config.sampler;
    return { ...config.sampler, lr: lr * scale, localization: localization / scale };
  };
  const units: UnitPlan[] = names.map((name) => {
    const settings = settingsOf(name);
    checkSettings(settings);
    return { name, restriction: name, sampler: "sgld", settings };
  });
  const draws = config.controls.n_beta_zero_draws;
  if (draws === 0) return units;
  return [
    ...units,
    ...names.map((name): UnitPlan => {
      const settings = { ...settingsOf(name), n_beta: 0, num_draws: draws };
      return { name: name + PRIOR_SUFFIX, restriction: name, sampler: "gaussian", settings };
    }),
  ];
}
