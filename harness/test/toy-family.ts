/** A family that no one has: what the runtime needs of a second one it gets from the model's value. */
import type { View } from "../../runtime/plan/plan";
import type { LayerPlan, Model, Parameter } from "../../runtime/transformer/family";
import { activation, layerNorm, linear } from "../../runtime/transformer/operations";
import type { Value } from "../../runtime/transformer/tape";

/**
 * Two layers; 6 query heads of 2 dims, wider together than the residual stream, in groups of 3 to a key-value head; an MLP of two
 * matrices into 5 neurons; one norm a layer; another behind the embedding, which is last and tied. No kernel reads keys of fewer
 * heads yet: they are named and cut, but take no part.
 */
const dims = {
  vocab: 9,
  hidden: 4,
  layers: 2,
  heads: 6,
  kvHeads: 2,
  headDim: 2,
  intermediate: 5,
  positions: 6,
} as const;

function toyParameters(): Map<string, Parameter> {
  const { hidden: d, heads, kvHeads, headDim, intermediate: f, vocab } = dims;
  const parameters = new Map<string, Parameter>();
  const norm = (name: string, of: Omit<Parameter, "shape">) => {
    for (const part of ["weight", "bias"]) parameters.set(`${name}.${part}`, { shape: [d], ...of });
  };
  for (let layer = 0; layer < dims.layers; layer++) {
    const attn = (name: string, shape: number[], cut?: Parameter["cut"]) =>
      parameters.set(`blocks.${layer}.${name}`, { shape, part: "attn", layer, ...(cut ? { cut } : {}) });
    const mlp = (name: string, shape: number[], axis: 0 | 1) =>
      parameters.set(`blocks.${layer}.${name}`, { shape, part: "mlp", layer, cut: { by: "neuron", axis, size: 1 } });
    attn("o.weight", [d, heads * headDim], { by: "head", axis: 1, size: headDim, pieces: ["o"] });
    attn("k.weight", [kvHeads * headDim, d], { by: "kv_head", axis: 0, size: headDim, pieces: ["k"] });
    attn("k.bias", [kvHeads * headDim], { by: "kv_head", axis: 0, size: headDim, pieces: ["k"] });
    attn("q.weight", [heads * headDim, d], { by: "head", axis: 0, size: headDim, pieces: ["q"] });
    attn("head_norm.weight", [headDim]);
    mlp("down.weight", [d, f], 1);
    mlp("gate.weight", [f, d], 0);
    mlp("up.weight", [f, d], 0);
    norm(`blocks.${layer}.norm`, { part: "norm", layer });
  }
  norm("final", { part: "norm" });
  norm("embedded", { part: "embed" });
  return parameters.set("tokens.weight", { shape: [vocab, d], part: "embed" });
}

function planNorm(plan: LayerPlan, label: string, name: string, x: Value): Value {
  return layerNorm(plan.tape, label, x, plan.weight(`${name}.weight`), plan.weight(`${name}.bias`), 1e-6, plan.fixed);
}

function planLayer(plan: LayerPlan, h: Value, layer: number, into?: View): Value {
  const { tape, fixed } = plan;
  const x = planNorm(plan, `l${layer} norm`, `blocks.${layer}.norm`, h);
  const name = (matrix: string) => `blocks.${layer}.${matrix}.weight`;
  const afterHeads = plan.byParts(`l${layer} attention`, layer, "head", h, undefined, (part) => {
    const q = linear(tape, part.label("q"), x, part.weight(name("q")), undefined, fixed);
    const active = activation(tape, part.label(), "gelu", q);
    return linear(tape, part.label("o"), active, part.weight(name("o")), undefined, fixed, part.sum);
  });
  return plan.byParts(`l${layer} mlp`, layer, "neuron", afterHeads, into, (part) => {
    const gate = linear(tape, part.label("gate"), x, part.weight(name("gate")), undefined, fixed);
    const residual = activation(tape, part.label("activation"), "gelu_tanh", gate);
    const up = linear(tape, part.label("up"), x, part.weight(name("up")), undefined, fixed, { residual });
    return linear(tape, part.label("down"), up, part.weight(name("down")), undefined, fixed, part.sum);
  });
}

export const toy: Model = {
  family: "toy",
  config: {},
  dims,
  parameters: toyParameters(),
  embedding: "tokens.weight",
  unembedding: "tokens.weight",
  planInput: (plan, embedded) => planNorm(plan, "embedded norm", "embedded", embedded),
  planLayer,
  planFinalNorm: (plan, h) => planNorm(plan, "final norm", "final", h),
};
