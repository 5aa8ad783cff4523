import { drawsDirectly, type SamplerSettings } from "../config/sampler";
import { burninWanted, relaxationTime, stepInFlatDirections, THINNING } from "../sampler/relaxation";
import { HOT, isHot } from "./temperature";

/** What is known of one component's chains; what was not measured is absent and no rule speaks of it. */
export interface ComponentHealth {
  readonly name: string;
  /** Mean of phi over draws and chains, nats. */
  readonly meanRise: number;
  /** Rank-normalised split R-hat of phi. */
  readonly rHat?: number;
  /** Bulk effective sample size of phi, all chains together. */
  readonly effectiveDraws?: number;
  /** Lag-1 autocorrelation of phi. */
  readonly lag1?: number;
  /** Split-half reliability of its column. */
  readonly reliability?: number;
  /** Root mean square of the log acceptance ratio of its updates over the root of the number of its weights. */
  readonly stepError?: number;
  /** Mean kinetic temperature of its momenta, 1 in equilibrium, and what chance alone takes it from there. */
  readonly temperature?: number;
  readonly temperatureError?: number;
}

/** Lag-1 autocorrelation below which thinning is enough whatever the relaxation time says. */
const LAG1 = 0.3;
const R_HAT = 1.1;
/** Draws from which R-hat of independent chains is above that once in 2,000 components; of 16 draws it is in one of 50. */
const R_HAT_DRAWS = 32;
/** Effective draws that a column of chi should have where halves of the chains do not say how well it comes again. */
const EFFECTIVE = 100;
/** Split-half reliability, the customary least, from which a column has draws enough, and a rise enough, whatever their numbers. */
const RELIABLE = 0.7;
/** Least share of all draws that effective ones should be. */
const EFFECTIVE_SHARE = 0.1;
/** Mean rise that says something of the posterior near w*, nats, and what is aimed at where it is outside. */
const RISE = { low: 0.05, high: 0.5, aim: 0.15 };
/**
 * Error of a step in one weight. On a quadratic loss it is x^(3/2) / (4 sqrt(1 - x/4)), x the step times the curvature, where the
 * variance is 1 / (1 - x/4) times the posterior's: 0.3 is 1.35 times, 0.06 is 1.1 times. What the pull alone has is the rule of
 * the bias; the loss shows by more than `beyond` times that. Above `flight` chains leave. Of 16 updates the error is good to 18 %.
 */
const STEP_ERROR = { high: 0.3, beyond: 1.3, aim: 0.06, flight: 2 };
/** Ratio of SGLD's variance to the posterior's in flat directions. */
const BIAS = 1.3;
const NAMES = 6;

type Rule = (settings: SamplerSettings, components: readonly ComponentHealth[]) => string | undefined;

/**
 * What a person should change, in words with numbers: a line for each rule that a run breaks, with the key of the
 * config and a value as the remedy; none for a run that keeps them all. Settings are those before a component's own
 * scale, which leaves lr * localization and with it the relaxation time as they are.
 */
export function advice(settings: SamplerSettings, components: readonly ComponentHealth[]): string[] {
  const said = (...rules: Rule[]) => rules.flatMap((rule) => rule(settings, components) ?? []);
  const first = said(noise, oneChain);
  if (drawsDirectly(settings)) return [...first, ...said(effective, lowRise, highRise, negativeRise)];
  // Chains that are thrown off by their steps say nothing else of themselves, and what they seem to ask for is no remedy.
  const thrown = [...said(pull), ...(flies(components) ? said(stepError) : [])];
  if (thrown.length > 0) return [...first, ...thrown];
  const step = said(stepError, heat);
  const thinned = said(thinning);
  return [
    ...first,
    ...thinned,
    ...said(burnin),
    ...(step.length > 0 ? step : said(bias)),
    ...said(agreement, effective),
    ...(thinned.length > 0 ? [] : said(share)),
    ...said(lowRise),
    // Smaller steps come first: a rise may be theirs.
    ...(step.length > 0 ? [] : said(highRise)),
    ...said(negativeRise),
  ];
}

/** Whether some component's steps throw it off altogether. */
function flies(components: readonly ComponentHealth[]): boolean {
  return components.some(({ stepError: error }) => error !== undefined && error > STEP_ERROR.flight);
}

/** A number as one reads it: so many digits that count. */
function short(value: number, digits = 2): string {
  return String(Number(value.toPrecision(digits)));
}

/** "l0h1, l0h2 and 3 more of 32". */
function named(found: readonly ComponentHealth[], components: readonly ComponentHealth[]): string {
  const names = found.slice(0, NAMES).map(({ name }) => name);
  const more = found.length - names.length;
  return `${names.join(", ")}${more > 0 ? ` and ${more} more` : ""} (${found.length} of ${components.length})`;
}

type Measured = Exclude<keyof ComponentHealth, "name">;

/** The component with the smallest or largest value. */
function extreme(found: readonly ComponentHealth[], key: Measured, sign: 1 | -1): ComponentHealth {
  return found.reduce((best, other) => (sign * (other[key]! - best[key]!) > 0 ? other : best));
}

const noise: Rule = ({ noise_level }) => {
  if (noise_level === 1) return undefined;
  const what =
    noise_level === 0
      ? "there is no noise, so chains descend and sample nothing"
      : `chains sample with n_beta and localization divided by ${short(noise_level ** 2)}`;
  return `noise_level is ${noise_level}: ${what}, and steps have no acceptance. Set noise_level to 1.`;
};

const oneChain: Rule = ({ num_chains }) =>
  num_chains > 1
    ? undefined
    : "One chain: chi has no errors, and nothing shows whether another chain would agree. Raise num_chains to 4.";

/** In flat directions the pull alone acts; without it, or with too much of it, a chain has no distribution there. */
const pull: Rule = (settings) => {
  const { localization, llc_weight_decay, num_steps_bw_draws } = settings;
  const step = stepInFlatDirections(settings);
  const strength = localization + llc_weight_decay;
  if (strength === 0) {
    const wanted = (2 * THINNING) / (step * num_steps_bw_draws);
    return (
      "localization and llc_weight_decay are 0: nothing holds the weights where the loss is flat, and chains drift away. " +
      `Set localization to ${short(wanted)}, which relaxes between draws.`
    );
  }
  if (step * strength < 4) return undefined;
  return (
    `Steps of ${short(step)} overshoot a pull of ${short(strength)} where the loss is flat, and chains diverge there. ` +
    `Lower lr to ${short(settings.lr / (step * strength))}.`
  );
};

/** tau in words; for RMSprop with what it rests on. */
function tauInWords(settings: SamplerSettings, tau: number): string {
  const estimate =
    settings.sampling_method === "rmsprop_sgld"
      ? "; taken with steps of lr / rmsprop_eps, which gradients far below rmsprop_eps have"
      : "";
  return `tau is ${short(tau)} updates where the loss is flat${estimate}`;
}

const thinning: Rule = (settings, components) => {
  const tau = relaxationTime(settings);
  const { num_steps_bw_draws } = settings;
  if (!Number.isFinite(tau) || num_steps_bw_draws >= Math.floor(THINNING * tau)) return undefined;
  const measured = components.filter(({ lag1 }) => lag1 !== undefined);
  const bound = measured.filter(({ lag1 }) => lag1! >= LAG1);
  if (measured.length > 0 && bound.length === 0) return undefined;
  const top = bound.length > 0 ? extreme(bound, "lag1", 1) : undefined;
  const seen = top
    ? ` Draws correlate with the one before them by up to ${short(top.lag1!)}: ${named(bound, measured)}.`
    : "";
  return (
    `Thinning is ${short(num_steps_bw_draws / tau)} tau (${tauInWords(settings, tau)}): raise num_steps_bw_draws to ` +
    `${Math.ceil(THINNING * tau)}.${seen}`
  );
};

const burnin: Rule = (settings) => {
  const { num_burnin_steps, num_steps_bw_draws } = settings;
  const wanted = burninWanted(settings);
  const before = num_burnin_steps + num_steps_bw_draws;
  if (wanted === undefined || before >= wanted) return undefined;
  const tau = relaxationTime(settings);
  const slow =
    wanted > Math.ceil(3 * tau) + 1
      ? `; RMSprop's start at 1 makes early steps smaller, so that ${wanted} updates do what ${Math.ceil(3 * tau)} would later`
      : "";
  return (
    `The first draw comes after ${before} updates, where 3 tau are ${Math.ceil(3 * tau)}${slow}: chains still come from the trained ` +
    `weights. Raise num_burnin_steps to ${wanted}.`
  );
};

const bias: Rule = (settings) => {
  // BAOAB's positions have the pull's own variance at every step.
  if (settings.sampling_method === "sgmcmc_baoab") return undefined;
  const product = stepInFlatDirections(settings) * (settings.localization + settings.llc_weight_decay);
  const ratio = 1 / (1 - product / 4);
  if (product >= 4 || ratio <= BIAS) return undefined;
  // 1 / (1 - x / 4) = 1.1 at x = 4 / 11.
  const factor = 4 / 11 / product;
  return (
    `At this step size the variance of chains is ${ratio.toFixed(2)} times the posterior's where the loss is flat: lower lr to ` +
    `${short(settings.lr * factor)} for 1.1 times, and raise num_steps_bw_draws to ${Math.ceil(settings.num_steps_bw_draws / factor)}.`
  );
};

const stepError: Rule = (settings, components) => {
  const { lr, num_steps_bw_draws, localization, llc_weight_decay } = settings;
  const x = Math.min(3.9, stepInFlatDirections(settings) * (localization + llc_weight_decay));
  const bound = Math.max(STEP_ERROR.high, (STEP_ERROR.beyond * x ** 1.5) / (4 * Math.sqrt(1 - x / 4)));
  const found = components.filter((c) => c.stepError !== undefined && c.stepError > bound);
  if (found.length === 0) return undefined;
  const worst = extreme(found, "stepError", 1);
  const factor = Math.max(1e-3, (STEP_ERROR.aim / worst.stepError!) ** (2 / 3));
  return (
    `Steps of ${worst.name} are too large for its loss: the log acceptance ratio is off by ${short(worst.stepError!)} a weight, where ` +
    `0.3 already stands for a variance 1.35 times the posterior's (${named(found, components)}). Lower lr to ` +
    `${short(lr * factor)} and raise num_steps_bw_draws to ${Math.ceil(num_steps_bw_draws / factor)}, or lower n_beta, which makes the loss ` +
    "that steep."
  );
};

const heat: Rule = (settings, components) => {
  const found = components.filter(isHot);
  if (found.length === 0) return undefined;
  const { lr, num_steps_bw_draws, batch_size } = settings;
  const worst = extreme(found, "temperature", 1);
  // What noise adds goes with lr, what curvature adds with a higher power: a fourth is a step to begin with.
  const batch = batch_size > 0 ? `, or raise batch_size to ${4 * batch_size}` : "";
  return (
    `Momenta of ${worst.name} are too hot: their kinetic temperature is ${short(worst.temperature!, 3)}, where 1 is equilibrium and ` +
    `above ${HOT} gradients are noisy or steps too large (${named(found, components)}). Lower lr to ${short(lr / 4)} and raise ` +
    `num_steps_bw_draws to ${2 * num_steps_bw_draws}${batch}.`
  );
};

const agreement: Rule = (settings, components) => {
  const { num_burnin_steps, num_steps_bw_draws, num_draws } = settings;
  // Of fewer draws it is above the bound by chance.
  if (num_draws < R_HAT_DRAWS) return undefined;
  const found = components.filter(({ rHat }) => rHat !== undefined && rHat > R_HAT);
  if (found.length === 0) return undefined;
  const burninShort = num_burnin_steps + num_steps_bw_draws < (burninWanted(settings) ?? 0);
  const longer = Math.max(2 * num_burnin_steps, num_steps_bw_draws * Math.ceil(num_draws / 4));
  return (
    `R-hat is above ${R_HAT}, up to ${short(extreme(found, "rHat", 1).rHat!, 3)}: chains have not found the same place in ` +
    `${named(found, components)}. Raise ${burninShort ? `num_burnin_steps to ${longer} or ` : ""}num_draws to ${2 * num_draws}.`
  );
};

/** Components whose draws say too little of themselves: too few of them, or too alike. */
function alike({ num_draws, num_chains }: SamplerSettings, { effectiveDraws }: ComponentHealth): boolean {
  return effectiveDraws !== undefined && effectiveDraws < EFFECTIVE_SHARE * num_draws * num_chains;
}

/** Whether halves of the chains agree so well about a column that neither few draws nor a small rise speak against it. */
const reliable = ({ reliability }: ComponentHealth) => reliability !== undefined && reliability >= RELIABLE;

const effective: Rule = (settings, components) => {
  const few = ({ effectiveDraws }: ComponentHealth) => effectiveDraws !== undefined && effectiveDraws < EFFECTIVE;
  const found = components.filter((c) => few(c) && !reliable(c) && !alike(settings, c));
  if (found.length === 0) return undefined;
  const { effectiveDraws, name } = extreme(found, "effectiveDraws", -1);
  const wanted = Math.ceil((settings.num_draws * EFFECTIVE) / effectiveDraws!);
  return (
    `Fewer than ${EFFECTIVE} effective draws, down to ${short(effectiveDraws!)} (${name}): ${named(found, components)}. Raise num_draws ` +
    `to ${wanted}.`
  );
};

const share: Rule = (settings, components) => {
  const found = components.filter((c) => alike(settings, c));
  if (found.length === 0) return undefined;
  const { effectiveDraws, name } = extreme(found, "effectiveDraws", -1);
  const all = settings.num_draws * settings.num_chains;
  const wanted = settings.num_steps_bw_draws * Math.ceil(all / (2 * effectiveDraws!));
  return (
    `Only ${short(effectiveDraws!)} of ${all} draws are effective in ${name}, under ${100 * EFFECTIVE_SHARE} % in ` +
    `${named(found, components)}. Raise num_steps_bw_draws to ${wanted}.`
  );
};

/** How to move the mean rise of these components by a factor: for all by the pull, for some by their scale. */
function rescale(factor: number, settings: SamplerSettings, some: boolean): string {
  const { localization, lr, n_beta } = settings;
  const word = factor > 1 ? ["Lower", "raise"] : ["Raise", "lower"];
  if (some) return `${factor > 1 ? "Raise" : "Lower"} their component_scale to ${short(factor)} times what it is.`;
  if (localization === 0) return `${word[0]} n_beta to ${short(n_beta / factor)}.`;
  return (
    `${word[0]} localization to ${short(localization / factor)} and ${word[1]} lr to ${short(lr * factor)}, which keeps tau` +
    `${n_beta > 0 && factor > 1 ? `, or lower n_beta to ${short(n_beta / factor)}` : ""}.`
  );
}

/** The middle one of the rises. */
function typical(found: readonly ComponentHealth[]): number {
  const rises = found.map(({ meanRise }) => meanRise).sort((a, b) => a - b);
  return rises[Math.floor(rises.length / 2)];
}

const lowRise: Rule = (settings, components) => {
  const found = components.filter((c) => c.meanRise >= 0 && c.meanRise < RISE.low && !reliable(c));
  if (found.length === 0) return undefined;
  const lowest = extreme(found, "meanRise", -1);
  // A rise of almost nothing asks for a first step, not for a million.
  const factor = Math.min(100, RISE.aim / Math.max(typical(found), 1e-12));
  return (
    `The loss rises by less than ${RISE.low} nats, down to ${short(lowest.meanRise)} (${lowest.name}), which is the ` +
    `nearest neighborhood of the trained weights, and noise may rule chi there: ${named(found, components)}. ${rescale(factor, settings, 2 * found.length < components.length)}`
  );
};

const highRise: Rule = (settings, components) => {
  const found = components.filter(({ meanRise }) => meanRise > RISE.high);
  if (found.length === 0) return undefined;
  const highest = extreme(found, "meanRise", 1);
  const factor = Math.max(0.01, RISE.aim / typical(found));
  return (
    `The loss rises by more than ${RISE.high} nats, up to ${short(highest.meanRise)} (${highest.name}): chains are far from the trained ` +
    `weights in ${named(found, components)}. ${rescale(factor, settings, 2 * found.length < components.length)}`
  );
};

const negativeRise: Rule = ({ localization, n_beta }, components) => {
  const found = components.filter(({ meanRise }) => meanRise < 0);
  if (found.length === 0) return undefined;
  const lowest = extreme(found, "meanRise", -1);
  return (
    `Chains fell below the trained weights' loss, by ${short(-lowest.meanRise)} nats in ${lowest.name}: the trained weights are no minimum of ` +
    `the sampling task in ${named(found, components)}, and its LLC is negative. Sample on text like the model's own (sampling_task), or ` +
    `raise localization to ${short(localization > 0 ? 4 * localization : 10 * Math.max(1, n_beta))}.`
  );
};
