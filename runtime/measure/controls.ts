import { MANIFEST } from "../store/manifest";
import type { Run } from "../store/run";
import { configOf, type RunConfig, runConfig } from "./config";
import type { PriorComparison, ScoreRow, Sensitivity } from "./report-data";
import { readResults, readSensitivity } from "./run-files";
import { equalRiseSampled, priorSampled } from "./units";

/** What the controls of a run say. */
export interface Controls {
  /** The measurement itself, then every control, through the same clustering. */
  readonly rows: readonly Pick<ScoreRow, "features" | "control" | "drawn" | "clusters" | "covered">[];
  /** What halves of the chains say that two equal runs would correlate, by component. */
  readonly reliability: readonly { readonly component: string; readonly reliability: number | null }[];
  /** chi and traces against those of the priors. */
  readonly comparisons: readonly PriorComparison[];
  readonly sensitivity?: Sensitivity;
  /** Of the command that runs the sweep, where there was none. */
  readonly missing: readonly string[];
}

/** Reads the controls of an analyzed run. @throws SpectroscopeError for one that was not analyzed */
export async function controlsOf(run: Run): Promise<Controls> {
  const [results, sensitivity] = [await readResults(run), await readSensitivity(run)];
  const measured = results.scores.filter(({ baseline }) => !baseline);
  return {
    rows: measured.map(({ features, control, drawn, clusters, covered }) => {
      return { features, control, ...(drawn ? { drawn } : {}), clusters, covered };
    }),
    reliability: results.components
      .filter(({ name }) => results.columns.includes(name))
      .map(({ name, reliability }) => ({ component: name, reliability: reliability ?? null })),
    comparisons: results.comparisons,
    ...(sensitivity ? { sensitivity } : {}),
    missing: [
      ...(sensitivity ? [] : [`sensitivity: not run; npx spectroscope sweep ${run.name}`]),
      ...missingPriors(runConfig(configOf(run), run.store.nameOf(MANIFEST))),
    ],
  };
}

/** Why a run has not both priors. */
function missingPriors(config: RunConfig): string[] {
  if (equalRiseSampled(config)) return [];
  if (config.sampler.n_beta === 0) return ["n_beta = 0: the run itself"];
  if (!priorSampled(config)) return ["n_beta = 0: not sampled; leave out controls.n_beta_zero=false"];
  const why =
    config.sampler.bounding_box_size > 0
      ? "in a bounding box the prior is not drawn directly"
      : "not sampled; leave out controls.equal_rise=false";
  return [`n_beta = 0 at equal rise: ${why}`];
}
