import { backwardWeight } from "../../kernels/loss/backward_weight";
import { forward } from "../../kernels/loss/forward";
import { forwardBackward } from "../../kernels/loss/forward_backward";
import { tensor, type View } from "../dispatch/plan";
import type { ModelPlanOptions } from "./request";
import type { Tape, Value } from "./tape";
import type { VocabularyPart } from "./weight-source";

/**
 * Per-token losses of an unembedding, [G, R]: softmax and cross-entropy without a buffer of logits. With a batch also the
 * gradient of a chain's mean loss with respect to the last hidden state and the unembedding.
 */
export function planLosses(
  tape: Tape,
  options: ModelPlanOptions,
  unembedding: readonly VocabularyPart[],
  x: Value,
): View {
  const { groups, batch } = options;
  const read = tape.cross(x);
  const rows = tape.batch.sequences * tape.batch.positions;
  const losses = tensor(`${options.name} losses`, [groups, rows], "kept");
  const lse = tape.scratch("lse", [groups, rows]);
  const targets = batch ? batch.targets : options.tokens.targets;
  const [{ weight }] = unembedding;
  const tensors = { x: read.view, w: weight.view, targets, losses, lse };
  const scale = 1 / rows;
  if (batch && read.moves) {
    tape.collect(read, (_, dx) => ({
      label: "loss",
      kernel: forwardBackward,
      tensors: { ...tensors, dx },
      params: { scale },
    }));
  } else {
    tape.emit("loss", forward, tensors, { first: 0 });
  }
  if (batch && weight.gradient) {
    const { x: input, w } = tensors;
    const dw = weight.gradient;
    tape.emit("unembedding gradient", backwardWeight, { x: input, w, targets, lse, dw }, { scale, first: 0 });
  }
  return losses;
}
