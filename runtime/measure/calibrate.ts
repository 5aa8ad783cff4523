import { flewOff } from "../../kernels/errors";
import { drawsDirectly } from "../config/sampler";
import { usage } from "../config/schema";
import type { ChainSpec } from "../sampler/chain-plans";
import { Chains } from "../sampler/chains";
import { Laboratory, type TextOnDevice } from "../sampler/laboratory";
import { stepError } from "../susceptibility/acceptance";
import { diagnose } from "../susceptibility/diagnostics";
import { HOT, isHot, meanTemperature } from "../susceptibility/temperature";
import { parseRestriction } from "../transformer/restriction";
import type { RunConfig } from "./config";
import { type Corpus, checkCorpora, tokensOf } from "./corpus";
import { stopIfAsked } from "./events";
import { checkMemorizing } from "./memorizing";
import type { MeasureRequest } from "./request";
import { placeTexts } from "./sampling";
import { sampledTexts } from "./texts";
import { unitsOf } from "./units";

/** Factors of the config's own lr and n_beta. */
const LR_FACTORS = [0.25, 0.5, 1, 2] as const;
const N_BETA_FACTORS = [1 / 3, 1, 3] as const;
const DRAWS = 8;
const COMPONENTS = 5;
/** Mean rises of the loss, nats, at which components can be compared and the model is still the trained one (docs/choosing-settings.md). */
export const GOOD_RISE = [0.05, 0.4] as const;
/** Error of a step in one weight above which the loss is too steep for it; the pull alone has 0.2 at lr * localization 0.8. */
const STEP_ERROR = 0.3;
/** Updates whose acceptance is taken: with few chains their root mean square is good to a quarter. */
const CHECKS = 4;

/** What a component did at one setting of the grid. */
export interface ComponentTrial {
  readonly component: string;
  /** Mean of phi over chains and draws, nats; absent where the chains flew off. */
  readonly meanRise?: number;
  readonly lag1?: number;
  readonly rHat?: number;
  /** What the step does to one weight (`acceptanceSpread` over the root of their number). */
  readonly stepError?: number;
  /** Mean kinetic temperature of BAOAB's momenta and its sampling error; they have no step error. */
  readonly temperature?: number;
  readonly temperatureError?: number;
}

/** One setting of the grid. */
export interface Trial {
  readonly lr: number;
  readonly n_beta: number;
  readonly components: readonly ComponentTrial[];
  /** Why it is not taken; absent where it may be. */
  readonly against?: string;
  /** Share of draws that are as good as independent ones; the larger, the better. */
  readonly score: number;
}

export interface Calibration {
  readonly components: readonly string[];
  readonly trials: readonly Trial[];
  /** `--set` texts of the setting to take. */
  readonly recommended?: readonly string[];
}

/**
 * Runs a few components for a few draws on a grid around the config's lr and n_beta, and recommends the setting whose rises are
 * neither noise nor flight and whose draws are the most independent. Nothing is stored.
 */
export async function calibrate(request: Omit<MeasureRequest, "store" | "shard" | "threads">): Promise<Calibration> {
  const { config, model, corpora, device, on } = request;
  checkCorpora(corpora, model.model);
  checkMemorizing(config, corpora.pool);
  if (drawsDirectly(config.sampler)) {
    throw usage("--calibrate: n_beta is 0, so weights are drawn directly", "set sampler.n_beta above 0");
  }
  const components = spread(
    unitsOf(withSampler(config, {}), model.model).map(({ name }) => name),
    COMPONENTS,
  );
  const lab = new Laboratory(device, model.model, model.weights);
  try {
    const texts = placeTexts(lab, sampledTexts(corpora, config));
    const trials: Trial[] = [];
    const total = LR_FACTORS.length * weights(config, corpora.pool).length * components.length;
    let done = 0;
    for (const n_beta of weights(config, corpora.pool)) {
      for (const lr of LR_FACTORS.map((factor) => round(factor * config.sampler.lr))) {
        const found: ComponentTrial[] = [];
        for (const name of components) {
          stopIfAsked(request, "stopped", "nothing was stored: run the same command again");
          found.push(await tried(lab, texts, withSampler(config, { lr, n_beta }), name));
          for (const placed of Object.values(texts) as TextOnDevice[]) lab.trim(placed);
          on?.({ kind: "work", task: "calibration", label: `lr ${lr}, n_beta ${n_beta}`, done: ++done, total });
        }
        trials.push(judged(lr, n_beta, found, config));
      }
    }
    return { components, trials, ...recommend(trials, config) };
  } finally {
    lab.close();
  }
}

/** The config of a trial: few draws, no control. */
function withSampler(config: RunConfig, changes: { lr?: number; n_beta?: number }): RunConfig {
  const { num_chains } = config.sampler;
  return {
    ...config,
    estimator: "single_chain",
    sampler: { ...config.sampler, num_chains: Math.max(2, num_chains), num_draws: DRAWS, ...changes },
    controls: { n_beta_zero: false, equal_rise: false },
  };
}

/** `count` names spread over a list, its first and last among them. */
function spread(names: readonly string[], count: number): string[] {
  const parts = names.filter((name) => name !== "full");
  const pick = parts.length > 0 ? parts : [...names];
  const most = Math.min(count, pick.length);
  const places = Array.from({ length: most }, (_, i) => Math.round((i * (pick.length - 1)) / Math.max(1, most - 1)));
  return places.map((place) => pick[place]);
}

/** The n_beta of the grid, without those that would learn the pool by heart. */
function weights(config: RunConfig, pool: Corpus): number[] {
  return N_BETA_FACTORS.map((factor) => round(factor * config.sampler.n_beta)).filter(
    (n_beta) => config.sampler.allow_memorizing || n_beta <= tokensOf(pool),
  );
}

/** To three digits, so that a recommendation can be read. */
const round = (value: number) => Number(value.toPrecision(3));

async function tried(
  lab: Laboratory,
  texts: Pick<ChainSpec, "pool" | "probe" | "task">,
  config: RunConfig,
  component: string,
): Promise<ComponentTrial> {
  const unit = unitsOf(config, lab.model).find(({ name }) => name === component)!;
  const { settings } = unit;
  const restriction = parseRestriction(component, lab.model);
  const chains = await Chains.open(lab, { ...texts, restriction, settings, acceptanceChecks: CHECKS });
  try {
    while (chains.draws < settings.num_draws) await chains.draw({ traces: false });
    const { phi, logAcceptance, kineticTemperature, block } = chains;
    const { lag1, rHat } = diagnose(phi, settings.num_draws, settings.num_chains);
    const meanRise = phi.reduce((sum, rise) => sum + rise, 0) / phi.length;
    const heat = kineticTemperature.length > 0 ? meanTemperature(kineticTemperature, block.weights) : {};
    return { component, meanRise, lag1, rHat, stepError: stepError(logAcceptance, block.weights), ...heat };
  } catch (error) {
    if (flewOff(error)) return { component };
    throw error;
  } finally {
    chains.close();
  }
}

/** What stands against a setting, and how independent its draws are. */
export function judged(
  lr: number,
  n_beta: number,
  components: readonly ComponentTrial[],
  config: Pick<RunConfig, "sampler">,
): Trial {
  const { localization, llc_weight_decay, sampling_method } = config.sampler;
  const rises = components.map(({ meanRise }) => meanRise);
  const lags = components.flatMap(({ lag1 }) => (lag1 === undefined ? [] : [Math.max(0, lag1)]));
  const lag = lags.length > 0 ? lags.reduce((a, b) => a + b) / lags.length : 1;
  const score = (1 - lag) / (1 + lag);
  const against = () => {
    const bad = (test: (rise: number) => boolean) =>
      components.filter(({ meanRise }) => meanRise === undefined || test(meanRise)).map(({ component }) => component);
    if (rises.some((rise) => rise === undefined)) return `${bad(() => false).join(", ")} flew off`;
    const [low, high] = GOOD_RISE;
    const far = bad((rise) => rise > high);
    if (far.length > 0) return `rise above ${high} nats: ${far.join(", ")}`;
    const still = bad((rise) => rise < low);
    if (still.length > 0) return `rise below ${low} nats: ${still.join(", ")}`;
    const steep = components.filter(({ stepError = 0 }) => stepError > STEP_ERROR).map(({ component }) => component);
    if (steep.length > 0) return `step error above ${STEP_ERROR}: ${steep.join(", ")}`;
    const hot = components.filter((trial) => isHot(trial)).map(({ component }) => component);
    if (hot.length > 0) return `kinetic temperature above ${HOT}: ${hot.join(", ")}`;
    const bias = 1 / (1 - (lr * (localization + llc_weight_decay)) / 4);
    if (sampling_method === "sgmcmc_sgld" && bias > 1.34)
      return `SGLD's variance is ${bias.toFixed(2)} times the posterior's`;
    return undefined;
  };
  const why = against();
  return { lr, n_beta, components, score, ...(why ? { against: why } : {}) };
}

/** The best setting that nothing stands against, with the thinning that its relaxation asks for. */
export function recommend(
  trials: readonly Trial[],
  config: Pick<RunConfig, "sampler">,
): Pick<Calibration, "recommended"> {
  let best: Trial | undefined;
  for (const trial of trials) {
    if (trial.against) continue;
    // Of settings that are equally good within their noise the smaller step has the smaller bias.
    if (!best || trial.score > best.score + 0.05) best = trial;
  }
  if (!best) return {};
  return { recommended: [`sampler.lr=${best.lr}`, `sampler.n_beta=${best.n_beta}`, ...thinning(best, config)] };
}

/** Where draws of the best setting still hang together: as many updates between them as bring that below 0.3. */
function thinning(best: Trial, { sampler }: Pick<RunConfig, "sampler">): string[] {
  const lag = (1 - best.score) / (1 + best.score);
  if (!(lag > 0.3 && lag < 1)) return [];
  const steps = Math.ceil((sampler.num_steps_bw_draws * Math.log(0.3)) / Math.log(lag));
  return [`sampler.num_steps_bw_draws=${steps}`];
}
