import { SpectroscopeError } from "../../kernels/errors";
import { checkSettings, type SamplerSettings } from "../config/sampler";
import { usage } from "../config/schema";
import type { JsonObject } from "../formats/json";
import type { UnitPlan } from "../store/manifest";
import type { Model } from "../transformer/family";
import { fineRestrictions, neuronGroups, parseRestriction, standardRestrictions } from "../transformer/restriction";
import type { RunConfig } from "./config";

export type { UnitPlan };

/** One of `count` processes that share a run, from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** `2/4`. Errors: usage. */
export function parseShard(text: string): Shard {
  const match = /^(\d+)\/(\d+)$/.exec(text);
  const [index, count] = match ? [Number(match[1]), Number(match[2])] : [0, 0];
  if (index < 1 || index > count)
    throw usage(`--shard is ${JSON.stringify(text)}`, "write I/N with 1 <= I <= N, such as 2/4");
  return { index, count };
}

/** Refuses a shard where a whole run is needed. */
export function refuseShard({ name, config }: { readonly name: string; readonly config: JsonObject }): void {
  if (config.shard === undefined) return;
  throw usage(`${name}: is a shard of a run`, "put its shards together first: npx spectroscope merge");
}

/**
 * The chains of every component are dealt to the shards in turn: each gets its own chains of its own components, with their
 * controls, since a prior at equal rise is found from the chains that it is matched to. Errors: usage.
 */
export function shardOf(units: readonly UnitPlan[], { index, count }: Shard): UnitPlan[] {
  if (!(Number.isInteger(index) && Number.isInteger(count) && 1 <= index && index <= count)) {
    throw usage(`shard is ${index}/${count}`, "give whole numbers with 1 <= index <= count");
  }
  const dealt = new Map<string, number>();
  const isOwn = (restriction: string, chain: number) => {
    const key = `${restriction} ${chain}`;
    const turn = dealt.get(key) ?? dealt.size;
    dealt.set(key, turn);
    return turn % count === index - 1;
  };
  return units
    .map((unit) => ({ ...unit, chains: unit.chains.filter((chain) => isOwn(unit.restriction, chain)) }))
    .filter(({ chains }) => chains.length > 0);
}

/** What the units of the n_beta = 0 control are called, after the component's name. */
export const PRIOR_SUFFIX = " n_beta=0";
/** The same where their rise is that of the component's chains. */
export const EQUAL_RISE_SUFFIX = `${PRIOR_SUFFIX} at equal rise`;

/** Whether a unit is a component's own, and no control of it. */
export function isMeasurement({ name, restriction }: Pick<UnitPlan, "name" | "restriction">): boolean {
  return name === restriction;
}

/** The components of a run, in the order of chi's columns. Errors: a name that is no weight restriction of the model. */
export function componentsOf(config: RunConfig, model: Model): string[] {
  const names = config.weight_restrictions.flatMap((name) => {
    if (name === "standard") return standardRestrictions(model);
    return name === "fine" ? fineRestrictions(model, config.neuron_slice) : [name];
  });
  if (config.neuron_groups > 0 && standard(config)) names.push(...neuronGroups(model, config.neuron_groups));
  const unique = [...new Set(names)].filter((name) => name !== "full");
  for (const name of unique) parseRestriction(name, model);
  return unique;
}

function standard(config: RunConfig): boolean {
  return config.weight_restrictions.includes("standard");
}

/** The restrictions of a run: components, and the unrestricted model where it is asked for or the estimator needs it. */
export function restrictionsOf(config: RunConfig, model: Model): string[] {
  const full = standard(config) || config.weight_restrictions.includes("full") || config.estimator === "two_chain";
  return [...(full ? ["full"] : []), ...componentsOf(config, model)];
}

/** Whether a run has its n_beta = 0 control; where it has no loss in its own posterior it is that itself. */
export function priorSampled({ controls, sampler }: Pick<RunConfig, "controls" | "sampler">): boolean {
  return controls.n_beta_zero && sampler.n_beta > 0;
}

/** Whether a run has the prior at equal rise besides; in a box the prior is sampled by chains, and no scale of it is looked for. */
export function equalRiseSampled(config: Pick<RunConfig, "controls" | "sampler">): boolean {
  return priorSampled(config) && config.controls.equal_rise && config.sampler.bounding_box_size === 0;
}

/** The priors that a run was sampled with, by what their rows are called after those of chi's or the traces'. */
export function priorsOf(config: RunConfig): { readonly name: string; readonly suffix: string }[] {
  return [
    ...(priorSampled(config) ? [{ name: "n_beta = 0", suffix: PRIOR_SUFFIX }] : []),
    ...(equalRiseSampled(config) ? [{ name: "n_beta = 0 at equal rise", suffix: EQUAL_RISE_SUFFIX }] : []),
  ];
}

/** The settings of a component; where its scale is what makes them wrong the error says so. */
function checkScaled(component: string, settings: SamplerSettings, scale: number): void {
  try {
    checkSettings(settings);
  } catch (error) {
    if (scale === 1 || !(error instanceof SpectroscopeError)) throw error;
    throw usage(
      `${component}: ${error.message}`,
      `its component_scale ${scale} multiplies lr and divides localization: --set component_scale.${component}=1, or a smaller lr`,
    );
  }
}

/**
 * Everything a run samples: every restriction, then the prior of those that chi needs, with as many chains and draws, then that at
 * equal rise. Errors: settings that cannot be run.
 */
export function unitsOf(config: RunConfig, model: Model): UnitPlan[] {
  const names = restrictionsOf(config, model);
  for (const name of Object.keys(config.component_scale)) parseRestriction(name, model);
  const settingsOf = (name: string): SamplerSettings => {
    const scale = config.component_scale[name] ?? 1;
    const { lr, localization } = config.sampler;
    return { ...config.sampler, lr: lr * scale, localization: localization / scale };
  };
  if (names.length === 0) throw usage("weight_restrictions names no component", "name some, or standard");
  const unit = (name: string, restriction: string, settings: SamplerSettings): UnitPlan => {
    checkScaled(restriction, settings, config.component_scale[restriction] ?? 1);
    const chains = Array.from({ length: settings.num_chains }, (_, chain) => chain);
    return { name, restriction, settings, chains };
  };
  const units = names.map((name) => unit(name, name, settingsOf(name)));
  if (!priorSampled(config)) return units;
  // The unrestricted model is no column.
  const controlled = names.filter((name) => name !== "full" || config.estimator === "two_chain");
  const prior = (suffix: string) =>
    controlled.map((name) => unit(name + suffix, name, { ...settingsOf(name), n_beta: 0 }));
  units.push(...prior(PRIOR_SUFFIX));
  if (!equalRiseSampled(config)) return units;
  const matched = prior(EQUAL_RISE_SUFFIX).map(({ chains, ...own }) => {
    const { restriction } = own;
    return { ...own, match: { chains: restriction, prior: restriction + PRIOR_SUFFIX }, chains };
  });
  return [...units, ...matched];
}
