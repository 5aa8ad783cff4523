import { addWork, estimatePlans, planWork, scaleWork, type Work } from "../plan/estimate";
import { tensor, type View } from "../plan/plan";
import { layoutBlock } from "../transformer/block";
import { FixedTensors } from "../transformer/fixed";
import { planModel } from "../transformer/model";
import { ChainWeights } from "../transformer/moving";
import { parseRestriction } from "../transformer/restriction";
import { PrefixCache } from "../transformer/tape";
import { batchSequences, type ChainSpec, chainNumbers, tokensOf } from "./chain-plans";
import type { Laboratory, TextOnDevice } from "./laboratory";
import { type LockstepPlans, type PlanContext, planLockstep } from "./lockstep-plans";
import { pairSlots } from "./pairs";

/** The same passes by the whole model, each counted for all chains of a unit. */
export interface WholeWork {
  /** An update's minibatch: forward and backward, a gradient for every weight. */
  readonly update: Work;
  /** A draw's texts, forward and backward, a gradient for every weight. */
  readonly draw: Work;
  /** A draw's texts, forward alone: all that a draw asks for. */
  readonly drawForward: Work;
}

/** What a restricted run takes, by parts. */
export interface ChainWork {
  /** Activations before the component, over all rows of the pool and the texts; once. */
  readonly prefix: Work;
  /** One update of all chains: gradient and step; nothing where weights are drawn directly. */
  readonly update: Work;
  /** One draw of all chains: losses of the texts, d, phi, sums. */
  readonly draw: Work;
  /** The run: prefix, updates, draws; not what acceptance checks, the baseline and the trials of a matched rise take beside them. */
  readonly total: Work;
  readonly whole: WholeWork;
  /** As many updates and draws by the whole model; a draw is counted forward alone. */
  readonly wholeTotal: Work;
  /** Bytes that the component takes on the device beside others of its layer: see `ownBytes`. */
  readonly bytes: number;
}

/**
 * What a restricted run takes, without running it (`whole` may be given where it is known already): the minimum necessary FLOPs and bytes of its kernels, as their descriptors
 * count them. The prefix is counted as of a run whose texts have no cached activations, which is so for the first component of a
 * layer only.
 *
 * `whole` is the same passes over the same rows, for as many chains, where every weight of the model moves (restriction `full`):
 * no activation is cached or shared between chains, and every weight matrix of every chain is its own and gets a gradient. It
 * has no step and no sums. Where weights are drawn directly there is no update to compare with: `whole.update` is counted, but not
 * in `wholeTotal`.
 */
export function chainWork(lab: Laboratory, spec: ChainSpec, whole: WholeWork = wholeWork(lab, spec)): ChainWork {
  const context = contextOf(lab);
  const plans = planLockstep(context, [spec], {
    probe: new PrefixCache(),
    pool: new PrefixCache(),
    task: new PrefixCache(),
  });
  const { prefix, update, draw } = partsOf(plans);
  const { num_draws, num_burnin_steps, num_steps_bw_draws } = spec.settings;
  const updates = plans.train ? num_burnin_steps + num_draws * num_steps_bw_draws : 0;
  return {
    ...{ prefix, update, draw, whole },
    total: addWork(prefix, scaleWork(update, updates), scaleWork(draw, num_draws)),
    wholeTotal: addWork(scaleWork(whole.update, updates), scaleWork(whole.drawForward, num_draws)),
    bytes: ownBytes(plans, spec, lab.model.dims.hidden),
  };
}

function partsOf({ prefixes, draw, train }: LockstepPlans): Pick<ChainWork, "prefix" | "update" | "draw"> {
  return {
    prefix: addWork(...prefixes.map(planWork)),
    update: train ? addWork(planWork(train.gradient), planWork(train.update)) : { flops: 0, bytes: 0 },
    draw: planWork(draw),
  };
}

/**
 * Intermediate values of its updates and draws, its chains' tensors, and, where it is cut out of its layer, what the rest of the layer
 * gives for every row. Not the activations before it, which all components of the layer share.
 */
function ownBytes(
  { components, draw, train }: LockstepPlans,
  { restriction, pool, probe, task }: ChainSpec,
  width: number,
): number {
  const [{ views, sums, squares, shiftedSums, losses, pairs }] = components;
  const tensors = [views, sums, squares, shiftedSums, losses].flatMap((group) => Object.values(group) as View[]);
  const slots = [...tensors.map(({ slot }) => slot), ...(pairs ? pairSlots(pairs) : [])];
  const shared = estimatePlans([draw, ...(train ? [train.gradient] : [])]).shared;
  const rows = [pool, probe, ...(task ? [task] : [])].map(tokensOf);
  const total = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
  return total(shared) + 4 * total(slots.map(({ size }) => size)) + (restriction.parts ? 4 * width * total(rows) : 0);
}

/** Constants of its own, so that counting leaves nothing to be written to the device. */
function contextOf({ model, weights, device }: Laboratory): PlanContext {
  return { model, fixed: new FixedTensors(weights, device.bindingBytes) };
}

/** What `ChainWork.whole` is: the same for all components with as many chains, batches and texts. */
export function wholeWork(lab: Laboratory, spec: ChainSpec): WholeWork {
  const { model, fixed } = contextOf(lab);
  const groups = chainNumbers(spec).length;
  const restriction = parseRestriction("full", model);
  const block = layoutBlock(restriction, model);
  const [weights, gradients] = ["w", "g"].map((name) => tensor(name, [groups, block.size], "kept"));
  const moving = new ChainWeights(block, { weights, gradients });
  const common = { name: "whole", model, fixed, restriction, moving, groups, cache: new PrefixCache(false) };
  const ofPlan = (options: Parameters<typeof planModel>[0]) => {
    const { prefix, body } = planModel(options);
    return addWork(planWork(prefix), planWork(body));
  };
  const both = ({ rows, tokens }: TextOnDevice, sequences: number) => {
    const ids = tensor("ids", [groups, sequences * rows.positions], "kept", "u32");
    return ofPlan({ ...common, rows, tokens, batch: { sequences, indices: ids, inputs: ids, targets: ids } });
  };
  const texts = [spec.probe, ...(spec.task ? [spec.task] : [])];
  return {
    update: both(spec.pool, batchSequences(spec)),
    draw: addWork(...texts.map((text) => both(text, text.rows.sequences))),
    drawForward: addWork(...texts.map(({ rows, tokens }) => ofPlan({ ...common, rows, tokens }))),
  };
}
