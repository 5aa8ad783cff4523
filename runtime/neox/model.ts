import { sum } from "../../kernels/add/sum";
import { backwardWeight as lossBackwardWeight } from "../../kernels/loss/backward_weight";
import { forward as lossForward } from "../../kernels/loss/forward";
import { forwardBackward as lossForwardBackward } from "../../kernels/loss/forward_backward";
import { type Plan, tensor, type View } from "../dispatch/plan";
import { planLayer } from "./layers";
import { embedding, layerNorm } from "./operations";
import { EMBEDDING, UNEMBEDDING } from "./parameters";
import type { ModelPlanOptions } from "./request";
import { type Rows, Tape, type Value, type Weight } from "./tape";
import { WeightSource } from "./weight-source";

/** The plans of a model restricted to a component. */
export interface ModelPlan {
  /** Everything that no chain changes; run once for these rows. */
  readonly prefix: Plan;
  /** Losses (and, with a batch, gradients) of all chains. */
  readonly body: Plan;
  /** Per-token losses in nats, [G, R] of the body's rows. */
  readonly losses: View;
  /** What the unembedding reads, after the final LayerNorm: kept, [R, D], where no chain changes it. */
  readonly hidden: View;
}

/** Label of the call whose `scale` parameter multiplies every gradient. */
export const LOSS_LABEL = "loss";

/**
 * Plans the forward pass, and with a batch the backward pass, of a GPT-NeoX model in which only a restriction's weights
 * move. The gradient is that of the mean loss over a chain's batch.
 */
export function planModel(options: ModelPlanOptions): ModelPlan {
  const { config, fixed, rows, batch } = options;
  const batchRows: Rows = batch ? { sequences: batch.sequences, positions: rows.positions } : rows;
  const tape = new Tape(options.name, options.groups, rows, batchRows, options.cache, batch?.indices);
  const weights = new WeightSource(options);
  const table = weights.get(EMBEDDING);
  const unembedding = config.tieWordEmbeddings ? table : weights.get(UNEMBEDDING);
  // A tied matrix gets a gradient from each of its two uses: apart first, then their sum.
  const tied = config.tieWordEmbeddings && batch ? table.gradient : undefined;
  const parts = ["embed", "unembed"].map((use) => tied && tape.scratch(`${use} gradient`, tied.shape));
  const use = (weight: Weight, part: View | undefined): Weight => (part ? { ...weight, gradient: part } : weight);
  const hidden = embedding(
    tape,
    use(table, parts[0]),
    { shared: options.tokens.inputs, ...(batch ? { batch: batch.inputs } : {}) },
    config.hiddenSize,
  );
  let h = hidden;
  for (let layer = 0; layer < config.numHiddenLayers; layer++) h = planLayer(tape, options, weights, h, layer);
  const normed = layerNorm(
    tape,
    "final norm",
    h,
    weights.get("gpt_neox.final_layer_norm.weight"),
    weights.get("gpt_neox.final_layer_norm.bias"),
    config.layerNormEps,
    fixed,
  );
  const losses = planLoss(tape, options, use(unembedding, parts[1]), normed);
  if (batch) tape.differentiate();
  if (tied) {
    const [a, b] = parts as [View, View];
    tape.emit("tied gradient", sum, { a, b, c: fixed.none(3), y: tied }, { use_c: 0 });
  }
  return {
    prefix: { name: `${options.name} prefix`, calls: tape.prefix },
    body: { name: options.name, calls: tape.body },
    losses,
    hidden: normed.view,
  };
}

/** Per-token losses, and with a batch the gradient of their mean with respect to the last hidden state and W_U. */
function planLoss(tape: Tape, options: ModelPlanOptions, unembedding: Weight, x: Value): View {
  const { groups, batch } = options;
  const read = tape.cross(x);
  const rows = tape.batch.sequences * tape.batch.positions;
  const losses = tensor(`${options.name} losses`, [groups, rows], "kept");
  const lse = tape.scratch("lse", [groups, rows]);
  const targets = batch ? batch.targets : options.tokens.targets;
  const tensors = { x: read.view, w: unembedding.view, targets, losses, lse };
  if (!batch) {
    tape.emit(LOSS_LABEL, lossForward, tensors);
    return losses;
  }
  const scale = 1 / rows;
  if (read.moves) {
    tape.collect(read, (_, dx) => ({
      label: LOSS_LABEL,
      kernel: lossForwardBackward,
      tensors: { ...tensors, dx },
      params: { scale },
    }));
  } else {
    tape.emit(LOSS_LABEL, lossForward, tensors);
  }
  if (unembedding.gradient) {
    const { x: input, w } = tensors;
    tape.emit(
      "unembedding gradient",
      lossBackwardWeight,
      { x: input, w, targets, lse, dw: unembedding.gradient },
      { scale },
    );
  }
  return losses;
}

/** Splits rows of T + 1 ids into inputs and targets, T each. */
export function splitRows(
  ids: Uint32Array,
  columns: number,
): { inputs: Uint32Array; targets: Uint32Array; rows: Rows } {
  const sequences = ids.length / columns;
  const positions = columns - 1;
  const inputs = new Uint32Array(sequences * positions);
  const targets = new Uint32Array(sequences * positions);
  for (let s = 0; s < sequences; s++) {
    for (let t = 0; t < positions; t++) {
      inputs[s * positions + t] = ids[s * columns + t];
      targets[s * positions + t] = ids[s * columns + t + 1];
    }
  }
  return { inputs, targets, rows: { sequences, positions } };
}

/** A kept u32 view. */
export function tokenView(name: string, shape: readonly number[]): View {
  return tensor(name, shape, "kept", "u32");
}
