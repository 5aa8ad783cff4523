import { sum } from "../../kernels/add/sum";
import { covariance } from "../../kernels/moments/covariance";
import { deviation } from "../../kernels/moments/deviation";
import { sumRows } from "../../kernels/reduce/sum_rows";
import { baoab } from "../../kernels/sgld/baoab";
import { gaussian } from "../../kernels/sgld/gaussian";
import { rmsprop } from "../../kernels/sgld/rmsprop";
import { step } from "../../kernels/sgld/step";
import { drawsDirectly, persistence, type SamplerSettings } from "../config/sampler";
import { type Call, call, reshape, tensor, type View } from "../plan/plan";
import { layoutBlock, type ParameterBlock } from "../transformer/block";
import type { Model } from "../transformer/family";
import { tokenView } from "../transformer/model";
import { ChainWeights, type MovingWeights } from "../transformer/moving";
import type { Restriction } from "../transformer/restriction";
import type { TextOnDevice } from "./laboratory";
import { type PairTensors, pairTensors } from "./pairs";
import type { SumViews } from "./sum-views";

/** How weights are drawn: by chains, or, where no loss is in the posterior, directly. */
export type SamplerKind = "sgld" | "gaussian";

/** What a restricted run needs. */
export interface ChainSpec {
  readonly restriction: Restriction;
  readonly settings: SamplerSettings;
  /** Minibatches come from here. */
  readonly pool: TextOnDevice;
  /** Per-token losses are measured here at every draw. */
  readonly probe: TextOnDevice;
  /** The sampling task's fixed batch, whose mean loss is L; without it, the probe. */
  readonly task?: TextOnDevice;
  /** By default what the settings ask for: `gaussian` at n_beta = 0. */
  readonly sampler?: SamplerKind;
  /** Numbers of the chains that run here, ascending: some of them in a shard, by default all. */
  readonly chains?: readonly number[];
  /**
   * Draws before which the step is judged, spread evenly: by its Metropolis-Hastings acceptance, with BAOAB by the kinetic
   * temperature. 0: none.
   */
  readonly acceptanceChecks?: number;
  /** Whether sums are kept from which chi follows on all pairs of a context and a token. */
  readonly pairs?: boolean;
}

/** How a restricted run draws its weights. */
export function samplerKind({ sampler, settings }: ChainSpec): SamplerKind {
  return sampler ?? (drawsDirectly(settings) ? "gaussian" : "sgld");
}

/** Numbers of the chains of a restricted run. */
export function chainNumbers({ chains, settings }: ChainSpec): readonly number[] {
  return chains ?? Array.from({ length: settings.num_chains }, (_, chain) => chain);
}

/** How many draws lie between phi and the losses that the shifted-draws control pairs with it: half of them. */
export function shiftOf(settings: SamplerSettings): number {
  return Math.max(1, Math.floor(settings.num_draws / 2));
}

/** Sum of squared deviations of d - phi in two f32 parts, by the kernel's names; [M, N] each. */
export interface SquareViews {
  readonly m2: View;
  readonly c_m2: View;
}

/** The chains' own tensors; M chains, P block elements, N probe tokens, R batch tokens, K tokens of the sampling task. */
export interface ChainViews {
  /** [M, P]. */
  readonly w: View;
  /** [M, P]. */
  readonly g: View;
  /** RMSprop's second moment, [M, P]. */
  readonly v?: View;
  /** BAOAB's momenta, [M, P]. */
  readonly p?: View;
  /** w*, [P]. */
  readonly center: View;
  /** [M, 2] u32. */
  readonly keys: View;
  /** Strength of the pull by chain, [M]; where weights are drawn directly. */
  readonly localization?: View;
  /** Rows of the pool, [M, R] u32. */
  readonly indices: View;
  readonly batchInputs: View;
  readonly batchTargets: View;
  /** l(w*) and -l(w*), [N]. */
  readonly baseline: View;
  readonly minusBaseline: View;
  /** d = l(w) - l(w*), [M, N]. */
  readonly rises: View;
  /** -l(w*) and d of the sampling task's own text, [K] and [M, K]. */
  readonly taskMinusBaseline?: View;
  readonly taskRises?: View;
  /** Mean of d over the sampling task's tokens, [M]. */
  readonly phi: View;
  /** Mean of phi over the draws before this one, [M]. */
  readonly phiMean: View;
  /** phi of the draw that the shifted-draws control pairs with this one's losses, [M]. */
  readonly phiBefore: View;
}

/** Where the losses of a component's chains go: of the probe, [M, N], of the sampling task's own text, [M, K], of batches, [M, R]. */
export interface LossViews {
  readonly probe: View;
  readonly task?: View;
  readonly batch?: View;
}

/** The tensors of one component's chains, and how its weights move. */
export interface ChainTensors {
  readonly kind: SamplerKind;
  readonly block: ParameterBlock;
  readonly moving: MovingWeights;
  readonly views: ChainViews;
  readonly sums: SumViews;
  readonly squares: SquareViews;
  /** Those of the shifted-draws control. */
  readonly shiftedSums: SumViews;
  /** Those of all pairs of a context and a token, where they are kept. */
  readonly pairs?: PairTensors;
}

/** Label of the call that moves the chains, whose `step` counts updates (or direct draws). */
export const UPDATE_LABEL = "update";
/** Label of the call that sums squares, whose `draws` counts those before. */
export const SQUARES_LABEL = "squares";

/** Sequences of a chain's minibatch. */
export function batchSequences({ settings, pool }: Pick<ChainSpec, "settings" | "pool">): number {
  return settings.batch_size > 0 ? settings.batch_size : pool.rows.sequences;
}

/** Tokens of a chain's minibatch: R. */
export function batchTokens(spec: Pick<ChainSpec, "settings" | "pool">): number {
  return batchSequences(spec) * spec.pool.rows.positions;
}

/** Makes the tensors of a component's chains; `targets`: where those of the batches lie, [M, R], if not by themselves. */
export function chainTensors(model: Model, spec: ChainSpec, bindingBytes: number, targets?: View): ChainTensors {
  const { restriction, settings, probe, task } = spec;
  const kind = samplerKind(spec);
  const M = chainNumbers(spec).length;
  const block = layoutBlock(restriction, model);
  const P = block.size;
  const N = tokensOf(probe);
  const R = batchTokens(spec);
  const name = (part: string) => `${restriction.name} ${part}`;
  const state = (part: string, shape: number[]) => tensor(name(part), shape, "kept");
  const moves = (method: SamplerSettings["sampling_method"]) => kind === "sgld" && settings.sampling_method === method;
  const views: ChainViews = {
    w: state("w", [M, P]),
    g: state("g", [M, P]),
    ...(moves("rmsprop_sgld") ? { v: state("v", [M, P]) } : {}),
    ...(moves("sgmcmc_baoab") ? { p: state("p", [M, P]) } : {}),
    center: state("w*", [P]),
    keys: tokenView(name("keys"), [M, 2]),
    ...(kind === "gaussian" ? { localization: state("localization", [M]) } : {}),
    indices: tokenView(name("batch rows"), [M, R]),
    batchInputs: tokenView(name("batch inputs"), [M, R]),
    batchTargets: targets ?? tokenView(name("batch targets"), [M, R]),
    baseline: state("l(w*)", [N]),
    minusBaseline: state("-l(w*)", [N]),
    rises: state("d", [M, N]),
    ...(task
      ? { taskMinusBaseline: state("task -l(w*)", [tokensOf(task)]), taskRises: state("task d", [M, tokensOf(task)]) }
      : {}),
    phi: state("phi", [M]),
    phiMean: state("phi mean", [M]),
    phiBefore: state("phi before", [M]),
  };
  const sumViews = (what: string): SumViews => ({
    sum_d: state(`${what} d`, [M, N]),
    sum_phi_d: state(`${what} phi d`, [M, N]),
    c_d: state(`${what} carry d`, [M, N]),
    c_phi_d: state(`${what} carry phi d`, [M, N]),
  });
  const moving = new ChainWeights(block, { weights: views.w, gradients: views.g });
  const squares = { m2: state("squares", [M, N]), c_m2: state("carry squares", [M, N]) };
  const pairs = spec.pairs
    ? pairTensors({ restriction, chains: M, tokens: N }, model, { blockSize: P, center: views.center, bindingBytes })
    : undefined;
  const sums = { sums: sumViews("sum"), squares, shiftedSums: sumViews("shifted") };
  return { kind, block, moving, views, ...sums, ...(pairs ? { pairs } : {}) };
}

/** Tokens that a text measures. */
export function tokensOf({ rows }: TextOnDevice): number {
  return rows.sequences * rows.positions;
}

/** A direct draw of all chains of a component. */
export function gaussianCall({ w, center, keys, localization }: ChainViews, settings: SamplerSettings): Call {
  const { llc_weight_decay: weight_decay, noise_level } = settings;
  const tensors = { w, center, keys, localization: localization! };
  return call(UPDATE_LABEL, gaussian, tensors, { weight_decay, noise_level, step: 0 });
}

/** What an update's kernel reads and writes. */
export type UpdateViews = Pick<ChainViews, "w" | "g" | "v" | "p" | "center" | "keys">;

/** The step of all chains of a component. */
export function updateCall({ w, g, v, p, center, keys }: UpdateViews, settings: SamplerSettings): Call {
  const { lr, n_beta, localization, llc_weight_decay, bounding_box_size, noise_level } = settings;
  const weight_decay = llc_weight_decay;
  const common = { lr, n_beta, localization, weight_decay, bounding_box_size, noise_level, step: 0 };
  if (p) {
    const own = { ...common, persistence: persistence(settings), kick: 1 };
    return call(UPDATE_LABEL, baoab, { w, p, g, center, keys }, own);
  }
  if (!v) return call(UPDATE_LABEL, step, { w, g, center, keys }, common);
  const { rmsprop_alpha: decay, rmsprop_eps: epsilon } = settings;
  return call(UPDATE_LABEL, rmsprop, { w, v, g, center, keys }, { ...common, decay, epsilon, correction: 1 });
}

/** The factor that takes the bias out of RMSprop's second moment after its `count`-th update (from 1). */
export function biasCorrection({ rmsprop_init, rmsprop_alpha }: SamplerSettings, count: number): number {
  return rmsprop_init === "ones" ? 1 / (1 - rmsprop_alpha ** count) : 1;
}

/** The parameters of an update (counted from 0) that change from one to the next. */
export function updateParams(settings: SamplerSettings, update: number): Record<string, number> {
  const step = { step: update };
  switch (settings.sampling_method) {
    case "rmsprop_sgld":
      return { ...step, correction: biasCorrection(settings, update + 1) };
    case "sgmcmc_baoab":
      // A kick closes the update before and opens this one; the first has none before it.
      return { ...step, kick: update === 0 ? 0.5 : 1 };
    default:
      return step;
  }
}

/** What a draw makes of the losses of a component's chains: d, phi, and its part of the sums: squares from those before it. */
export function drawCalls(chains: ChainTensors, losses: LossViews): Call[] {
  const { views, sums, squares } = chains;
  return [
    ...riseCalls(chains, losses),
    deviations(losses.probe, views, sums, squares),
    moments(losses.probe, views.baseline, views.phi, sums),
  ];
}

/** What a draw that is not taken makes of them: d and phi alone. */
export function riseCalls({ views }: ChainTensors, losses: LossViews): Call[] {
  return [
    rise(losses.probe, views.minusBaseline, views.rises),
    ...(losses.task ? [rise(losses.task, views.taskMinusBaseline!, views.taskRises!)] : []),
    mean(views.taskRises ?? views.rises, views.phi),
  ];
}

/** A draw's part of the shifted-draws control. */
export function shiftedCall({ views, shiftedSums }: ChainTensors, losses: LossViews): Call {
  return moments(losses.probe, views.baseline, views.phiBefore, shiftedSums);
}

/** d = l(w) - l(w*), [M, N]. */
function rise(losses: View, minusBaseline: View, rises: View): Call {
  const [M, tokens] = losses.shape;
  const grouped = (view: View) => reshape(view, [M, 1, tokens]);
  const tensors = { a: grouped(losses), b: reshape(minusBaseline, [1, tokens]), y: grouped(rises) };
  return call("rise", sum, tensors);
}

/** Mean over tokens, [M]. */
function mean(rises: View, out: View): Call {
  return call("phi", sumRows, { x: rises, out }, { scale: 1 / rises.shape[1] });
}

/** A draw's part of the squared deviations of d - phi. */
function deviations(losses: View, { baseline, phi, phiMean }: ChainViews, sums: SumViews, squares: SquareViews): Call {
  const { sum_d, c_d } = sums;
  const tensors = { losses, baseline, phi, phi_mean: phiMean, sum_d, c_d, ...squares };
  return call(SQUARES_LABEL, deviation, tensors, { draws: 0 });
}

/** A draw's part of the sums of d and of phi * d. */
function moments(losses: View, baseline: View, phi: View, sums: SumViews): Call {
  return call("moments", covariance, { losses, baseline, phi, ...sums });
}
