import type { SamplerSettings } from "../config/sampler";
import type { ChainSpec } from "../sampler/chain-plans";
import { chainWork, wholeWork } from "../sampler/chain-work";
import type { Laboratory } from "../sampler/laboratory";
import { layoutBlock } from "../transformer/block";
import type { Model } from "../transformer/family";
import { parseRestriction } from "../transformer/restriction";
import type { RunConfig } from "./config";
import { componentsOf, restrictionsOf } from "./units";

/** A run's restrictions, and those that the standard set would have in its place, with the same chains. */
export interface SetCost {
  readonly settings: SamplerSettings;
  /** How many columns of chi. */
  readonly components: number;
  readonly names: readonly string[];
  readonly standard: readonly string[];
}

/** What is told before sampling of a run whose set is `fine`; nothing of others. */
export function fineCost(config: RunConfig, model: Model): SetCost | undefined {
  if (!config.weight_restrictions.includes("fine")) return undefined;
  const standard = restrictionsOf({ ...config, weight_restrictions: ["standard"] }, model);
  const components = componentsOf(config, model).length;
  return { settings: config.sampler, components, names: restrictionsOf(config, model), standard };
}

/**
 * What the chains of a set take beside those of the standard one. Without controls, and without the activations before a layer, which
 * its components share. Components of the same shapes take the same, and are planned once.
 */
export function costLine(
  lab: Laboratory,
  texts: Pick<ChainSpec, "pool" | "probe" | "task">,
  { settings, components, names, standard }: SetCost,
): string {
  const known = new Map<string, number>();
  let whole: ReturnType<typeof wholeWork> | undefined;
  const flopsOf = (name: string): number => {
    const restriction = parseRestriction(name, lab.model);
    const { entries } = layoutBlock(restriction, lab.model);
    const key = JSON.stringify(entries.map(({ slice, shape }) => [slice.parameter, shape]));
    let flops = known.get(key);
    if (flops === undefined) {
      const spec: ChainSpec = { ...texts, restriction, settings };
      whole ??= wholeWork(lab, spec);
      const { total, prefix } = chainWork(lab, spec, whole);
      flops = total.flops - prefix.flops;
      known.set(key, flops);
    }
    return flops;
  };
  const total = (some: readonly string[]) => some.reduce((sum, name) => sum + flopsOf(name), 0);
  const [own, other] = [total(names), total(standard)];
  return (
    `${components} components: ${short(own / 1e9, 3)} GFLOP without controls, ${short(own / other, 2)} times the ` +
    `${short(other / 1e9, 3)} of the standard set (${standard.length}, full among them)`
  );
}

/** A positive number in so many digits, or more before the point. */
export function short(value: number, digits: number): string {
  return value >= 10 ** (digits - 1) ? value.toFixed(0) : value.toPrecision(digits);
}
