import { SpectroscopeError } from "../../kernels/errors";
import type { View } from "../plan/plan";
import type { ParameterBlock } from "../transformer/block";
import { AcceptanceCheck } from "./acceptance-check";
import { Batches, Minibatches } from "./batches";
import { type ChainSpec, chainNumbers, type SamplerKind, shiftOf } from "./chain-plans";
import { type ChainState, type StateArrays, stateViews } from "./chain-state";
import type { Laboratory } from "./laboratory";
import type { LockstepComponent } from "./lockstep-plans";
import { type PairSums, pairSlots, pairSums } from "./pairs";
import type { SumViews } from "./sum-views";
import type { Sums } from "./sums";
import { TemperatureCheck } from "./temperature-check";

/** One draw of all chains of a component. */
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

/** l(w*) of the probe's and of the sampling task's tokens. */
export interface Baselines {
  readonly probe: Float32Array;
  readonly task: Float32Array;
}

/** How many updates and draws chains have made. */
export interface Stand {
  update: number;
  drawn: number;
}

/** The chains of one component, on the device and in what was read of them. Whoever runs them moves their stand. */
export class ComponentChains {
  /** phi of the draws so far, [draws, chains]. */
  readonly phi: Float32Array;
  /** Its sum over those draws, [chains], added in their order, so that whoever goes on has the same bits. */
  private readonly phiSum: Float64Array;
  readonly minibatches: Minibatches;
  readonly acceptance: AcceptanceCheck;
  readonly temperature: TemperatureCheck;

  constructor(
    private readonly lab: Laboratory,
    readonly spec: ChainSpec,
    readonly planned: LockstepComponent,
    private readonly baselines: Baselines,
    private readonly stand: Readonly<Stand>,
    state: ChainState | undefined,
  ) {
    const { settings, restriction, pool } = spec;
    const numbers = chainNumbers(spec);
    const { seed, batch_size, num_draws } = settings;
    this.phi = new Float32Array(num_draws * numbers.length);
    if (state) this.phi.set(state.arrays.phi);
    this.phiSum = new Float64Array(numbers.length);
    for (let draw = 0; draw < stand.drawn; draw++) this.addPhi(this.phiOf(draw));
    const batches = new Batches(seed, restriction.name, numbers, pool.rows.sequences, batch_size);
    this.minibatches = new Minibatches(pool, batches);
    this.acceptance = new AcceptanceCheck(lab, spec, planned, state?.arrays.log_acceptance);
    this.temperature = new TemperatureCheck(lab, spec, planned, state?.arrays.kinetic_temperature);
  }

  get block(): ParameterBlock {
    return this.planned.block;
  }

  get kind(): SamplerKind {
    return this.planned.kind;
  }

  /** How many chains. */
  get count(): number {
    return chainNumbers(this.spec).length;
  }

  /** l(w*) of every probe token, nats, by this run's own arithmetic, so that d is exactly 0 at w*. */
  get baseline(): Float32Array {
    return this.baselines.probe;
  }

  /** l(w*) of the sampling task's tokens: the probe's own where it is the task. */
  get taskBaseline(): Float32Array {
    return this.baselines.task;
  }

  /** log of the acceptance that Metropolis and Hastings would have given the step, [checks, chains]. */
  get logAcceptance(): Float32Array {
    return this.acceptance.values;
  }

  /** Kinetic temperature of BAOAB's momenta, [checks, chains]; 1 is the posterior's. */
  get kineticTemperature(): Float32Array {
    return this.temperature.values;
  }

  /** phi of a draw, [chains]. */
  phiOf(draw: number): Float32Array {
    return this.phi.slice(draw * this.count, (draw + 1) * this.count);
  }

  /** Mean of phi over the draws so far, [chains]; 0 before the first. */
  phiMean(): Float32Array {
    return Float32Array.from(this.phiSum, (sum) => sum / Math.max(1, this.stand.drawn));
  }

  private addPhi(phi: Float32Array): void {
    for (let m = 0; m < phi.length; m++) this.phiSum[m] += phi[m];
  }

  /** Takes what was read of the draw that the chains stand before. Errors: code `non-finite` names component, chain and update. */
  take(phi: Float32Array, losses?: Float32Array, taskLosses?: Float32Array): Draw {
    this.checkFinite(phi);
    this.phi.set(phi, this.stand.drawn * this.count);
    this.addPhi(phi);
    const { baseline } = this;
    return {
      index: this.stand.drawn,
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
      `component ${restriction.name}, chain ${chain}, update ${this.stand.update}: the loss is ${phi[bad]}`,
      {
        code: "non-finite",
        hint: `lower lr (now ${settings.lr}) or raise localization (now ${settings.localization})`,
      },
    );
  }

  /** The streaming sums so far: what the device holds in two f32 parts, added in f64. */
  async sums(): Promise<Required<Sums>> {
    const { sums, squares, shiftedSums } = this.planned;
    const { drawn } = this.stand;
    const [m2] = await this.readWhole([[squares.m2, squares.c_m2]]);
    return {
      ...{ chains: this.count, draws: drawn, tokens: this.baseline.length },
      ...(await this.readSums(sums)),
      m2,
      phi: this.phi.slice(0, drawn * this.count),
      shifted: { lag: shiftOf(this.spec.settings), ...(await this.readSums(shiftedSums)) },
    };
  }

  /** What chi on all pairs follows from, so far; nothing where it is not kept. */
  async pairSums(): Promise<PairSums | undefined> {
    const { pairs } = this.planned;
    if (!pairs) return undefined;
    return pairSums(
      pairs,
      await this.readSums(pairs.sums),
      this.phi.slice(0, this.stand.drawn * this.count),
      this.count,
    );
  }

  private async readSums({ sum_d, c_d, sum_phi_d, c_phi_d }: SumViews) {
    const [sumD, sumPhiD] = await this.readWhole([
      [sum_d, c_d],
      [sum_phi_d, c_phi_d],
    ]);
    return { sumD, sumPhiD };
  }

  /** What lies on the device in two f32 parts. */
  private async readWhole(parts: readonly (readonly [View, View])[]): Promise<Float64Array[]> {
    const read = await this.lab.memory.read(parts.flat());
    return parts.map((_, i) => Float64Array.from(read[2 * i], (high, at) => high + read[2 * i + 1][at]));
  }

  /** The chains' parameter blocks, [chains, P]. */
  async parameters(): Promise<Float32Array> {
    const [w] = await this.lab.memory.read([this.planned.views.w]);
    return w as Float32Array;
  }

  /** How strongly each chain is pulled, [M], where weights are drawn directly. */
  async localization(): Promise<Float32Array | undefined> {
    const { localization } = this.planned.views;
    return localization && ((await this.lab.memory.read([localization]))[0] as Float32Array);
  }

  /** Everything that it takes to go on from here with the same bits, alone or beside other components. */
  async save(): Promise<ChainState> {
    const { update, drawn } = this.stand;
    const views = stateViews(this.planned);
    const data = await this.lab.memory.read(views.map(([, view]) => view));
    const onDevice = Object.fromEntries(views.map(([name], i) => [name, data[i] as Float32Array]));
    const arrays = {
      ...onDevice,
      baseline: this.baseline,
      task_baseline: this.taskBaseline,
      phi: this.phi.slice(0, drawn * this.count),
      log_acceptance: this.logAcceptance,
      kinetic_temperature: this.kineticTemperature,
    } as StateArrays;
    return { update, drawn, arrays };
  }

  /** Frees the chains' tensors. */
  release(): void {
    const { views, sums, squares, shiftedSums, losses } = this.planned;
    const own = [views, sums, squares, shiftedSums, losses].flatMap((group) => Object.values(group) as View[]);
    for (const { slot } of own) this.lab.memory.release(slot);
    if (this.planned.pairs) for (const slot of pairSlots(this.planned.pairs)) this.lab.memory.release(slot);
  }
}

/** d of losses [chains, tokens], as the device takes it: differences of f32 numbers, rounded to f32. */
function risesOf(losses: Float32Array, baseline: Float32Array): Float32Array {
  const N = baseline.length;
  return losses.map((loss, i) => loss - baseline[i % N]);
}
