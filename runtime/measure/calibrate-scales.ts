/** How far each component must be let out for its loss to rise as much as is wanted. */
import { flewOff } from "../../kernels/errors";
import { usage } from "../config/schema";
import type { ChainSpec } from "../sampler/chain-plans";
import { Chains } from "../sampler/chains";
import { Laboratory, type TextOnDevice } from "../sampler/laboratory";
import { isHot, meanTemperature } from "../susceptibility/temperature";
import { parseRestriction } from "../transformer/restriction";
import type { RunConfig } from "./config";
import { checkCorpora } from "./corpus";
import { stopIfAsked } from "./events";
import { type FoundScale, findScale, type TriedScale } from "./find-scale";
import type { MeasureRequest } from "./request";
import { placeTexts } from "./sampling";
import { sampledTexts } from "./texts";
import { type UnitPlan, unitsOf } from "./units";

/** Draws of a trial, of as many chains as the run has: their mean rise is good to a tenth. */
const DRAWS = 8;
/** Updates of a trial at which BAOAB's momenta are looked at. */
const CHECKS = 4;

/** What was found of one component. */
export interface ScaleTrials extends FoundScale {
  readonly component: string;
}

export interface ScaleCalibration {
  /** Mean rise that was wanted, nats. */
  readonly wanted: number;
  readonly components: readonly ScaleTrials[];
  /** For a config. */
  readonly component_scale: Readonly<Record<string, number>>;
}

/**
 * Runs the chains of every component for a few draws at scales that come nearer and nearer to a wanted mean rise of the loss.
 * Beginning from the config's own `component_scale`; nothing is stored.
 * @param wanted mean of phi, nats, above 0
 * @throws SpectroscopeError (usage) for a rise that is none, `interrupted` when the signal asks to stop
 */
export async function calibrateScales(
  request: Omit<MeasureRequest, "store" | "shard" | "threads">,
  wanted: number,
): Promise<ScaleCalibration> {
  const { config, model, corpora, device, on } = request;
  if (!(wanted > 0 && Number.isFinite(wanted))) {
    throw usage(`the wanted rise is ${wanted}`, "give nats above 0, such as 0.2");
  }
  checkCorpora(corpora, model.model);
  const units = unitsOf(trialConfig(config), model.model);
  const lab = new Laboratory(device, model.model, model.weights);
  try {
    const texts = placeTexts(lab, sampledTexts(corpora, config));
    const components: ScaleTrials[] = [];
    for (const [done, unit] of units.entries()) {
      stopIfAsked(request, "stopped", "nothing was stored: run the same command again");
      const label = `scales: ${unit.restriction} (${done + 1}/${units.length})`;
      on?.({ kind: "work", task: "calibration", label, done, total: units.length });
      components.push(await searched(lab, texts, unit, config, wanted));
      for (const placed of Object.values(texts) as TextOnDevice[]) lab.trim(placed);
    }
    const scales = components.map(({ component, scale }) => [component, scale] as const);
    return { wanted, components, component_scale: Object.fromEntries(scales) };
  } finally {
    lab.close();
  }
}

/** Few draws, no controls, every component at its own scale. */
function trialConfig(config: RunConfig): RunConfig {
  return {
    ...config,
    sampler: { ...config.sampler, num_draws: DRAWS },
    controls: { ...config.controls, n_beta_zero: false, equal_rise: false },
  };
}

/** The trials of one component. */
async function searched(
  lab: Laboratory,
  texts: Pick<ChainSpec, "pool" | "probe" | "task">,
  { restriction: component, settings }: UnitPlan,
  config: RunConfig,
  wanted: number,
): Promise<ScaleTrials> {
  const restriction = parseRestriction(component, lab.model);
  const own = config.component_scale[component] ?? 1;
  const found = await findScale(own, wanted, (scale) => {
    const factor = scale / own;
    const scaled = { ...settings, lr: settings.lr * factor, localization: settings.localization / factor };
    return trial(lab, { ...texts, restriction, settings: scaled, acceptanceChecks: CHECKS });
  });
  return { component, ...found };
}

/** Mean of phi over the draws of all chains, and whether BAOAB's momenta are too hot; nothing where chains flew off. */
async function trial(lab: Laboratory, spec: ChainSpec): Promise<TriedScale | undefined> {
  const chains = await Chains.open(lab, spec);
  try {
    while (chains.draws < spec.settings.num_draws) await chains.draw({ traces: false });
    const { phi, kineticTemperature, block } = chains;
    const rise = phi.reduce((sum, one) => sum + one, 0) / phi.length;
    const hot = kineticTemperature.length > 0 && isHot(meanTemperature(kineticTemperature, block.weights));
    return { rise, hot };
  } catch (error) {
    if (flewOff(error)) return undefined;
    throw error;
  } finally {
    chains.close();
  }
}
