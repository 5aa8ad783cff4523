import { SpectroscopeError } from "../../kernels/errors";
import type { Device } from "../../runtime/device/device";
import type { NeoxConfig } from "../../runtime/neox/config";
import { parseRestriction } from "../../runtime/neox/restriction";
import type { Weights } from "../../runtime/neox/weights";
import { type ChainSpec, chainFlops } from "../../runtime/sampler/chain-plans";
import { Laboratory, type TextOnDevice } from "../../runtime/sampler/laboratory";
import type { RunDirectory } from "../../runtime/store/run-directory";
import type { Progress } from "../cli/progress";
import type { RunConfig } from "./config";
import type { RunText } from "./text";
import { sampleUnit } from "./unit-sampler";
import type { UnitPlan } from "./units";

export interface SamplingContext {
  readonly device: Device;
  readonly model: { readonly config: NeoxConfig; readonly weights: Weights };
  readonly text: RunText;
  readonly directory: RunDirectory;
  readonly units: readonly UnitPlan[];
  readonly config: Pick<RunConfig, "keep_traces" | "checkpoint_draws" | "acceptance_checks">;
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

/** Samples every unit that the run directory does not hold yet; each is there whole or not at all. */
export async function sampleUnits(context: SamplingContext): Promise<{ seconds: number; flops: number }> {
  const { device, model, text, directory, units, progress, config } = context;
  const lab = new Laboratory(device, model.config, model.weights);
  const since = performance.now();
  try {
    const texts = placeText(lab, text);
    const pending = units.filter((unit) => !directory.isDone(unit.name));
    const work = pending.map((unit) => {
      const restriction = parseRestriction(unit.restriction, model.config);
      const { settings, chains } = unit;
      const spec: ChainSpec = { ...texts, restriction, settings, chains, acceptanceChecks: config.acceptance_checks };
      return { unit, spec, flops: chainFlops(lab, spec) };
    });
    const total = work.reduce((sum, { flops }) => sum + flops.total, 0);
    let before = 0;
    for (const [index, { unit, spec, flops }] of work.entries()) {
      const { num_draws: S, num_burnin_steps, num_steps_bw_draws } = unit.settings;
      const perDraw = flops.draw + flops.update * num_steps_bw_draws;
      const onDraw = (drawn: number) => {
        if (drawn < S && context.interrupted()) {
          throw new SpectroscopeError(`stopped at ${unit.name}, draw ${drawn} of ${S}`, {
            code: "interrupted",
            hint: `run the same command again to go on: ${directory.units("done").length} of ${directory.count} units are done`,
          });
        }
        const done = before + flops.prefix + num_burnin_steps * flops.update + drawn * perDraw;
        progress.update(`sampling ${unit.name} (${index + 1}/${work.length})`, done, total, since);
      };
      const job = { lab, unit, spec, text, directory, keep: config, flops: flops.total };
      await sampleUnit(job, onDraw, (line) => progress.say(line));
      before += flops.total;
      for (const placed of Object.values(texts) as TextOnDevice[]) lab.trim(placed);
    }
    return { seconds: (performance.now() - since) / 1000, flops: total };
  } finally {
    lab.close();
  }
}
