import type { Run } from "../store/run";
import type { PriorComparison, ScoreRow, Sensitivity } from "./report-data";
import { readResults } from "./run-files";

/** What the controls of a run say. */
export interface Controls {
  /** The measurement itself, then every control, through the same clustering. */
  readonly rows: readonly Pick<ScoreRow, "features" | "control" | "clusters" | "covered">[];
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
  const { results, sensitivity } = await readResults(run);
  const measured = results.scores.filter(({ baseline }) => !baseline);
  return {
    rows: measured.map(({ features, control, clusters, covered }) => ({ features, control, clusters, covered })),
    reliability: results.components
      .filter(({ name }) => results.columns.includes(name))
      .map(({ name, reliability }) => ({ component: name, reliability: reliability ?? null })),
    comparisons: results.comparisons,
    ...(sensitivity ? { sensitivity } : {}),
    missing: [
      ...(sensitivity ? [] : [`sensitivity: not run; npx spectroscope sweep ${run.name}`]),
      ...(measured.some(({ features }) => features.includes("n_beta = 0"))
        ? []
        : ["n_beta = 0: not sampled; --set controls.n_beta_zero_draws=4"]),
    ],
  };
}
