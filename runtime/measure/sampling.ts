import type { Progress } from "../../harness/cli/progress";
import { SpectroscopeError } from "../../kernels/errors";
import type { RunText } from "../../models/corpora";
import type { Device } from "../node/open-device";
import type { ChainSpec } from "../sampler/chain-plans";
import { chainWork, type WholeWork, wholeWork } from "../sampler/chain-work";
import { Laboratory, type TextOnDevice } from "../sampler/laboratory";
import type { Run } from "../store/run";
import type { NeoxConfig } from "../transformer/config";
import { parseRestriction } from "../transformer/restriction";
import type { Weights } from "../transformer/weights";
import type { RunConfig } from "./config";
import { nameOf, type PlannedUnit, together } from "./together";
import { sampleJobs } from "./unit-sampler";
import type { UnitPlan } from "./units";

export interface SamplingContext {
  readonly device: Device;
  readonly model: { readonly config: NeoxConfig; readonly weights: Weights };
  readonly text: RunText;
  readonly directory: Run;
  readonly units: readonly UnitPlan[];
  readonly config: Pick<RunConfig, "keep_traces" | "checkpoint_draws" | "acceptance_checks" | "components_at_once">;
  readonly progress: Progress;
  /** Asked between draws; true stops the run so that it can be resumed. */
  readonly interrupted: () => boolean;
}

/** Puts a run's texts on the device. */
export function placeText(lab: Laboratory, { pool, probe, task }: RunText): Pick<ChainSpec, "pool" | "probe" | "task"> {
  return {
    pool: lab.addText("pool", pool.ids, pool.columns),
    probe: lab.addText("probe", probe.ids, probe.columns),
    ...(task ? { task: lab.addText("sampling task", task.ids, task.columns) } : {}),
  };
}

/**
 * Samples every unit that the run directory does not hold yet; each is there whole or not at all. `flops` are those of the units
 * sampled here, `wholeFlops` what as many passes of the whole model would take.
 */
export async function sampleUnits(
  context: SamplingContext,
): Promise<{ seconds: number; flops: number; wholeFlops: number }> {
  const { device, model, text, directory, units, progress, config } = context;
  const lab = new Laboratory(device, model.config, model.weights);
  const since = performance.now();
  try {
    const texts = placeText(lab, text);
    const pending = units.filter((unit) => !directory.isDone(unit.name));
    // By the number of chains: nothing else in it differs between the units of a run.
    const wholes = new Map<number, WholeWork>();
    const planned = pending.map((unit): PlannedUnit => {
      const restriction = parseRestriction(unit.restriction, model.config);
      const { settings, chains } = unit;
      const spec: ChainSpec = { ...texts, restriction, settings, chains, acceptanceChecks: config.acceptance_checks };
      const whole = wholes.get(chains.length) ?? wholeWork(lab, spec);
      wholes.set(chains.length, whole);
      return { unit, spec, work: chainWork(lab, spec, whole) };
    });
    const flopsOf = (some: readonly PlannedUnit[], of: (one: PlannedUnit["work"]) => number) =>
      some.reduce((sum, { work }) => sum + of(work), 0);
    const total = flopsOf(planned, (work) => work.total.flops);
    let before = 0;
    let index = 0;
    for (const group of await together(lab, planned, directory, config.components_at_once)) {
      const [{ unit }] = group;
      const { num_draws: S, num_burnin_steps, num_steps_bw_draws } = unit.settings;
      const start = flopsOf(group, ({ prefix, update }) => prefix.flops + num_burnin_steps * update.flops);
      const perDraw = flopsOf(group, ({ draw, update }) => draw.flops + num_steps_bw_draws * update.flops);
      const name = nameOf(group);
      const onDraw = (drawn: number) => {
        if (drawn < S && context.interrupted()) {
          throw new SpectroscopeError(`stopped at ${name}, draw ${drawn} of ${S}`, {
            code: "interrupted",
            hint: `run the same command again to go on: ${directory.units("done").length} of ${directory.count} units are done`,
          });
        }
        progress.update(
          `sampling ${name} (${index + 1}/${planned.length})`,
          before + start + drawn * perDraw,
          total,
          since,
        );
      };
      const jobs = group.map(({ unit, spec, work }) => {
        return { lab, unit, spec, text, directory, keep: config, flops: work.total.flops };
      });
      await sampleJobs(jobs, onDraw, (line) => progress.say(line));
      before += flopsOf(group, (work) => work.total.flops);
      index += group.length;
      for (const placed of Object.values(texts) as TextOnDevice[]) lab.trim(placed);
    }
    const wholeFlops = flopsOf(planned, (work) => work.wholeTotal.flops);
    if (planned.length > 0) progress.say(workLine(total, wholeFlops));
    return { seconds: (performance.now() - since) / 1000, flops: total, wholeFlops };
  } finally {
    lab.close();
  }
}

/**
 * What sampling took, beside the same passes of the whole model (`ChainWork.wholeTotal`): each unit counted as if it had come first
 * and been sampled here from its first draw on.
 */
export function workLine(flops: number, wholeFlops: number): string {
  const short = (value: number, digits: number) =>
    value >= 10 ** (digits - 1) ? value.toFixed(0) : value.toPrecision(digits);
  const share = short((100 * flops) / wholeFlops, 2);
  return `sampling took ${short(flops / 1e9, 3)} GFLOP, ${share} % of what whole-model passes would take`;
}
