/** Keys that configs had once, in today's words, so that a config file of an earlier version goes on to mean what it meant. */
import { isFormerKey, todaysClusterKeys } from "../cluster/former-keys";
import { isObject, usage } from "../config/schema";

/** Priors had draws of their own; now as many as what they are held against, or none. */
const DRAWS = "n_beta_zero_draws";
const NONE = { n_beta_zero: false, equal_rise: false };
const CLUSTER = "cluster.";

function noDraws(value: unknown, where: string): void {
  if (value === 0) return;
  throw usage(
    `${where} is ${JSON.stringify(value)}: a prior has the draws of what it is held against`,
    "leave the key out, or write controls.n_beta_zero=false for no prior",
  );
}

/** Parsed JSON of a config. @throws SpectroscopeError (usage) for what cannot be said any more */
export function todaysJson(json: unknown, source: string): unknown {
  if (!isObject(json)) return json;
  const { controls, cluster } = json;
  return {
    ...json,
    ...(isObject(controls) && Object.hasOwn(controls, DRAWS) && { controls: todaysControls(controls, source) }),
    ...(isObject(cluster) && { cluster: todaysClusterKeys(cluster, source, CLUSTER) }),
  };
}

function todaysControls({ [DRAWS]: draws, ...controls }: { readonly [key: string]: unknown }, source: string) {
  noDraws(draws, `${source}: "controls.${DRAWS}"`);
  return { ...NONE, ...controls };
}

/** Texts of `--set`, likewise; those of the clustering's former keys count together. */
export function todaysSets(sets: readonly string[]): readonly string[] {
  const former: Record<string, unknown> = {};
  const kept = sets.flatMap((set) => {
    const [key, value] = split(set);
    if (key.startsWith(CLUSTER) && isFormerKey(key.slice(CLUSTER.length)) && value !== undefined) {
      former[key.slice(CLUSTER.length)] = value.trim() !== "" && Number.isFinite(Number(value)) ? Number(value) : value;
      return [];
    }
    if (key !== `controls.${DRAWS}`) return [set];
    noDraws(value?.trim() === "0" ? 0 : value, `--set ${key}`);
    return Object.entries(NONE).map(([name, off]) => `controls.${name}=${off}`);
  });
  const search = sets.map(split).findLast(([key]) => key === `${CLUSTER}search`)?.[1];
  const today = todaysClusterKeys({ ...former, ...(search !== undefined && { search }) }, "--set", CLUSTER);
  const said = isObject(today) && today.search === "paper" && search === undefined;
  return said ? [...kept, `${CLUSTER}search=paper`] : kept;
}

function split(set: string): [key: string, value: string | undefined] {
  const equals = set.indexOf("=");
  return equals < 0 ? [set, undefined] : [set.slice(0, equals), set.slice(equals + 1)];
}
