import type { SamplerSettings } from "../../runtime/config/sampler";
import type { Device } from "../../runtime/plan/device";
import type { BoundPlan, Memory } from "../../runtime/plan/memory";
import { tensor, type View } from "../../runtime/plan/plan";
import { chainKeys } from "../../runtime/sampler/batches";
import { UPDATE_LABEL, updateCall, updateParams } from "../../runtime/sampler/chain-plans";
import { startingMomenta } from "../../runtime/sampler/momenta";
import { tokenView } from "../../runtime/transformer/model";

/** A loss that is no network's and whose posterior is known. */
export interface Target {
  readonly dims: number;
  /** w*, where chains start and to which they are pulled, [dims]. */
  readonly center: readonly number[];
  /** L of the weights w[at], ..., w[at + dims - 1]. */
  loss(w: ArrayLike<number>, at: number): number;
  /** The gradient of L there, written to the same places of `out`. */
  gradient(w: ArrayLike<number>, at: number, out: Float64Array): void;
}

/** Targets side by side in one chain: their losses add up, and none feels another. */
export function beside(targets: readonly Target[]): Target {
  const offsets = targets.map((_, i) => targets.slice(0, i).reduce((sum, { dims }) => sum + dims, 0));
  return {
    dims: targets.reduce((sum, { dims }) => sum + dims, 0),
    center: targets.flatMap(({ center }) => center),
    loss: (w, at) => targets.reduce((sum, target, i) => sum + target.loss(w, at + offsets[i]), 0),
    gradient: (w, at, out) => {
      for (const [i, target] of targets.entries()) target.gradient(w, at + offsets[i], out);
    },
  };
}

/** Parameter blocks that the chains are spread over; their number must be a multiple of it. */
export const BLOCKS = 4;

/** Names the noise of target chains, as a restriction's name does in a run. */
export const TARGET = "target";

/**
 * Chains of a target, moved by the sampler's kernels on the device; draws as `Chains` makes them. Gradients come from
 * the host in f64 at every update: many chains of few weights make many independent samples of few updates. A parameter
 * block holds many chains side by side, as if they were parts of one model: every element has its own noise, and a
 * workgroup costs a software adapter the same whether it moves four weights or 256.
 */
export class TargetChains {
  private update = 0;
  private drawn = 0;

  private constructor(
    private readonly memory: Memory,
    private readonly plan: BoundPlan,
    private readonly views: { readonly w: View; readonly g: View; readonly v: View; readonly p: View },
    private readonly target: Target,
    private readonly settings: SamplerSettings,
  ) {}

  static async open(device: Device, target: Target, settings: SamplerSettings): Promise<TargetChains> {
    const memory = device.openMemory();
    const size = (settings.num_chains * target.dims) / BLOCKS;
    const [w, g, v, p] = ["w", "g", "v", "p"].map((name) => tensor(name, [BLOCKS, size], "kept"));
    const center = tensor("w*", [size], "kept");
    const keys = tokenView("keys", [BLOCKS, 2]);
    const start = new Float32Array(BLOCKS * size);
    for (let i = 0; i < start.length; i++) start[i] = target.center[i % target.dims];
    memory.write(w, start);
    memory.write(center, start.subarray(0, size));
    const blocks = Array.from({ length: BLOCKS }, (_, block) => block);
    memory.write(keys, chainKeys(settings.seed, TARGET, blocks, "noise"));
    memory.write(v, start.fill(settings.rmsprop_init === "ones" ? 1 : 0));
    memory.write(p, startingMomenta(settings, TARGET, blocks, size));
    const own = { rmsprop_sgld: { v }, sgmcmc_baoab: { p }, sgmcmc_sgld: {} }[settings.sampling_method];
    const plan = await memory.bind({ name: TARGET, calls: [updateCall({ w, g, ...own, center, keys }, settings)] });
    return new TargetChains(memory, plan, { w, g, v, p }, target, settings);
  }

  /** Runs to the next draw: the weights, [chains, dims]. */
  draw(): Promise<Float32Array> {
    const { num_burnin_steps, num_steps_bw_draws } = this.settings;
    return this.run(num_steps_bw_draws + (this.drawn++ === 0 ? num_burnin_steps : 0));
  }

  /** RMSprop's second moment, [chains, dims]. */
  moment(): Promise<Float32Array> {
    return this.read(this.views.v);
  }

  /** BAOAB's momenta, [chains, dims]. */
  momenta(): Promise<Float32Array> {
    return this.read(this.views.p);
  }

  close(): void {
    this.plan.destroy();
    this.memory.destroy();
  }

  private async run(updates: number): Promise<Float32Array> {
    const { target, settings, views, memory } = this;
    const gradient = new Float64Array(views.w.slot.size);
    let w = await this.read(views.w);
    for (let i = 0; i < updates; i++) {
      if (settings.n_beta > 0) {
        for (let at = 0; at < w.length; at += target.dims) target.gradient(w, at, gradient);
        memory.write(views.g, Float32Array.from(gradient));
      }
      this.plan.setParams(UPDATE_LABEL, updateParams(settings, this.update++));
      this.plan.submit();
      // Without a loss nothing need come back; now and then it does, to keep the queue short.
      if (settings.n_beta > 0 || i % 32 === 31 || i === updates - 1) w = await this.read(views.w);
    }
    return w;
  }

  private async read(view: View): Promise<Float32Array> {
    const [data] = await this.memory.read([view]);
    return data as Float32Array;
  }
}
