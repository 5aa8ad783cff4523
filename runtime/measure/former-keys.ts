/** Keys that configs had once, in today's words, so that a config file of an earlier version goes on to mean what it meant. */
import { isObject, usage } from "../config/schema";

/** Priors had draws of their own; now as many as what they are held against, or none. */
const DRAWS = "n_beta_zero_draws";
const NONE = { n_beta_zero: false, equal_rise: false };

function noDraws(value: unknown, where: string): void {
  if (value === 0) return;
  throw usage(
    `${where} is ${JSON.stringify(value)}: a prior has the draws of what it is held against`,
    "leave the key out, or write controls.n_beta_zero=false for no prior",
  );
}

/** Parsed JSON of a config. @throws SpectroscopeError (usage) for what cannot be said any more */
export function todaysJson(json: unknown, source: string): unknown {
  if (!isObject(json) || !isObject(json.controls) || !Object.hasOwn(json.controls, DRAWS)) return json;
  const { [DRAWS]: draws, ...controls } = json.controls;
  noDraws(draws, `${source}: "controls.${DRAWS}"`);
  return { ...json, controls: { ...NONE, ...controls } };
}

/** Texts of `--set`, likewise. */
export function todaysSets(sets: readonly string[]): readonly string[] {
  return sets.flatMap((set) => {
    const [key, value] = set.split("=", 2);
    if (key !== `controls.${DRAWS}`) return [set];
    noDraws(value?.trim() === "0" ? 0 : value, `--set ${key}`);
    return Object.entries(NONE).map(([name, off]) => `controls.${name}=${off}`);
  });
}
