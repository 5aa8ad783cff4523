import { ALIGNED_ELEMENTS } from "../plan/alignment";
import type { Plan, View } from "../plan/plan";
import type { Model } from "./family";
import { TapeLayers } from "./layer-plan";
import { FIXED_WEIGHTS, type MovingWeights } from "./moving";
import { embedding } from "./operations";
import type { ModelPlanOptions } from "./request";
import type { Restriction } from "./restriction";
import { neededCalls, type Rows, Tape, type Value } from "./tape";
import { planLosses } from "./unembedding";
import { WeightSource } from "./weight-source";

/** Chains of one component of a joint plan. */
export interface Branch {
  readonly restriction: Restriction;
  readonly moving: MovingWeights;
  /** Its chains. */
  readonly groups: number;
  /** With a batch: the rows that its chains draw, [groups, R] u32. */
  readonly indices?: View;
}

/** What to plan for several components of one layer. */
export interface JointPlanOptions extends Omit<ModelPlanOptions, "restriction" | "moving" | "groups" | "batch"> {
  /** The layer that holds all of them. */
  readonly layer: number;
  readonly branches: readonly Branch[];
  /** For gradients: sequences of each chain's batch, and their targets, [G, R]. */
  readonly batch?: { readonly sequences: number; readonly targets: View };
}

/** The plans of several components of one layer; G is the number of all their chains. */
export interface JointPlan {
  readonly prefix: Plan;
  readonly body: Plan;
  /** Per-token losses in nats, [G, R], components in their order. */
  readonly losses: View;
  /** What the unembedding reads, [G, R, D]. */
  readonly hidden: View;
}

/** The layer that holds all of a restriction's weights; nothing where they lie elsewhere, or in several. */
export function layerOf({ slices }: Restriction, { parameters }: Pick<Model, "parameters">): number | undefined {
  const [layer, ...others] = new Set(slices.map(({ parameter }) => parameters.get(parameter)!.layer));
  return others.length === 0 ? layer : undefined;
}

/** Groups `from` to `from + count - 1` of a dense [G, ...] view. @throws RangeError where no binding can start */
export function groupSlice(view: View, from: number, count: number): View {
  const size = view.shape.slice(1).reduce((a, b) => a * b, 1);
  const offset = view.offset + from * size;
  if (offset % ALIGNED_ELEMENTS !== 0) {
    throw new RangeError(`${view.slot.name}: group ${from} begins at element ${offset}, no multiple of 64`);
  }
  return { ...view, shape: [count, ...view.shape.slice(1)], offset };
}

/**
 * Plans several components of one layer at once. What comes before the layer is the same for all. The layer itself is computed
 * component by component, each writing its part of one value [G, R, D]; what comes after it has no weights that move, and takes all
 * chains of all components in one batch. The gradient goes back the same way: together down to the layer, then each component by
 * itself. A chain's numbers are those of its component's own plan, to the bit, because no kernel lets a group's result depend on
 * other groups.
 */
export function planJoint(options: JointPlanOptions): JointPlan {
  const { name, model, fixed, rows, batch, branches, layer } = options;
  const { hidden, layers } = model.dims;
  const groups = branches.reduce((sum, branch) => sum + branch.groups, 0);
  const batchRows: Rows = batch ? { sequences: batch.sequences, positions: rows.positions } : rows;
  const trunk = new Tape(name, groups, rows, batchRows, options.cache);
  const trained = { ...options, restriction: { name: "none", slices: [] }, moving: FIXED_WEIGHTS, groups };
  const weights = new WeightSource(trained);
  const plan = new TapeLayers(trunk, trained);
  const ids = { shared: options.tokens.inputs };
  const embedded = embedding(trunk, weights.vocabulary(model.embedding), ids, hidden, fixed);
  let before = model.planInput?.(plan, embedded) ?? embedded;
  for (let i = 0; i < layer; i++) before = model.planLayer(plan, before, i);

  const count = batchRows.sequences * batchRows.positions;
  const view = trunk.scratch(`l${layer} of all`, [groups, count, hidden]);
  let first = 0;
  const parts = branches.map((branch) => {
    const { restriction, moving, indices } = branch;
    const from = first;
    first += branch.groups;
    const tape = trunk.branch(`${name} ${restriction.name}`, branch.groups, indices);
    const own = new TapeLayers(tape, { ...trained, restriction, moving });
    const into = groupSlice(view, from, branch.groups);
    const value = model.planLayer(own, before, layer, into);
    return { tape, value, from, groups: branch.groups };
  });

  const joint: Value = { view, grouped: true, moves: true, key: view.slot.name };
  let after = joint;
  for (let i = layer + 1; i < layers; i++) after = model.planLayer(plan, after, i);
  const normed = model.planFinalNorm(plan, after);
  const losses = planLosses(trunk, trained, weights.vocabulary(model.unembedding), normed);
  if (batch) {
    trunk.differentiate();
    for (const part of parts) {
      part.value.gradient = groupSlice(joint.gradient!, part.from, part.groups);
      part.tape.differentiate();
    }
  }
  return {
    prefix: { name: `${name} prefix`, calls: neededCalls(trunk.prefix) },
    body: { name, calls: trunk.body },
    losses,
    hidden: normed.view,
  };
}
