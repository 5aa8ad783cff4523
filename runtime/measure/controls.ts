import type { Run } from "../store/run";
import type { ScoreRow, Sensitivity } from "./report-data";
import { readResults } from "./results";
import { sensitivityTable } from "./sweep";

/** What the controls of a run say. */
export interface Controls {
  /** The measurement itself, then every control, through the same clustering. */
  readonly rows: readonly Pick<ScoreRow, "features" | "control" | "clusters" | "covered">[];
  /** What halves of the chains say that two equal runs would correlate, by component. */
  readonly reliability: readonly { readonly component: string; readonly reliability: number | null }[];
  readonly sensitivity?: Sensitivity;
  /** Of the command that runs the sweep, where there was none. */
  readonly missing: readonly string[];
}

/** Reads the controls of an analyzed run. @throws SpectroscopeError for one that was not analyzed */
export async function controlsOf(directory: Run): Promise<Controls> {
  const { results, sensitivity } = await readResults(directory);
  const measured = results.scores.filter(({ baseline }) => !baseline);
  return {
    rows: measured.map(({ features, control, clusters, covered }) => ({ features, control, clusters, covered })),
    reliability: results.components
      .filter(({ name }) => results.columns.includes(name))
      .map(({ name, reliability }) => ({ component: name, reliability: reliability ?? null })),
    ...(sensitivity ? { sensitivity } : {}),
    missing: [
      ...(sensitivity ? [] : [`sensitivity: not run; npx spectroscope sweep ${directory.name}`]),
      ...(measured.some(({ features }) => features.includes("n_beta = 0"))
        ? []
        : ["n_beta = 0: not sampled; --set controls.n_beta_zero_draws=4"]),
    ],
  };
}

/** The controls for people. */
export function controlsTable({ rows, reliability, sensitivity, missing }: Controls): string {
  const lines = [`${"features".padEnd(50)} clusters  covered`];
  for (const { features, control, clusters, covered } of rows) {
    const name = `${features}${control ? " (control)" : ""}`.padEnd(50);
    lines.push(`${name} ${String(clusters).padStart(8)} ${`${(100 * covered).toFixed(0)} %`.padStart(8)}`);
  }
  lines.push("", "split halves: what two equal runs would correlate, by component");
  for (const { component, reliability: value } of reliability) {
    lines.push(`${component.padEnd(24)} ${value === null ? "one chain has none" : value.toFixed(3)}`);
  }
  if (sensitivity) lines.push("", sensitivityTable(sensitivity));
  return [...lines, ...missing].join("\n");
}
