import { SpectroscopeError } from "../../kernels/errors";
import type { BoundPlan } from "../plan/memory";
import type { Plan, View } from "../plan/plan";
import { gatherBlock } from "../transformer/block";
import { chainKeys } from "./batches";
import {
  biasCorrection,
  type ChainSpec,
  chainNumbers,
  SQUARES_LABEL,
  shiftOf,
  tokensOf,
  UPDATE_LABEL,
  updateParams,
} from "./chain-plans";
import { type ChainState, checkState, stateViews } from "./chain-state";
import { type Baselines, ComponentChains, type Draw, type Stand } from "./component-chains";
import type { Laboratory } from "./laboratory";
import { type LockstepPlans, lockstepKey, planLockstep } from "./lockstep-plans";
import { startingMomenta } from "./momenta";
import type { PairTensors } from "./pairs";

/** Updates that a device's queue holds at most: so few that no watchdog is woken. */
const MOST_QUEUED = 8;
/** Milliseconds between updates after which timers and signals are to be heard: an interrupt, the touch of a lock. */
const SETTLE_MS = 200;

interface Bound {
  readonly draw: BoundPlan;
  readonly shifted: BoundPlan;
  readonly gradient?: BoundPlan;
  readonly update?: BoundPlan;
}

/**
 * Chains of one component, or of several of one layer, that make every update and every draw together: one gradient plan, a step for
 * each component, one measuring plan. Each component has the bits that it has by itself, and its own state to save.
 */
export class Lockstep {
  /** Updates since the queue was last known to be empty, and when it was settled. */
  private queued = 0;
  private settled = performance.now();

  private constructor(
    private readonly lab: Laboratory,
    private readonly bound: Bound,
    private readonly stand: Stand,
    readonly components: readonly ComponentChains[],
    private readonly trialPlan: Plan | undefined,
  ) {}

  /** Draws that were made. */
  get draws(): number {
    return this.stand.drawn;
  }

  /**
   * Compiles, computes prefixes and puts every chain at the trained weights, or where its component's saved state left it.
   * @throws SpectroscopeError when components cannot run in lockstep, or a state belongs to other chains
   */
  static async open(
    lab: Laboratory,
    specs: readonly ChainSpec[],
    states: readonly (ChainState | undefined)[] = [],
  ): Promise<Lockstep> {
    const { memory, fixed } = lab;
    const stand = commonStand(lab, specs, states);
    const planned = planLockstep(lab, specs);
    const { components, prefixes, train } = planned;
    states.forEach((state, i) => {
      if (state) checkState(state, components[i], specs[i].settings);
    });
    await fixed.flush(memory);
    for (const i of specs.keys()) await placeChains(lab, specs[i], planned, i);
    for (const prefix of prefixes) {
      const bound = await memory.bind(prefix);
      await bound.run();
      bound.destroy();
    }
    const baselines = await baselinesOf(lab, specs, planned, states);
    components.forEach(({ views, ...component }, i) => {
      const negative = (values: Float32Array) => values.map((value) => -value);
      const { probe, task } = baselines[i];
      memory.write(views.baseline, probe);
      memory.write(views.minusBaseline, negative(probe));
      if (views.taskMinusBaseline) memory.write(views.taskMinusBaseline, negative(task));
      const state = states[i];
      if (state)
        for (const [name, view] of stateViews({ views, ...component })) memory.write(view, state.arrays[name]!);
    });
    for (const [i, { pairs }] of components.entries()) if (pairs) await placePairs(lab, specs[i], pairs);
    const bound = {
      ...(train ? { gradient: await memory.bind(train.gradient), update: await memory.bind(train.update) } : {}),
      draw: await memory.bind(planned.draw),
      shifted: await memory.bind(planned.shifted),
    };
    const chains = components.map(
      (component, i) => new ComponentChains(lab, specs[i], component, baselines[i], stand, states[i]),
    );
    return new Lockstep(lab, bound, stand, chains, planned.trial);
  }

  /** One update of all chains; submitted, not waited for. */
  step(): void {
    if (!this.bound.gradient) return;
    this.writeBatches();
    this.bound.gradient.submit();
    this.move();
  }

  private writeBatches(): void {
    for (const { minibatches, planned } of this.components) {
      minibatches.write(this.lab.memory, planned.views, this.stand.update);
    }
  }

  private move(): void {
    const [{ spec }] = this.components;
    this.bound.update?.setParams(UPDATE_LABEL, updateParams(spec.settings, this.stand.update));
    this.bound.update?.submit();
    this.stand.update++;
  }

  /** An update whose acceptance is taken on its own minibatch: two more readbacks and one more gradient than `step`. */
  private async checkedStep(checked: readonly ComponentChains[]): Promise<void> {
    const { gradient } = this.bound;
    if (!gradient) return;
    this.writeBatches();
    gradient.submit();
    const before = [];
    for (const { acceptance } of checked) before.push(await acceptance.read());
    this.move();
    gradient.submit();
    for (const [i, { acceptance, spec }] of checked.entries()) {
      await acceptance.add(before[i], await acceptance.read(), biasCorrection(spec.settings, this.stand.update));
    }
  }

  /** An update before a draw, whose kicked momenta are measured: one more readback than `step`. Errors: code `diverged`. */
  private async measuredStep(measured: readonly ComponentChains[], left: number): Promise<void> {
    this.writeBatches();
    this.bound.gradient?.submit();
    for (const { temperature } of measured) await temperature.take(this.stand.update, this.stand.drawn, left);
    this.move();
  }

  /**
   * Runs to the next draw and reads it, component by component; without `traces` only phi. Errors: codes `non-finite` and
   * `diverged` name component, chain and update.
   */
  async draw(options: { readonly traces?: boolean } = {}): Promise<Draw[]> {
    const { gradient, draw, shifted } = this.bound;
    const { memory } = this.lab;
    const { drawn } = this.stand;
    const [{ settings }] = this.components.map(({ spec }) => spec);
    const updates = settings.num_steps_bw_draws + (drawn === 0 ? settings.num_burnin_steps : 0);
    const watched = this.components.filter(
      ({ temperature, phi }) => temperature.due(drawn) || temperature.suspects(drawn, phi),
    );
    for (let i = 0; gradient && i < updates; i++) {
      const left = updates - 1 - i;
      const checked = left === 0 ? this.components.filter(({ acceptance }) => acceptance.due(drawn)) : [];
      const measured = watched.filter(({ temperature }) => temperature.wants(left, updates));
      if (checked.length > 0) await this.checkedStep(checked);
      else if (measured.length > 0) await this.measuredStep(measured, left);
      else this.step();
      this.queued++;
      if (this.queued >= MOST_QUEUED || performance.now() - this.settled > SETTLE_MS) await this.settle();
    }
    if (!gradient) draw.setParams(UPDATE_LABEL, { step: drawn });
    draw.setParams(SQUARES_LABEL, { draws: drawn });
    for (const chains of this.components) memory.write(chains.planned.views.phiMean, chains.phiMean());
    draw.submit();
    const lag = shiftOf(settings);
    if (drawn >= lag) {
      for (const chains of this.components) memory.write(chains.planned.views.phiBefore, chains.phiOf(drawn - lag));
      shifted.submit();
    }
    const traces = options.traces ?? true;
    const wanted = this.components.map(({ planned: { views, losses } }): View[] => [
      views.phi,
      ...(traces ? [losses.probe, ...(losses.task ? [losses.task] : [])] : []),
    ]);
    const read = (await memory.read(wanted.flat())) as Float32Array[];
    this.queued = 0;
    const each = wanted[0].length;
    const draws = this.components.map((chains, i) => {
      const [phi, losses, taskLosses] = read.slice(i * each, (i + 1) * each);
      return chains.take(phi, losses, taskLosses);
    });
    this.stand.drawn++;
    return draws;
  }

  /** Pulls every chain of a component as strongly as is said, [M], from the next draw on. */
  setLocalization(component: number, localization: Float32Array): void {
    const { views } = this.components[component].planned;
    if (!views.localization) throw undrawn(this.components[component].spec);
    this.lab.memory.write(views.localization, localization);
  }

  /**
   * phi of the first `count` direct draws as they would be now, [count, M] by component: the same noise as that of the draws
   * themselves. Nothing of it stays: neither stand nor sums know of it.
   */
  async trial(count: number): Promise<Float64Array[]> {
    const [first] = this.components;
    if (!this.trialPlan) throw undrawn(first.spec);
    const { memory } = this.lab;
    const plan = await memory.bind(this.trialPlan);
    const found = this.components.map((chains) => new Float64Array(count * chains.count));
    for (let step = 0; step < count; step++) {
      plan.setParams(UPDATE_LABEL, { step });
      plan.submit();
      const phi = await memory.read(this.components.map(({ planned }) => planned.views.phi));
      for (const [i, values] of phi.entries()) found[i].set(values, step * values.length);
    }
    plan.destroy();
    return found;
  }

  private async settle(): Promise<void> {
    await this.lab.memory.settle();
    this.queued = 0;
    this.settled = performance.now();
  }

  /** Frees the chains' own memory; the laboratory's texts and weights stay. */
  close(): void {
    for (const plan of Object.values(this.bound)) plan.destroy();
    for (const chains of this.components) chains.release();
    this.lab.fixed.releaseDerived(this.lab.memory);
  }
}

function undrawn({ restriction, settings }: ChainSpec): SpectroscopeError {
  return new SpectroscopeError(`${restriction.name}: its chains are not drawn directly, n_beta is ${settings.n_beta}`, {
    code: "bad-input",
    hint: "ask for n_beta 0 without a bounding box",
  });
}

/** Where all components stand. @throws SpectroscopeError when they are not the kind, or not at the draw, to run in lockstep */
function commonStand(lab: Laboratory, specs: readonly ChainSpec[], states: readonly (ChainState | undefined)[]): Stand {
  const stands = specs.map((_, i): Stand => ({ update: states[i]?.update ?? 0, drawn: states[i]?.drawn ?? 0 }));
  const names = specs.map(({ restriction }) => restriction.name).join(", ");
  if (specs.length > 1) {
    const keys = specs.map((spec) => lockstepKey(lab, spec));
    if (keys.includes(undefined) || new Set(keys).size > 1) {
      throw new SpectroscopeError(`${names}: cannot run in lockstep: not of one layer, kind and size`, {
        code: "bad-input",
        hint: "run them one after another",
      });
    }
  }
  const [first, ...others] = stands;
  if (others.some(({ update, drawn }) => update !== first.update || drawn !== first.drawn)) {
    const where = stands.map(({ drawn }) => drawn).join(", ");
    throw new SpectroscopeError(`${names}: cannot run in lockstep: they stand at draws ${where}`, {
      code: "bad-input",
      hint: "run those together that stand at the same draw",
    });
  }
  return { ...first };
}

/** Puts a component's chains at the trained weights, with their keys. */
async function placeChains(
  { memory, weights }: Laboratory,
  spec: ChainSpec,
  { components }: LockstepPlans,
  index: number,
): Promise<void> {
  const { restriction, settings } = spec;
  const { block, views, kind } = components[index];
  const numbers = chainNumbers(spec);
  const center = await gatherBlock(weights, block);
  const start = new Float32Array(numbers.length * block.size);
  for (let m = 0; m < numbers.length; m++) start.set(center, m * block.size);
  memory.write(views.w, start);
  memory.write(views.center, center);
  const purpose = kind === "sgld" ? "noise" : "gaussian";
  memory.write(views.keys, chainKeys(settings.seed, restriction.name, numbers, purpose));
  if (views.localization)
    memory.write(views.localization, new Float32Array(numbers.length).fill(settings.localization));
  if (views.p) memory.write(views.p, startingMomenta(settings, restriction.name, numbers, block.size));
  if (views.v) memory.write(views.v, start.fill(settings.rmsprop_init === "ones" ? 1 : 0));
}

/** What the sums of all pairs are taken from: a constant, so that whoever goes on may compute it anew. */
async function placePairs(lab: Laboratory, { probe }: ChainSpec, { kind, baseline }: PairTensors): Promise<void> {
  if (kind === "unembedding") return;
  const hidden = await lab.finalHidden(probe);
  lab.memory.write(baseline, kind === "hidden" ? hidden : await logitsOf(lab, hidden));
}

/** Logits of hidden states [N, D] at the trained weights, [N, V]. */
async function logitsOf({ weights, model }: Laboratory, hidden: Float32Array): Promise<Float32Array> {
  const { vocab, hidden: width } = model.dims;
  const matrix = await weights.read(model.unembedding, 0, vocab * width);
  const tokens = hidden.length / width;
  const logits = new Float32Array(tokens * vocab);
  for (let x = 0; x < tokens; x++) {
    for (let y = 0; y < vocab; y++) {
      let sum = 0;
      for (let k = 0; k < width; k++) sum += hidden[x * width + k] * matrix[y * width + k];
      logits[x * vocab + y] = sum;
    }
  }
  return logits;
}

/** l(w*) by component: as saved, else through the chains' own plan while they stand at w*. */
async function baselinesOf(
  { memory }: Laboratory,
  specs: readonly ChainSpec[],
  { losses, components }: LockstepPlans,
  states: readonly (ChainState | undefined)[],
): Promise<Baselines[]> {
  const [{ probe, task }] = specs;
  const saved = states.flatMap((state) => (state ? [state.arrays] : []));
  if (saved.length === specs.length)
    return saved.map(({ baseline, task_baseline }) => ({ probe: baseline, task: task_baseline }));
  const atStart = await memory.bind(losses);
  await atStart.run();
  const firstChain = (view: View, tokens: number): View => ({ ...view, shape: [tokens] });
  const wanted = components.flatMap(({ losses: own }) => [
    firstChain(own.probe, tokensOf(probe)),
    ...(task && own.task ? [firstChain(own.task, tokensOf(task))] : []),
  ]);
  const read = (await memory.read(wanted)) as Float32Array[];
  atStart.destroy();
  const each = wanted.length / specs.length;
  return specs.map((_, i) => ({ probe: read[i * each], task: read[(i + 1) * each - 1] }));
}
