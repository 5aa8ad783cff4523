import { SpectroscopeError } from "../../kernels/errors";
import type { Device } from "../plan/device";
import type { ChainSpec } from "../sampler/chain-plans";
import { chainWork, type WholeWork, wholeWork } from "../sampler/chain-work";
import { Laboratory, type TextOnDevice } from "../sampler/laboratory";
import type { Run } from "../store/run";
import { parseRestriction } from "../transformer/restriction";
import { chiColumn } from "./chi-tables";
import type { RunConfig } from "./config";
import { type Attention, say } from "./events";
import { grouped, nameOf, type PlannedUnit } from "./grouping";
import type { MeasuredModel } from "./request";
import { costLine, type SetCost, short } from "./set-cost";
import type { SampledTexts } from "./texts";
import { checkSaved, sampleJobs } from "./unit-sampler";
import { isMeasurement, type UnitPlan } from "./units";

export interface SamplingContext extends Attention {
  readonly device: Device;
  readonly model: MeasuredModel;
  readonly texts: SampledTexts;
  readonly run: Run;
  readonly units: readonly UnitPlan[];
  /** Told before anything is sampled: what a set costs beside the standard one. */
  readonly cost?: SetCost;
  readonly config: Pick<
    RunConfig,
    "keep_traces" | "keep_modes" | "checkpoint_draws" | "acceptance_checks" | "components_at_once" | "estimator"
  >;
}

/** Puts a run's texts on the device. */
export function placeTexts(
  lab: Laboratory,
  { pool, probe, task }: SampledTexts,
): Pick<ChainSpec, "pool" | "probe" | "task"> {
  return {
    pool: lab.addText("pool", pool.ids, pool.columns),
    probe: lab.addText("probe", probe.ids, probe.columns),
    ...(task ? { task: lab.addText("sampling task", task.ids, task.columns) } : {}),
  };
}

/**
 * Samples every unit that the run does not hold yet; each is there whole or not at all. `flops` are those of the units
 * sampled here, `wholeFlops` what as many passes of the whole model would take.
 */
export async function sampleUnits(
  context: SamplingContext,
): Promise<{ seconds: number; flops: number; wholeFlops: number }> {
  const { device, model, texts, run, units, config, signal, on } = context;
  const lab = new Laboratory(device, model.model, model.weights);
  const since = performance.now();
  try {
    const placed = placeTexts(lab, texts);
    if (context.cost) say(context, costLine(lab, placed, context.cost));
    const pending = units.filter((unit) => !run.isDone(unit.name));
    // By the number of chains: nothing else in it differs between the units of a run.
    const wholes = new Map<number, WholeWork>();
    for (const unit of units) if (run.isDone(unit.name)) await tellColumn(context, unit);
    const planned = pending.map((unit): PlannedUnit => {
      const restriction = parseRestriction(unit.restriction, model.model);
      const { settings, chains } = unit;
      const pairs = config.keep_modes && isMeasurement(unit) && restriction.name !== "full";
      const common = { ...placed, restriction, settings, chains, pairs };
      const spec: ChainSpec = { ...common, acceptanceChecks: config.acceptance_checks };
      const whole = wholes.get(chains.length) ?? wholeWork(lab, spec);
      wholes.set(chains.length, whole);
      return { unit, spec, work: chainWork(lab, spec, whole) };
    });
    const flopsOf = (some: readonly PlannedUnit[], of: (one: PlannedUnit["work"]) => number) =>
      some.reduce((sum, { work }) => sum + of(work), 0);
    const total = flopsOf(planned, (work) => work.total.flops);
    let before = 0;
    let index = 0;
    await checkSaved(
      pending.map((unit) => ({ unit, run })),
      on,
    );
    for (const group of await grouped(lab, planned, run, config.components_at_once)) {
      const [{ unit }] = group;
      const { num_draws: S, num_burnin_steps, num_steps_bw_draws } = unit.settings;
      const start = flopsOf(group, ({ prefix, update }) => prefix.flops + num_burnin_steps * update.flops);
      const perDraw = flopsOf(group, ({ draw, update }) => draw.flops + num_steps_bw_draws * update.flops);
      const name = nameOf(group);
      const label = `sampling ${name} (${index + 1}/${planned.length})`;
      const onDraw = (drawn: number) => {
        if (drawn < S && signal?.aborted) {
          throw new SpectroscopeError(`stopped at ${name}, draw ${drawn} of ${S}`, {
            code: "interrupted",
            hint: `run the same command again to go on: ${run.units("done").length} of ${run.count} units are done`,
          });
        }
        on?.({ kind: "work", task: "sampling", label, done: before + start + drawn * perDraw, total });
      };
      const jobs = group.map(({ unit, spec, work }) => {
        return { lab, unit, spec, texts, run, keep: config, flops: work.total.flops };
      });
      await sampleJobs(jobs, onDraw, on);
      for (const { unit } of group) await tellColumn(context, unit);
      before += flopsOf(group, (work) => work.total.flops);
      index += group.length;
      for (const text of Object.values(placed) as TextOnDevice[]) lab.trim(text);
    }
    const wholeFlops = flopsOf(planned, (work) => work.wholeTotal.flops);
    if (planned.length > 0) say(context, workLine(total, wholeFlops));
    return { seconds: (performance.now() - since) / 1000, flops: total, wholeFlops };
  } finally {
    lab.close();
  }
}

/** Tells chi of a component whose chains are done; not of a shard, which has some of them. */
async function tellColumn({ run, config, on }: SamplingContext, unit: UnitPlan): Promise<void> {
  const { name, restriction, chains, settings } = unit;
  const whole = name === restriction && restriction !== "full" && chains.length === settings.num_chains;
  const ready = config.estimator === "single_chain" || run.units("done").includes("full");
  if (on && whole && ready)
    on({ kind: "column", component: restriction, chi: await chiColumn(run, restriction, config.estimator) });
}

/**
 * What sampling took, beside the same passes of the whole model (`ChainWork.wholeTotal`): each unit counted as if it had come first
 * and been sampled here from its first draw on.
 */
export function workLine(flops: number, wholeFlops: number): string {
  const share = short((100 * flops) / wholeFlops, 2);
  return `sampling took ${short(flops / 1e9, 3)} GFLOP, ${share} % of what whole-model passes would take`;
}
