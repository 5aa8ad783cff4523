/** The autoencoder that an embedded model brings along, compared at the end of its run. */

import type { MeasureRequest } from "../../../runtime/measure/request";
import { compareFeatures } from "../../../runtime/measure/sae";
import { writeComparison } from "../../../runtime/measure/sae-files";
import type { SaeComparison } from "../../../runtime/measure/sae-result";
import type { Run } from "../../../runtime/store/run";
import type { Progress } from "../progress";
import { embeddedSae, openSaeFor } from "./open";

/** They take a fifth of a second each. */
const RANDOM_DRAWS = 3;

/**
 * Holds a run's clusters against its model's own autoencoder and stores what was found; nothing for a model that brings none.
 * @throws SpectroscopeError those of `compareFeatures`
 */
export async function compareWithEmbeddedSae(
  run: Run,
  { config, model, corpora, device, signal, on }: Omit<MeasureRequest, "store" | "shard">,
  progress: Progress,
): Promise<SaeComparison | undefined> {
  if (embeddedSae(config.model) === undefined) return undefined;
  const { probe } = corpora;
  const opened = await openSaeFor({}, { name: config.model, model, probe }, progress, signal);
  const comparison = await compareFeatures({ run, probe, device, ...opened, signal, on, randomDraws: RANDOM_DRAWS });
  const lost = await writeComparison(run, comparison);
  if (lost) progress.say(`earlier comparisons are lost: ${lost}`);
  return comparison;
}
