import { SpectroscopeError } from "../../kernels/errors";
import { BoundPlan } from "../dispatch/executor";
import type { View } from "../dispatch/plan";
import { readTensors } from "../dispatch/readback";
import { gatherBlock, type ParameterBlock } from "../neox/block";
import { Batches, chainKeys } from "./batches";
import { type ChainPlans, type ChainSpec, type ChainViews, planChains, UPDATE_LABEL } from "./chain-plans";
import type { Laboratory } from "./laboratory";

/** One draw of all chains. */
export interface Draw {
  readonly index: number;
  /** Mean over probe tokens of d, by chain. */
  readonly phi: Float32Array;
  /** d = l(w) - l(w*), [chains, tokens]. */
  readonly rises: Float32Array;
}

/** Streaming sums over draws, as the device holds them: [chains, tokens] each. */
export interface ChainSums {
  readonly sumD: Float64Array;
  readonly sumPhiD: Float64Array;
}

/**
 * All chains of one restriction, on the device: parameters, minibatches, SGLD steps, draws and the streaming sums of
 * phi * d and d per token and chain.
 */
export class Chains {
  private update = 0;
  private drawn = 0;

  private constructor(
    private readonly lab: Laboratory,
    private readonly spec: ChainSpec,
    private readonly planned: ChainPlans,
    private readonly gradient: BoundPlan | undefined,
    private readonly probe: BoundPlan,
    private readonly batches: Batches,
    /** l(w*) of every probe token, nats, by this run's own arithmetic, so that d is exactly 0 at w*. */
    readonly baseline: Float32Array,
  ) {}

  get block(): ParameterBlock {
    return this.planned.block;
  }

  private get views(): ChainViews {
    return this.planned.views;
  }

  /** Compiles, computes prefixes and puts every chain at the trained weights. */
  static async open(lab: Laboratory, spec: ChainSpec): Promise<Chains> {
    const { restriction, settings, pool, probe } = spec;
    const { memory, fixed } = lab;
    const M = settings.num_chains;
    const planned = planChains(lab, spec, probe.cache, pool.cache);
    const { block, views, measure, train } = planned;
    const N = views.baseline.slot.size;
    await fixed.flush(memory);
    const center = await gatherBlock(lab.weights, block);
    const start = new Float32Array(M * block.size);
    for (let m = 0; m < M; m++) start.set(center, m * block.size);
    memory.write(views.w, start);
    memory.write(views.center, center);
    memory.write(views.keys, chainKeys(settings.seed, restriction.name, M, train ? "noise" : "gaussian"));
    for (const prefix of train ? [train.prefix, measure.prefix] : [measure.prefix]) {
      const bound = await BoundPlan.bind(prefix, memory);
      await bound.run();
      bound.destroy();
    }
    const gradient = train ? await BoundPlan.bind(train.body, memory) : undefined;
    const atStart = await BoundPlan.bind(measure.losses, memory);
    await atStart.run();
    const first: View = { ...measure.values, shape: [N] };
    const [baseline] = (await readTensors(lab.device, [memory.tensor(first)])) as [Float32Array];
    atStart.destroy();
    memory.write(views.baseline, baseline);
    memory.write(
      views.minusBaseline,
      baseline.map((value) => -value),
    );
    const bound = await BoundPlan.bind(measure.draw, memory);
    const batches = new Batches(settings.seed, restriction.name, M, pool.rows.sequences, settings.batch_size);
    return new Chains(lab, spec, planned, gradient, bound, batches, baseline);
  }

  /** One SGLD update of all chains; submitted, not waited for. */
  step(): void {
    if (!this.gradient) return;
    const { pool } = this.spec;
    const T = pool.rows.positions;
    const sequences = this.batches.at(this.update);
    const indices = new Uint32Array(sequences.length * T);
    for (let i = 0; i < sequences.length; i++) {
      for (let t = 0; t < T; t++) indices[i * T + t] = sequences[i] * T + t;
    }
    const { memory } = this.lab;
    memory.write(this.views.indices, indices);
    memory.write(
      this.views.batchInputs,
      indices.map((row) => pool.inputs[row]),
    );
    memory.write(
      this.views.batchTargets,
      indices.map((row) => pool.targets[row]),
    );
    this.gradient.setParams(UPDATE_LABEL, { step: this.update });
    this.gradient.submit();
    this.update++;
  }

  /** Runs to the next draw and reads it. Errors: code `non-finite` names component, chain and update. */
  async draw(): Promise<Draw> {
    const { settings, restriction } = this.spec;
    const updates = settings.num_steps_bw_draws + (this.drawn === 0 ? settings.num_burnin_steps : 0);
    for (let i = 0; i < updates; i++) {
      this.step();
      // Keep the queue short, so that an interrupt is heard and a watchdog is not woken.
      if (i % 8 === 7) await this.lab.device.wait(this.lab.device.gpu.queue.onSubmittedWorkDone());
    }
    if (!this.gradient) this.probe.setParams(UPDATE_LABEL, { step: this.drawn });
    this.probe.submit();
    const { memory, device } = this.lab;
    const [phi, rises] = (await readTensors(device, [
      memory.tensor(this.views.phi),
      memory.tensor(this.views.rises),
    ])) as Float32Array[];
    const bad = phi.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      throw new SpectroscopeError(
        `component ${restriction.name}, chain ${bad}, update ${this.update}: the loss is ${phi[bad]}`,
        {
          code: "non-finite",
          hint: `lower lr (now ${settings.lr}) or raise localization (now ${settings.localization})`,
        },
      );
    }
    return { index: this.drawn++, phi, rises };
  }

  /** The streaming sums so far: what the device holds in two f32 parts, added in f64. */
  async sums(): Promise<ChainSums> {
    const { memory, device } = this.lab;
    const { sumD, carryD, sumPhiD, carryPhiD } = this.views;
    const [d, dRest, phiD, phiDRest] = await readTensors(
      device,
      [sumD, carryD, sumPhiD, carryPhiD].map((view) => memory.tensor(view)),
    );
    const whole = (high: ArrayLike<number>, low: ArrayLike<number>) =>
      Float64Array.from({ length: high.length }, (_, i) => high[i] + low[i]);
    return { sumD: whole(d, dRest), sumPhiD: whole(phiD, phiDRest) };
  }

  /** The chains' parameter blocks, [chains, P]. */
  async parameters(): Promise<Float32Array> {
    const [w] = await readTensors(this.lab.device, [this.lab.memory.tensor(this.views.w)]);
    return w as Float32Array;
  }

  /** Frees the chains' own memory; the laboratory's texts and weights stay. */
  close(): void {
    this.gradient?.destroy();
    this.probe.destroy();
    const { views, measure, train } = this.planned;
    const own = [...Object.values(views), measure.values, ...(train ? [train.values] : [])];
    for (const view of own) this.lab.memory.release(view.slot);
    this.lab.fixed.releaseDerived(this.lab.memory);
  }
}
