import { backwardInput } from "../../kernels/loss/backward_input";
import { backwardWeight } from "../../kernels/loss/backward_weight";
import { forward } from "../../kernels/loss/forward";
import { forwardBackward } from "../../kernels/loss/forward_backward";
import { merge } from "../../kernels/loss/merge";
import { call, tensor, type View } from "../plan/plan";
import type { ModelPlanOptions } from "./request";
import type { Tape, Value } from "./tape";
import type { VocabularyPart } from "./weight-source";

/** What planning losses asks for. */
type LossOptions = Pick<ModelPlanOptions, "name" | "fixed" | "groups" | "tokens"> & {
  readonly batch?: Pick<NonNullable<ModelPlanOptions["batch"]>, "targets">;
};

/** What every call of an unembedding's losses reads or makes; [G, R] but x. */
interface LossViews {
  readonly x: View;
  readonly targets: View;
  readonly losses: View;
  readonly lse: View;
}

/**
 * Per-token losses of an unembedding, [G, R]: softmax and cross-entropy without a buffer of logits. With a batch also the
 * gradient of a chain's mean loss with respect to the last hidden state and the unembedding. An unembedding in parts takes
 * its logits once more: the gradient needs the log-sum-exp over all parts.
 */
export function planLosses(tape: Tape, options: LossOptions, unembedding: readonly VocabularyPart[], x: Value): View {
  const { groups, batch, fixed } = options;
  const read = tape.cross(x);
  const rows = tape.batch.sequences * tape.batch.positions;
  const losses = tensor(`${options.name} losses`, [groups, rows], "kept");
  const targets = batch ? batch.targets : options.tokens.targets;
  const views: LossViews = { x: read.view, targets, losses, lse: tape.scratch("lse", [groups, rows]) };
  const { lse } = views;
  const scale = 1 / rows;
  if (batch && read.moves && unembedding.length === 1) {
    const tensors = { ...views, w: unembedding[0].weight.view };
    tape.collect(read, (_, dx) => call("loss", forwardBackward, { ...tensors, dx }, { scale }));
  } else {
    planForward(tape, unembedding, views);
    if (batch && read.moves) {
      for (const { first, weight } of unembedding) {
        const tensors = { x: read.view, w: weight.view, targets, lse };
        tape.collect(read, (collected, dx) => {
          const use_add = collected ? 1 : 0;
          const add = collected ?? fixed.none(3);
          return call("loss backward", backwardInput, { ...tensors, add, dx }, { scale, first, use_add });
        });
      }
    }
  }
  for (const { first, weight } of unembedding) {
    if (!batch || !weight.gradient) continue;
    const tensors = { x: read.view, w: weight.view, targets, lse, dw: weight.gradient };
    tape.emit("unembedding gradient", backwardWeight, tensors, { scale, first });
  }
  return losses;
}

/** Losses and log-sum-exps alone: of each part, then joined from the first part on. */
function planForward(tape: Tape, unembedding: readonly VocabularyPart[], { x, targets, losses, lse }: LossViews): void {
  const last = unembedding.length - 1;
  const space = (what: string) => ({
    losses: tape.scratch(`losses ${what}`, losses.shape),
    lse: tape.scratch(`lse ${what}`, lse.shape),
  });
  let joined: { losses: View; lse: View } | undefined;
  unembedding.forEach(({ first, weight }, i) => {
    const own = last === 0 ? { losses, lse } : space(`from ${first}`);
    tape.emit("loss", forward, { x, w: weight.view, targets, ...own }, { first });
    if (!joined) {
      joined = own;
      return;
    }
    const out = i === last ? { losses, lse } : space(`below ${unembedding[i + 1].first}`);
    const inputs = { losses_a: joined.losses, lse_a: joined.lse, losses_b: own.losses, lse_b: own.lse, targets };
    tape.emit("loss merge", merge, { ...inputs, ...out }, { first });
    joined = out;
  });
}
