import { sum } from "../../kernels/add/sum";
import { type Plan, tensor, type View } from "../plan/plan";
import { tied } from "./family";
import { TapeLayers } from "./layer-plan";
import { embedding } from "./operations";
import type { ModelPlanOptions } from "./request";
import { neededCalls, type Rows, Tape } from "./tape";
import { planLosses } from "./unembedding";
import { type VocabularyPart, WeightSource } from "./weight-source";

/** The plans of a model restricted to a component. */
export interface ModelPlan {
  /** Everything that no chain changes; run once for these rows. */
  readonly prefix: Plan;
  /** Losses (and, with a batch, gradients) of all chains. */
  readonly body: Plan;
  /** Per-token losses in nats, [G, R] of the body's rows. */
  readonly losses: View;
  /** What the unembedding reads, after the final norm: kept, [R, D], where no chain changes it; else [G, R, D] of the body. */
  readonly hidden: View;
}

/**
 * Plans the forward pass, and with a batch the backward pass, of a model in which only a restriction's weights
 * move. The gradient is that of the mean loss over a chain's batch.
 */
export function planModel(options: ModelPlanOptions): ModelPlan {
  const { model, fixed, rows, batch } = options;
  const batchRows: Rows = batch ? { sequences: batch.sequences, positions: rows.positions } : rows;
  const tape = new Tape(options.name, options.groups, rows, batchRows, options.cache, batch?.indices);
  const weights = new WeightSource(options);
  const table = weights.vocabulary(model.embedding);
  // A tied matrix gets a gradient from each of its two uses: apart first, then their sum.
  const twice = tied(model) && batch ? table.filter(({ weight }) => weight.gradient) : [];
  const apart = (use: string): VocabularyPart[] =>
    twice.map(({ first, weight }) => ({
      first,
      weight: { ...weight, gradient: tape.scratch(`${use} gradient`, weight.gradient!.shape) },
    }));
  const [asEmbedding, asUnembedding] =
    twice.length > 0
      ? [apart("embed"), apart("unembed")]
      : [table, tied(model) ? table : weights.vocabulary(model.unembedding)];
  const embedded = embedding(
    tape,
    asEmbedding,
    { shared: options.tokens.inputs, ...(batch ? { batch: batch.inputs } : {}) },
    model.dims.hidden,
    fixed,
  );
  const plan = new TapeLayers(tape, options);
  let h = model.planInput?.(plan, embedded) ?? embedded;
  for (let layer = 0; layer < model.dims.layers; layer++) h = model.planLayer(plan, h, layer);
  const normed = model.planFinalNorm(plan, h);
  const losses = planLosses(tape, options, asUnembedding, normed);
  if (batch) tape.differentiate();
  twice.forEach(({ weight }, i) => {
    const [a, b] = [asEmbedding, asUnembedding].map((use) => use[i].weight.gradient!);
    tape.emit("tied gradient", sum, { a, b, y: weight.gradient! });
  });
  return {
    prefix: { name: `${options.name} prefix`, calls: neededCalls(tape.prefix) },
    body: { name: options.name, calls: tape.body },
    losses,
    hidden: normed.view,
  };
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
