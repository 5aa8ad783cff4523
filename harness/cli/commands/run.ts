import { join, relative } from "node:path";
import { usage } from "../../../runtime/config/schema";
import { calibrate } from "../../../runtime/measure/calibrate";
import { calibrateScales } from "../../../runtime/measure/calibrate-scales";
import { type RunConfig, samplingSchema } from "../../../runtime/measure/config";
import { sampledAdvice } from "../../../runtime/measure/diagnose";
import { checkSubject, measure, sample as sampleRun } from "../../../runtime/measure/measure";
import type { MeasureRequest } from "../../../runtime/measure/request";
import { begunConfig, readTiming } from "../../../runtime/measure/run-files";
import { parseShard, type Shard } from "../../../runtime/measure/units";
import { checkWritable } from "../../../runtime/node/files";
import { openTuned } from "../../../runtime/node/open-tuned";
import { writeReport } from "../../report/write";
import { attentionOf } from "../attention";
import { ADAPTER, command, JSON_FLAG, output } from "../command";
import { onInterrupt } from "../interrupt";
import { SET_OPTION } from "../options";
import { phase } from "../phase";
import { duration, Progress } from "../progress";
import { readRunConfig } from "../run-config";
import { modesOfRun } from "../run-modes";
import { compareWithEmbeddedSae } from "../sae/embedded";
import { embeddedSae } from "../sae/open";
import { openRun, storeAt } from "../stores";
import { writeNote } from "../streams";
import { openSubject } from "../subject";
import { calibrationTable, scalesTable } from "../tables/calibration";
import { featuresLine } from "../tables/features";
import { modesLines } from "../tables/modes";
import { adviceLines, comparisonLines, scoreTable, summary } from "../tables/results";

const RUN_OPTIONS = {
  config: { type: "string", placeholder: "FILE", help: "JSON config; without it, the defaults" },
  set: SET_OPTION,
  seed: { type: "integer", min: 0, help: "short for --set sampler.seed=N" },
  quick: {
    type: "boolean",
    default: false,
    help: "a small run: fewer draws and components; of an embedded model some twenty seconds",
  },
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
    help: "instead: try a grid of lr and n_beta on few draws and recommend one; with --rise, find every component's scale",
  },
  rise: {
    type: "number",
    min: 0,
    exclusiveMin: true,
    help: "with --calibrate: mean rise of the loss (nats) that every component is to have; prints a config with their component_scale",
  },
  adapter: ADAPTER,
  json: JSON_FLAG,
} as const;

const RUN_CONFIG = {
  title: "Keys of the config, for --set and, nested, for --config; those of `cluster --help` too, as cluster.KEY",
  schema: samplingSchema,
};

interface RunValues {
  config?: string;
  set?: readonly string[];
  seed?: number;
  quick: boolean;
  "keep-traces"?: boolean;
  out?: string;
  resume: boolean;
  calibrate: boolean;
  rise?: number;
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
  const config = await readRunConfig(values.config, changes, values.quick);
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
  const run = await openRun(values.out);
  const config = await begunConfig(run, changes);
  const own = run.config.shard as string | undefined;
  const used = shard ?? (own === undefined ? undefined : parseShard(own));
  return { config, out: values.out, ...(used ? { shard: used } : {}) };
}

/** Opens all that a measurement is handed, and does a job with it that Ctrl-C stops where it can be gone on with. */
async function measured<T>(
  values: RunValues,
  { config, out, shard }: Settled,
  job: (request: MeasureRequest, progress: Progress) => Promise<T>,
): Promise<{ result: T; seconds: number }> {
  const progress = new Progress(values.json);
  const interrupt = onInterrupt((line) => progress.say(line));
  const attention = attentionOf(progress, interrupt.signal);
  try {
    const subject = await openSubject(config, progress, interrupt.signal);
    checkSubject(subject);
    await checkWritable(join(out, "manifest.json"));
    const device = await openTuned({ adapter: values.adapter }, (line) => progress.say(line));
    try {
      progress.say(device.banner ?? `adapter: ${device.facts.name}`);
      const result = await job({ ...subject, ...attention, device, store: storeAt(out), shard }, progress);
      return { result, seconds: progress.seconds };
    } finally {
      device.close();
    }
  } finally {
    interrupt.done();
  }
}

function checkRise({ rise, calibrate: asked }: RunValues): void {
  if (rise !== undefined && !asked) throw usage("--rise goes with --calibrate", "write --calibrate --rise NATS");
}

/** `--calibrate`: the grid, what each of its settings gave, and which to take; with `--rise` the scales, as a config. */
async function calibrateOnly(values: RunValues): Promise<number> {
  const { rise } = values;
  if (rise !== undefined) {
    const { result } = await measured(values, await settled(values), (request) => calibrateScales(request, rise));
    if (!values.json) writeNote(`${scalesTable(result)}\n`);
    output(
      JSON.stringify(values.json ? result : { component_scale: result.component_scale }, null, values.json ? 0 : 2),
    );
    return 0;
  }
  const { result } = await measured(values, await settled(values), calibrate);
  output(values.json ? JSON.stringify(result) : calibrationTable(result));
  return result.recommended ? 0 : 1;
}

/** The whole measurement; what `npm start` runs. */
export const run = command(
  {
    name: "run",
    summary: "Measure susceptibilities of every component, cluster tokens, score, and write a report.",
    options: RUN_OPTIONS,
    config: RUN_CONFIG,
    examples: [
      "run",
      "run --quick",
      "run --set sampler.num_draws=80 --out runs/long",
      "run --calibrate --rise 0.2 --set weight_restrictions=fine > scales.json",
      "run --set model=EleutherAI/pythia-14m --set probe_text=probe.jsonl --set pool_text=book.txt",
    ],
  },
  async ({ values }) => {
    checkRise(values);
    if (values.calibrate) return calibrateOnly(values);
    const settings = await settled(values);
    if (settings.shard) throw usage(`${settings.out} is a shard`, "go on with it by `sample --resume`, then `merge`");
    const { out } = settings;
    const { result, seconds } = await measured(values, settings, async (request, progress) => {
      const { run, results } = await measure(request);
      const modes = request.config.keep_modes ? await phase(run, "modes", () => modesOfRun(run, request)) : undefined;
      const features = embeddedSae(request.config.model)
        ? await phase(run, "features", () => compareWithEmbeddedSae(run, request, progress))
        : undefined;
      return { run, results, modes, features, report: await writeReport(run, out) };
    });
    const { run, results, modes, features } = result;
    const report = relative(process.cwd(), result.report) || "report.html";
    if (values.json) {
      const { adapter } = (await readTiming(run))!;
      const more = {
        ...(modes ? { modes: modes.laws.map(({ law, loss, bands, said }) => ({ law, loss, bands, said })) } : {}),
        ...(features
          ? { features: { sae: features.sae.name, hook: features.hook, headline: features.match.headline } }
          : {}),
      };
      output(JSON.stringify({ run: out, report, adapter, seconds, ...summary(results), ...more }));
    } else
      output(
        `${scoreTable(results)}\n${comparisonLines(results.comparisons)}${modes ? modesLines(modes) : ""}${features ? `${featuresLine(features)}\n` : ""}${adviceLines(results.advice)}report: ${report}  (${duration(seconds)})`,
      );
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
    config: RUN_CONFIG,
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
    checkRise(values);
    if (values.calibrate) return calibrateOnly(values);
    const settings = await settled(values);
    const { out, shard } = settings;
    const { result: run, seconds } = await measured(values, settings, sampleRun);
    const units = run.units("done");
    const said = shard ? [] : await sampledAdvice(run, settings.config);
    const next = shard ? "merge --out DIR SHARD..." : `cluster ${out}`;
    if (values.json) output(JSON.stringify({ run: out, units, seconds, advice: said }));
    else output(`${adviceLines(said)}${units.length} units in ${out}; go on with: npx spectroscope ${next}`);
    return 0;
  },
);
