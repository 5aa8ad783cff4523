import { tensor } from "../../runtime/plan/plan";
import { layoutBlock } from "../../runtime/transformer/block";
import { FixedTensors } from "../../runtime/transformer/fixed";
import { planModel, splitRows, tokenView } from "../../runtime/transformer/model";
import { ChainWeights } from "../../runtime/transformer/moving";
import { parseRestriction } from "../../runtime/transformer/restriction";
import { PrefixCache } from "../../runtime/transformer/tape";
import { HostMemory, runOnHost } from "./host-executor";
import type { TinyModel } from "./tiny-model";

/**
 * Per-token losses of a model's text at many values of one parameter, in f64 by the plan that chains measure with.
 *
 * @param parameter Hugging Face name
 * @param points [G, P] row-major, P the parameter's elements
 * @returns nats, [G, T]
 */
export async function hostLosses(
  { model, weights, ids }: TinyModel,
  parameter: string,
  points: ArrayLike<number>,
): Promise<Float64Array> {
  const restriction = parseRestriction(parameter, model);
  const block = layoutBlock(restriction, model);
  const [{ size: P }] = block.entries;
  const groups = points.length / P;
  const { inputs, targets, rows } = splitRows(ids, ids.length);
  const tokens = { inputs: tokenView("inputs", [inputs.length]), targets: tokenView("targets", [targets.length]) };
  const w = tensor("w", [groups, block.size], "kept");
  const fixed = new FixedTensors(weights);
  const moving = new ChainWeights(block, { weights: w, gradients: tensor("g", [groups, block.size], "kept") });
  const cache = new PrefixCache(false);
  const plan = planModel({ name: "host", model, fixed, restriction, moving, groups, rows, tokens, cache });
  const memory = new HostMemory();
  await memory.place(fixed);
  memory.write(tokens.inputs, inputs);
  memory.write(tokens.targets, targets);
  const blocks = new Float64Array(groups * block.size);
  for (let g = 0; g < groups; g++) for (let e = 0; e < P; e++) blocks[g * block.size + e] = points[g * P + e];
  memory.write(w, blocks);
  runOnHost(plan.prefix, memory);
  runOnHost(plan.body, memory);
  return memory.at(plan.losses, groups * inputs.length) as Float64Array;
}
