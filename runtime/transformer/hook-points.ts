/** Named places of a forward pass where activations [tokens, D] can be read, in any model. Names of other projects: models/sae. */
import { SpectroscopeError } from "../../kernels/errors";
import type { Model } from "./family";

/**
 * Places of a layer: what it reads; the output of its attention, or its MLP, with its output's bias and without the residual; what
 * the layer hands on.
 */
export const LAYER_POINTS = ["resid_pre", "attn_out", "mlp_out", "resid_post"] as const;

export type LayerPoint = (typeof LAYER_POINTS)[number];

/**
 * `embed`: rows of the embedding's matrix, before whatever else a family does to them (`Model.planInput`); what layer 0 reads after
 * that is its `resid_pre`. `final`: after the final norm, what the unembedding reads.
 */
export type HookPoint =
  | { readonly kind: "embed" | "final" }
  | { readonly kind: LayerPoint /** From 0. */; readonly layer: number };

/** As a person reads and writes it: `embed`, `l3 resid_post`. */
export function hookName(point: HookPoint): string {
  return "layer" in point ? `l${point.layer} ${point.kind}` : point.kind;
}

/** What there is in a model, in words. */
export function hookPointsOf({ dims }: Pick<Model, "dims">): string {
  return `points are embed, final, and ${LAYER_POINTS.join(", ")} of layers 0 to ${dims.layers - 1}`;
}

/** @param given the point as it was asked for @throws SpectroscopeError for a layer that the model does not have */
export function checkHookPoint(point: HookPoint, model: Pick<Model, "dims">, given = hookName(point)): HookPoint {
  if ("layer" in point && !(Number.isSafeInteger(point.layer) && point.layer >= 0 && point.layer < model.dims.layers)) {
    throw new SpectroscopeError(`hook point ${given}: the model has ${model.dims.layers} layers`, {
      code: "bad-input",
      hint: hookPointsOf(model),
    });
  }
  return point;
}
