import type { NeoxConfig } from "../../runtime/neox/config";
import { neuronGroups, parseRestriction, standardRestrictions } from "../../runtime/neox/restriction";
import type { SamplerSettings } from "../../runtime/sampler/settings";
import type { RunConfig } from "./config";

/** One piece of a run that is stored whole: the chains of one component under one sampler. */
export interface UnitPlan {
  readonly name: string;
  readonly restriction: string;
  readonly sampler: "sgld" | "gaussian";
  readonly settings: SamplerSettings;
}

/** The components of a run, in the order of chi's columns. Errors: a name that is no weight restriction of the model. */
export function componentsOf(config: RunConfig, model: NeoxConfig): string[] {
  const names = config.weight_restrictions.flatMap((name) => (name === "standard" ? standardRestrictions(model) : [name]));
  if (config.neuron_groups > 0) names.push(...neuronGroups(model, config.neuron_groups));
  const unique = [...new Set(names)].filter((name) => name !== "full");
  for (const name of unique) parseRestriction(name, model);
  return unique;
}

/** Everything a run samples: the unrestricted model, every component, and every component's n_beta = 0 control. */
export function unitsOf(config: RunConfig, model: NeoxConfig): UnitPlan[] {
  const components = componentsOf(config, model);
  const { lr_scale, ...base } = { lr_scale: undefined, ...config.sampler };
  void lr_scale;
  const units: UnitPlan[] = ["full", ...components].map((name) => ({
    name,
    restriction: name,
    sampler: "sgld",
    settings: base,
  }));
  const draws = config.controls.n_beta_zero_draws;
  if (draws > 0) {
    for (const name of ["full", ...components]) {
      const settings = { ...base, n_beta: 0, num_draws: draws };
      units.push({ name: `${name} n_beta=0`, restriction: name, sampler: "gaussian", settings });
    }
  }
  return units;
}
