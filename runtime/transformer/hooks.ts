import { SpectroscopeError } from "../../kernels/errors";
import type { Plan, View } from "../plan/plan";
import type { LayerPart, Model } from "./family";
import type { FixedTensors } from "./fixed";
import { checkHookPoint, type HookPoint, hookName } from "./hook-points";
import { TapeLayers } from "./layer-plan";
import { FIXED_WEIGHTS } from "./moving";
import { embedding } from "./operations";
import { neededCalls, PrefixCache, type Rows, Tape, type Value } from "./tape";
import { WeightSource } from "./weight-source";

/** What to plan: the trained model over some rows. */
export interface HookPlanOptions {
  readonly name: string;
  readonly model: Model;
  readonly fixed: FixedTensors;
  readonly rows: Rows;
  /** Ids, [R] u32. */
  readonly inputs: View;
}

/** A forward pass up to some points. */
export interface HookPlan {
  readonly plan: Plan;
  /** Kept, [R, D] each, in the order of the points. */
  readonly states: readonly View[];
}

/** Layers whose sublayers can be read by themselves. */
class TappedLayers extends TapeLayers {
  /** Outputs of sublayers, by the point's name. */
  readonly taken = new Map<string, Value>();

  constructor(
    tape: Tape,
    options: ConstructorParameters<typeof TapeLayers>[1],
    private readonly wanted: ReadonlySet<string>,
  ) {
    super(tape, options);
  }

  /**
   * A wanted sublayer is planned twice: with the residual, as any, and without it. The difference of the two sums would have lost
   * the digits that the residual is larger by.
   */
  override byParts(
    label: string,
    layer: number,
    by: "head" | "neuron",
    residual: Value,
    into: View | undefined,
    build: (part: LayerPart) => Value,
  ): Value {
    const point = hookName({ kind: by === "head" ? "attn_out" : "mlp_out", layer });
    if (this.wanted.has(point)) {
      if (this.taken.has(point))
        throw new SpectroscopeError(`${point}: planned in several pieces`, { code: "internal" });
      this.taken.set(point, build(this.whole(`${label} alone`, {})));
    }
    return super.byParts(label, layer, by, residual, into, build);
  }
}

/**
 * Plans a forward pass of the trained weights that ends at the last of some points; only what they need is computed.
 * @throws SpectroscopeError for a layer that the model does not have, and where a family plans no such sublayer by parts
 */
export function planHooks(options: HookPlanOptions, points: readonly HookPoint[]): HookPlan {
  const { name, model, fixed, rows, inputs } = options;
  for (const point of points) checkHookPoint(point, model);
  const wanted = new Set(points.map(hookName));
  const tape = new Tape(name, 1, rows, rows, new PrefixCache(false));
  const trained = { model, fixed, rows, restriction: { name: "none", slices: [] }, moving: FIXED_WEIGHTS };
  const plan = new TappedLayers(tape, trained, wanted);
  const { taken } = plan;
  const table = new WeightSource(trained).vocabulary(model.embedding);
  const embedded = embedding(tape, table, { shared: inputs }, model.dims.hidden, fixed);
  taken.set("embed", embedded);
  const layers = wanted.has("final") ? model.dims.layers : Math.max(0, ...points.map(layersBefore));
  let h = model.planInput?.(plan, embedded) ?? embedded;
  for (let layer = 0; layer < layers; layer++) {
    taken.set(hookName({ kind: "resid_pre", layer }), h);
    h = model.planLayer(plan, h, layer);
    taken.set(hookName({ kind: "resid_post", layer }), h);
  }
  // What the next layer would read is this one's output.
  taken.set(hookName({ kind: "resid_pre", layer: layers }), h);
  if (wanted.has("final")) taken.set("final", model.planFinalNorm(plan, h));
  const states = points.map((point) => {
    const value = taken.get(hookName(point));
    if (value) return tape.cross(value).view;
    throw new SpectroscopeError(`${hookName(point)}: ${model.family} plans no such sublayer by parts`, {
      code: "bad-input",
      hint: "read resid_post of the layer, or plan the sublayer with LayerPlan.byParts (docs/adding-a-family.md)",
    });
  });
  return { plan: { name, calls: neededCalls(tape.prefix) }, states };
}

/** How many layers must be planned for a point. */
function layersBefore(point: HookPoint): number {
  if (!("layer" in point)) return 0;
  return point.kind === "resid_pre" ? point.layer : point.layer + 1;
}
