import { relative } from "node:path";
import { calibrate, calibrationTable } from "../../../runtime/measure/calibrate";
import { type RunConfig, readRunConfig } from "../../../runtime/measure/config";
import { sampledAdvice } from "../../../runtime/measure/diagnose";
import type { ScoreRow } from "../../../runtime/measure/report-data";
import { begunConfig, type Results } from "../../../runtime/measure/results";
import { fullRun, type RunRequest, sampleRun } from "../../../runtime/measure/run";
import { usage } from "../../../runtime/measure/schema";
import { parseShard, type Shard } from "../../../runtime/measure/units";
import { DirectoryStore } from "../../../runtime/node/directory-store";
import { Run } from "../../../runtime/store/run";
import { ADAPTER, command, JSON_FLAG, output } from "../command";
import { onInterrupt } from "../interrupt";
import { SET_OPTION } from "../options";
import { duration, Progress } from "../progress";

const RUN_OPTIONS = {
  config: { type: "string", placeholder: "FILE", help: "JSON config; without it, the defaults" },
  set: SET_OPTION,
  seed: { type: "integer", min: 0, help: "short for --set sampler.seed=N" },
  quick: { type: "boolean", default: false, help: "a small run of about a minute: fewer draws and sequences" },
  "keep-traces": { type: "boolean", help: "store every token's loss at every draw: --set keep_traces=true" },
  out: { type: "string", placeholder: "DIR", help: "run directory (default runs/<model>, runs/<model>-quick)" },
  resume: {
    type: "boolean",
    default: false,
    help: "go on with the run in --out, with the config that it was begun with",
  },
  calibrate: {
    type: "boolean",
    default: false,
    help: "instead: try a grid of lr and n_beta on few draws and recommend one",
  },
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
  "keep-traces"?: boolean;
  out?: string;
  resume: boolean;
  calibrate: boolean;
  adapter?: string;
  json: boolean;
  shard?: string;
}

interface Settled {
  readonly config: RunConfig;
  readonly out: string;
  readonly shard?: Shard;
}

async function settled(values: RunValues): Promise<Settled> {
  const shard = values.shard === undefined ? undefined : parseShard(values.shard);
  const changes = [...(values.seed === undefined ? [] : [`sampler.seed=${values.seed}`])];
  if (values["keep-traces"] !== undefined) changes.push(`keep_traces=${values["keep-traces"]}`);
  changes.push(...(values.set ?? []));
  if (values.resume) return resumed(values, changes, shard);
  const config = await readRunConfig(values.config, [...(values.quick ? QUICK : []), ...changes]);
  const name = config.model.split(/[\\/]/).filter(Boolean).at(-1) ?? "model";
  const suffix = `${values.quick ? "-quick" : ""}${shard ? `.shard-${shard.index}-of-${shard.count}` : ""}`;
  return { config, out: values.out ?? `runs/${name}${suffix}`, ...(shard ? { shard } : {}) };
}

/** The run in `--out` with its own config; what is set besides must agree with it, which opening the directory checks. */
async function resumed(values: RunValues, changes: readonly string[], shard: Shard | undefined): Promise<Settled> {
  if (values.out === undefined) throw usage("--resume: --out is missing", "name the run's directory: --out DIR");
  if (values.config !== undefined || values.quick) {
    throw usage("--resume goes on with the run's own config", "leave --config and --quick out");
  }
  const directory = await Run.open(new DirectoryStore(values.out));
  const config = await begunConfig(directory, changes);
  const own = directory.config.shard as string | undefined;
  const used = shard ?? (own === undefined ? undefined : parseShard(own));
  return { config, out: values.out, ...(used ? { shard: used } : {}) };
}

/** Runs a job that Ctrl-C stops where it can be gone on with. */
async function interruptible<T>(
  values: RunValues,
  settings: Settled,
  job: (request: RunRequest) => Promise<T>,
): Promise<{ result: T; progress: Progress }> {
  const progress = new Progress(values.json);
  const interrupt = onInterrupt((line) => progress.say(line));
  try {
    const request = { ...settings, adapter: values.adapter, progress, interrupted: interrupt.asked };
    return { result: await job(request), progress };
  } finally {
    interrupt.done();
  }
}

/** `--calibrate`: the grid, what each of its settings gave, and which to take. */
async function calibrateOnly(values: RunValues): Promise<number> {
  const { result } = await interruptible(values, await settled(values), calibrate);
  output(values.json ? JSON.stringify(result) : calibrationTable(result));
  return result.recommended ? 0 : 1;
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
    if (values.calibrate) return calibrateOnly(values);
    const settings = await settled(values);
    if (settings.shard) throw usage(`${settings.out} is a shard`, "go on with it by `sample --resume`, then `merge`");
    const { out } = settings;
    const { result, progress } = await interruptible(values, settings, fullRun);
    const { directory, results } = result;
    const report = relative(process.cwd(), directory.nameOf("report.html")) || "report.html";
    if (values.json) {
      const { adapter } = (await directory.readJson("timing")) as { adapter: unknown };
      output(JSON.stringify({ run: out, report, adapter, seconds: progress.seconds, ...summary(results) }));
    } else output(`${table(results)}\n${words(results.advice)}report: ${report}  (${duration(progress.seconds)})`);
    return 0;
  },
);

/** The sampling alone. */
export const sample = command(
  {
    name: "sample",
    summary: "Run the chains of every component into a run directory, without clustering.",
    options: {
      ...RUN_OPTIONS,
      shard: { type: "string", placeholder: "I/N", help: "sample the Ith of N parts only; `merge` puts them together" },
    },
    examples: [
      "sample --set weight_restrictions=l0h3,l1h2 --out runs/two-heads",
      "sample --shard 1/4 --out runs/part-1",
      "sample --resume --out runs/part-1",
    ],
  },
  async ({ values }) => {
    if (values.calibrate && values.shard !== undefined) {
      throw usage("--calibrate and --shard exclude each other", "calibrate first; all shards take one config");
    }
    if (values.calibrate) return calibrateOnly(values);
    const settings = await settled(values);
    const { out, shard } = settings;
    const { result: directory, progress } = await interruptible(values, settings, sampleRun);
    const units = directory.units("done");
    const said = shard ? [] : await sampledAdvice(directory, settings.config);
    const next = shard ? "merge --out DIR SHARD..." : `cluster ${out}`;
    if (values.json) output(JSON.stringify({ run: out, units, seconds: progress.seconds, advice: said }));
    else output(`${words(said)}${units.length} units in ${out}; go on with: npx spectroscope ${next}`);
    return 0;
  },
);

/** Advice, a line each. */
export function words(advice: readonly string[]): string {
  return advice.map((line) => `advice: ${line}\n`).join("");
}

/** The machine-readable summary of results. */
export function summary(results: Results): Record<string, unknown> {
  const { model, scores, clusters, roles } = results;
  const components = results.components.map((component) => ({
    name: component.name,
    weights: component.weights,
    mean_rise: component.meanRise,
    r_hat: component.rHat ?? null,
    ess_bulk: component.effectiveDraws ?? null,
    lag_1: component.lag1 ?? null,
    acceptance: component.acceptance ?? null,
    step_error: component.stepError ?? null,
    reliability: component.reliability ?? null,
    llc: component.llc?.value ?? null,
    llc_error: component.llc?.error ?? null,
  }));
  return {
    model,
    tokens: results.tokens.length,
    clusters: clusters.length,
    roles: roles ?? null,
    advice: results.advice,
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
  if (results.roles === undefined) {
    const counts = (row: ScoreRow) => line(row).slice(0, 68);
    const title = `${results.clusters.length} clusters of ${results.tokens.length} tokens (no known roles to score against)`;
    return [title, head.slice(0, 68), ...results.scores.map(counts)].join("\n");
  }
  return [
    `${results.clusters.length} clusters of ${results.tokens.length} tokens, held against ${results.roles} known roles`,
    head,
    ...results.scores.map(line),
  ].join("\n");
}
