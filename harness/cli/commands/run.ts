import { relative } from "node:path";
import { type RunConfig, readRunConfig } from "../../measure/config";
import type { Results } from "../../measure/results";
import { fullRun, sampleRun } from "../../measure/run";
import type { ScoreRow } from "../../report/data";
import { ADAPTER, command, JSON_FLAG, output } from "../command";
import { onInterrupt } from "../interrupt";
import { SET_OPTION } from "../options";
import { duration, Progress } from "../progress";

const RUN_OPTIONS = {
  config: { type: "string", placeholder: "FILE", help: "JSON config; without it, the defaults" },
  set: SET_OPTION,
  seed: { type: "integer", min: 0, help: "short for --set sampler.seed=N" },
  quick: { type: "boolean", default: false, help: "a small run of about a minute: fewer draws and sequences" },
  out: { type: "string", placeholder: "DIR", help: "run directory (default runs/<model>, runs/<model>-quick)" },
  adapter: ADAPTER,
  json: JSON_FLAG,
} as const;

/** What `--quick` changes; `--set` still has the last word. */
const QUICK = ["neuron_groups=0", "sampler.num_draws=10", "controls.n_beta_zero_draws=2"];

interface RunValues {
  config?: string;
  set?: readonly string[];
  seed?: number;
  quick: boolean;
  out?: string;
}

async function settled(values: RunValues): Promise<{ config: RunConfig; out: string }> {
  const sets = [...(values.quick ? QUICK : [])];
  if (values.seed !== undefined) sets.push(`sampler.seed=${values.seed}`);
  sets.push(...(values.set ?? []));
  const config = await readRunConfig(values.config, sets);
  const name = config.model.split(/[\\/]/).filter(Boolean).at(-1) ?? "model";
  return { config, out: values.out ?? `runs/${name}${values.quick ? "-quick" : ""}` };
}

/** The whole measurement; what `npm start` runs. */
export const run = command(
  {
    name: "run",
    summary: "Measure susceptibilities of every component, cluster tokens, score, and write a report.",
    options: RUN_OPTIONS,
    examples: ["run", "run --quick", "run --set sampler.num_draws=80 --out runs/long"],
  },
  async ({ values }) => {
    const { config, out } = await settled(values);
    const progress = new Progress(values.json);
    const interrupt = onInterrupt((line) => progress.say(line));
    try {
      const request = { config, out, adapter: values.adapter, progress, interrupted: interrupt.asked };
      const { directory, results } = await fullRun(request);
      const report = relative(process.cwd(), directory.resultPath("report.html")) || "report.html";
      if (values.json) {
        const { adapter } = (await directory.readJson("timing")) as { adapter: unknown };
        output(JSON.stringify({ run: out, report, adapter, seconds: progress.seconds, ...summary(results) }));
      } else output(`${table(results)}\nreport: ${report}  (${duration(progress.seconds)})`);
      return 0;
    } finally {
      interrupt.done();
    }
  },
);

/** The sampling alone. */
export const sample = command(
  {
    name: "sample",
    summary: "Run the chains of every component into a run directory, without clustering.",
    options: RUN_OPTIONS,
    examples: ["sample --set weight_restrictions=l0h3,l1h2 --out runs/two-heads"],
  },
  async ({ values }) => {
    const { config, out } = await settled(values);
    const progress = new Progress(values.json);
    const interrupt = onInterrupt((line) => progress.say(line));
    try {
      const request = { config, out, adapter: values.adapter, progress, interrupted: interrupt.asked };
      const directory = await sampleRun(request);
      const units = directory.units("done");
      if (values.json) output(JSON.stringify({ run: out, units, seconds: progress.seconds }));
      else output(`${units.length} units in ${out}; go on with: npx spectroscope cluster ${out}`);
      return 0;
    } finally {
      interrupt.done();
    }
  },
);

/** The machine-readable summary of results. */
export function summary(results: Results): Record<string, unknown> {
  const { model, scores, clusters, roles } = results;
  const components = results.components.map(({ name, weights, meanRise, rHat }) => ({
    name,
    weights,
    mean_rise: meanRise,
    r_hat: rHat ?? null,
  }));
  return {
    model,
    tokens: results.tokens.length,
    clusters: clusters.length,
    roles: roles ?? null,
    components,
    scores: scores.map((row) => ({
      features: row.features,
      control: row.control,
      clusters: row.clusters,
      covered: row.covered,
      mean_best_f1: row.meanBestF1,
      roles_above_half: row.rolesAboveHalf,
      ari_roles: row.ariRoles,
      ari_modes: row.ariModes,
      nmi_roles: row.nmiRoles,
    })),
  };
}

/** The score table for people. */
export function table(results: Results): string {
  const line = (row: ScoreRow) =>
    [
      `${row.features}${row.control ? " (control)" : ""}`.padEnd(50),
      String(row.clusters).padStart(8),
      `${(100 * row.covered).toFixed(0)} %`.padStart(8),
      row.meanBestF1.toFixed(3).padStart(8),
      String(row.rolesAboveHalf).padStart(10),
      row.ariRoles.toFixed(3).padStart(9),
      row.ariModes.toFixed(3).padStart(9),
    ].join(" ");
  const head = ["features".padEnd(50), "clusters", " covered", " best F1", "roles>0.5", "ARI roles", "ARI modes"].join(
    " ",
  );
  if (results.scores.length === 0) return `${results.clusters.length} clusters (no known roles to score against)`;
  return [
    `${results.clusters.length} clusters of ${results.tokens.length} tokens, held against ${results.roles} known roles`,
    head,
    ...results.scores.map(line),
  ].join("\n");
}
