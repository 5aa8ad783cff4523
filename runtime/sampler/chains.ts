import { SpectroscopeError } from "../../kernels/errors";
import type { BoundPlan } from "../dispatch/memory";
import type { View } from "../dispatch/plan";
import { gatherBlock, type ParameterBlock } from "../neox/block";
import type { ShiftedSums } from "../susceptibility/estimate";
import { AcceptanceCheck } from "./acceptance-check";
import { Batches, chainKeys, Minibatches } from "./batches";
import {
  biasCorrection,
  type ChainPlans,
  type ChainSpec,
  type ChainViews,
  chainNumbers,
  planChains,
  type SamplerKind,
  type SumViews,
  shiftOf,
  tokensOf,
  UPDATE_LABEL,
} from "./chain-plans";
import { type ChainState, checkState, type StateArrays, stateViews } from "./chain-state";
import type { Laboratory } from "./laboratory";

/** One draw of all chains. */
export interface Draw {
  readonly index: number;
  /** Mean over the sampling task's tokens of l(w) - l(w*), by chain. */
  readonly phi: Float32Array;
  /** l(w) of every probe token, [chains, tokens], nats; empty unless traces are kept. */
  readonly losses: Float32Array;
  /** The same of the sampling task's own text, where it has one. */
  readonly taskLosses?: Float32Array;
  /** d = l(w) - l(w*), [chains, tokens]. */
  readonly rises: Float32Array;
}

/** Streaming sums over draws, as the device holds them: [chains, tokens] each. */
export interface ChainSums {
  readonly sumD: Float64Array;
  readonly sumPhiD: Float64Array;
  /** Those of the shifted-draws control. */
  readonly shifted: ShiftedSums;
}

interface Bound {
  readonly draw: BoundPlan;
  readonly shifted: BoundPlan;
  readonly gradient?: BoundPlan;
  readonly update?: BoundPlan;
}

/**
 * All chains of one restriction, on the device: parameters, minibatches, updates, draws and the streaming sums of
 * phi * d and d per token and chain. `save` gives everything that `open` needs to go on with the same bits.
 */
export class Chains {
  private update: number;
  private drawn: number;
  /** phi of the draws so far, [draws, chains]. */
  readonly phi: Float32Array;
  private readonly batches: Minibatches;
  private readonly acceptance: AcceptanceCheck;

  private constructor(
    private readonly lab: Laboratory,
    private readonly spec: ChainSpec,
    private readonly planned: ChainPlans,
    private readonly bound: Bound,
    /** l(w*) of every probe token, nats, by this run's own arithmetic, so that d is exactly 0 at w*. */
    readonly baseline: Float32Array,
    /** l(w*) of the sampling task's tokens: the probe's own where it is the task. */
    readonly taskBaseline: Float32Array,
    state: ChainState | undefined,
  ) {
    const { settings, restriction, pool } = spec;
    const numbers = chainNumbers(spec);
    const { seed, batch_size, num_draws } = settings;
    this.update = state?.update ?? 0;
    this.drawn = state?.drawn ?? 0;
    this.phi = new Float32Array(num_draws * numbers.length);
    if (state) this.phi.set(state.arrays.phi);
    this.batches = new Minibatches(pool, new Batches(seed, restriction.name, numbers, pool.rows.sequences, batch_size));
    this.acceptance = new AcceptanceCheck(lab, spec, planned, state?.arrays.log_acceptance);
  }

  get block(): ParameterBlock {
    return this.planned.block;
  }

  get kind(): SamplerKind {
    return this.planned.kind;
  }

  /** Draws that were made. */
  get draws(): number {
    return this.drawn;
  }

  /** log of the acceptance that Metropolis and Hastings would have given the step, [checks, chains]. */
  get logAcceptance(): Float32Array {
    return this.acceptance.values;
  }

  private get views(): ChainViews {
    return this.planned.views;
  }

  /**
   * Compiles, computes prefixes and puts every chain at the trained weights, or where a saved state left it.
   * @throws SpectroscopeError when the state belongs to other chains
   */
  static async open(lab: Laboratory, spec: ChainSpec, state?: ChainState): Promise<Chains> {
    const { restriction, settings } = spec;
    const { memory, fixed } = lab;
    const numbers = chainNumbers(spec);
    const M = numbers.length;
    const planned = planChains(lab, spec);
    const { block, views, measure, train, kind } = planned;
    if (state) checkState(state, planned, settings);
    await fixed.flush(memory);
    const center = await gatherBlock(lab.weights, block);
    const start = new Float32Array(M * block.size);
    for (let m = 0; m < M; m++) start.set(center, m * block.size);
    memory.write(views.w, start);
    memory.write(views.center, center);
    memory.write(
      views.keys,
      chainKeys(settings.seed, restriction.name, numbers, kind === "sgld" ? "noise" : "gaussian"),
    );
    if (views.v) memory.write(views.v, start.fill(settings.rmsprop_init === "ones" ? 1 : 0));
    for (const prefix of [...measure.prefixes, ...(train ? [train.prefix] : [])]) {
      const bound = await memory.bind(prefix);
      await bound.run();
      bound.destroy();
    }
    const [baseline, taskBaseline] = state
      ? [state.arrays.baseline, state.arrays.task_baseline]
      : await lossesAtStart(lab, spec, planned);
    const negative = (values: Float32Array) => values.map((value) => -value);
    memory.write(views.baseline, baseline);
    memory.write(views.minusBaseline, negative(baseline));
    if (views.taskMinusBaseline) memory.write(views.taskMinusBaseline, negative(taskBaseline));
    if (state) for (const [name, view] of stateViews(planned)) memory.write(view, state.arrays[name]!);
    const bind = (plan: ChainPlans["measure"]["draw"]) => memory.bind(plan);
    const bound = {
      ...(train ? { gradient: await bind(train.gradient), update: await bind(train.update) } : {}),
      draw: await bind(measure.draw),
      shifted: await bind(measure.shifted),
    };
    return new Chains(lab, spec, planned, bound, baseline, taskBaseline, state);
  }

  /** One update of all chains; submitted, not waited for. */
  step(): void {
    if (!this.bound.gradient) return;
    this.batches.write(this.lab.memory, this.views, this.update);
    this.bound.gradient.submit();
    this.move();
  }

  private move(): void {
    const { settings } = this.spec;
    const step = { step: this.update };
    const correction = biasCorrection(settings, this.update + 1);
    this.bound.update?.setParams(UPDATE_LABEL, this.views.v ? { ...step, correction } : step);
    this.bound.update?.submit();
    this.update++;
  }

  /** An update whose acceptance is taken on its own minibatch: two more readbacks and one more gradient than `step`. */
  private async checkedStep(): Promise<void> {
    const { gradient } = this.bound;
    if (!gradient) return;
    this.batches.write(this.lab.memory, this.views, this.update);
    gradient.submit();
    const before = await this.acceptance.read();
    this.move();
    gradient.submit();
    await this.acceptance.add(before, await this.acceptance.read(), biasCorrection(this.spec.settings, this.update));
  }

  /** Runs to the next draw and reads it; without `traces` only phi. Errors: code `non-finite` names component, chain and update. */
  async draw(options: { readonly traces?: boolean } = {}): Promise<Draw> {
    const { settings } = this.spec;
    const { gradient, draw, shifted } = this.bound;
    const { memory } = this.lab;
    const M = chainNumbers(this.spec).length;
    const updates = settings.num_steps_bw_draws + (this.drawn === 0 ? settings.num_burnin_steps : 0);
    for (let i = 0; gradient && i < updates; i++) {
      if (i === updates - 1 && this.acceptance.due(this.drawn)) await this.checkedStep();
      else this.step();
      // Keep the queue short, so that an interrupt is heard and a watchdog is not woken.
      if (i % 8 === 7) await memory.settle();
    }
    if (!gradient) draw.setParams(UPDATE_LABEL, { step: this.drawn });
    draw.submit();
    const lag = shiftOf(settings);
    if (this.drawn >= lag) {
      memory.write(this.views.phiBefore, this.phi.slice((this.drawn - lag) * M, (this.drawn - lag + 1) * M));
      shifted.submit();
    }
    const { values, taskValues } = this.planned.measure;
    const wanted: View[] = [this.views.phi];
    if (options.traces ?? true) wanted.push(values, ...(taskValues ? [taskValues] : []));
    const [phi, losses, taskLosses] = (await memory.read(wanted)) as Float32Array[];
    this.checkFinite(phi);
    this.phi.set(phi, this.drawn * M);
    const { baseline } = this;
    return {
      index: this.drawn++,
      phi,
      losses: losses ?? new Float32Array(0),
      ...(taskLosses ? { taskLosses } : {}),
      get rises() {
        return risesOf(losses ?? new Float32Array(0), baseline);
      },
    };
  }

  private checkFinite(phi: Float32Array): void {
    const bad = phi.findIndex((value) => !Number.isFinite(value));
    if (bad < 0) return;
    const { restriction, settings } = this.spec;
    const chain = chainNumbers(this.spec)[bad];
    throw new SpectroscopeError(
      `component ${restriction.name}, chain ${chain}, update ${this.update}: the loss is ${phi[bad]}`,
      {
        code: "non-finite",
        hint: `lower lr (now ${settings.lr}) or raise localization (now ${settings.localization})`,
      },
    );
  }

  /** The streaming sums so far: what the device holds in two f32 parts, added in f64. */
  async sums(): Promise<ChainSums> {
    const { sums, shiftedSums } = this.planned;
    return {
      ...(await this.readSums(sums)),
      shifted: { lag: shiftOf(this.spec.settings), ...(await this.readSums(shiftedSums)) },
    };
  }

  private async readSums({ sumD, carryD, sumPhiD, carryPhiD }: SumViews) {
    const [d, dRest, phiD, phiDRest] = await this.lab.memory.read([sumD, carryD, sumPhiD, carryPhiD]);
    const whole = (high: ArrayLike<number>, low: ArrayLike<number>) =>
      Float64Array.from({ length: high.length }, (_, i) => high[i] + low[i]);
    return { sumD: whole(d, dRest), sumPhiD: whole(phiD, phiDRest) };
  }

  /** The chains' parameter blocks, [chains, P]. */
  async parameters(): Promise<Float32Array> {
    const [w] = await this.lab.memory.read([this.views.w]);
    return w as Float32Array;
  }

  /** Everything that `open` needs to go on from here with the same bits. */
  async save(): Promise<ChainState> {
    const views = stateViews(this.planned);
    const data = await this.lab.memory.read(views.map(([, view]) => view));
    const onDevice = Object.fromEntries(views.map(([name], i) => [name, data[i] as Float32Array]));
    const M = chainNumbers(this.spec).length;
    const arrays = {
      ...onDevice,
      baseline: this.baseline,
      task_baseline: this.taskBaseline,
      phi: this.phi.slice(0, this.drawn * M),
      log_acceptance: this.logAcceptance.slice(),
    } as StateArrays;
    return { update: this.update, drawn: this.drawn, arrays };
  }

  /** Frees the chains' own memory; the laboratory's texts and weights stay. */
  close(): void {
    const { views, sums, shiftedSums, measure, train } = this.planned;
    for (const plan of Object.values(this.bound)) plan.destroy();
    const own: View[] = [views, sums, shiftedSums].flatMap((group) => Object.values(group) as View[]);
    own.push(measure.values, ...(measure.taskValues ? [measure.taskValues] : []), ...(train ? [train.values] : []));
    for (const view of own) this.lab.memory.release(view.slot);
    this.lab.fixed.releaseDerived(this.lab.memory);
  }
}

/** d of losses [chains, tokens], as the device takes it: differences of f32 numbers, rounded to f32. */
function risesOf(losses: Float32Array, baseline: Float32Array): Float32Array {
  const N = baseline.length;
  return losses.map((loss, i) => loss - baseline[i % N]);
}

/** l(w*) of the probe and of the sampling task, through the chains' own plan while they stand at w*. */
async function lossesAtStart(
  { memory }: Laboratory,
  { probe, task }: ChainSpec,
  { measure }: ChainPlans,
): Promise<[Float32Array, Float32Array]> {
  const atStart = await memory.bind(measure.losses);
  await atStart.run();
  const firstChain = (view: View, tokens: number) => ({ ...view, shape: [tokens] });
  const wanted = [firstChain(measure.values, tokensOf(probe))];
  if (task && measure.taskValues) wanted.push(firstChain(measure.taskValues, tokensOf(task)));
  const [own, ofTask] = (await memory.read(wanted)) as Float32Array[];
  atStart.destroy();
  return [own, ofTask ?? own];
}
