import { SpectroscopeError } from "../../kernels/errors";
import type { Device } from "../../runtime/device/device";
import type { NeoxConfig } from "../../runtime/neox/config";
import { parseRestriction } from "../../runtime/neox/restriction";
import type { Weights } from "../../runtime/neox/weights";
import { type ChainSpec, chainFlops } from "../../runtime/sampler/chain-plans";
import { Chains } from "../../runtime/sampler/chains";
import { Laboratory } from "../../runtime/sampler/laboratory";
import type { RunDirectory } from "../../runtime/store/run-directory";
import type { Progress } from "../cli/progress";
import type { RunText } from "./text";
import type { UnitPlan } from "./units";

export interface SamplingContext {
  readonly device: Device;
  readonly model: { readonly config: NeoxConfig; readonly weights: Weights };
  readonly text: RunText;
  readonly directory: RunDirectory;
  readonly units: readonly UnitPlan[];
  readonly progress: Progress;
  /** Asked between draws; true stops the run so that it can be resumed. */
  readonly interrupted: () => boolean;
}

/** Samples every unit that the run directory does not hold yet; each is written whole when it is done. */
export async function sampleUnits(context: SamplingContext): Promise<{ seconds: number; flops: number }> {
  const { device, model, text, directory, units, progress } = context;
  const lab = new Laboratory(device, model.config, model.weights);
  const since = performance.now();
  try {
    const pool = lab.addText("pool", text.pool.ids, text.pool.columns);
    const probe = lab.addText("probe", text.probe.ids, text.probe.columns);
    const pending = units.filter((unit) => !directory.isDone(unit.name));
    const work = pending.map((unit) => {
      const restriction = parseRestriction(unit.restriction, model.config);
      const spec: ChainSpec = { restriction, settings: unit.settings, pool, probe, sampler: unit.sampler };
      return { unit, spec, flops: chainFlops(lab, spec) };
    });
    const total = work.reduce((sum, { flops }) => sum + flops.total, 0);
    let done = 0;
    for (const [index, { unit, spec, flops }] of work.entries()) {
      const chains = await Chains.open(lab, spec);
      try {
        const { num_chains: M, num_draws: S, num_burnin_steps } = unit.settings;
        const N = chains.baseline.length;
        const phi = new Float32Array(S * M);
        const traces = new Float32Array(S * M * N);
        done += flops.prefix + (unit.sampler === "sgld" ? num_burnin_steps * flops.update : 0);
        for (let s = 0; s < S; s++) {
          if (context.interrupted()) {
            throw new SpectroscopeError(`stopped at ${unit.name}, draw ${s} of ${S}`, {
              code: "interrupted",
              hint: `run the same command again to go on: ${directory.units("done").length} of ${units.length} units are done`,
            });
          }
          const draw = await chains.draw();
          phi.set(draw.phi, s * M);
          traces.set(draw.rises, s * M * N);
          done += flops.draw + flops.update * unit.settings.num_steps_bw_draws;
          progress.update(`sampling ${unit.name} (${index + 1}/${work.length})`, done, total, since);
        }
        const { sumD, sumPhiD } = await chains.sums();
        await directory.writeUnit(unit.name, {
          arrays: {
            phi: { shape: [S, M], data: phi },
            traces: { shape: [S, M, N], data: traces },
            sum_d: { shape: [M, N], data: sumD },
            sum_phi_d: { shape: [M, N], data: sumPhiD },
            baseline: { shape: [N], data: chains.baseline },
          },
          facts: {
            weights: chains.block.weights,
            sampler: unit.sampler,
            settings: { ...unit.settings },
            flops: flops.total,
          },
        });
      } finally {
        chains.close();
        lab.trim(pool);
        lab.trim(probe);
      }
    }
    return { seconds: (performance.now() - since) / 1000, flops: total };
  } finally {
    lab.close();
  }
}
