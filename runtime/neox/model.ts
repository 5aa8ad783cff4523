import { sum } from "../../kernels/add/sum";
import { backwardWeight as lossBackwardWeight } from "../../kernels/loss/backward_weight";
import { forward as lossForward } from "../../kernels/loss/forward";
import { forwardBackward as lossForwardBackward } from "../../kernels/loss/forward_backward";
import { type Plan, tensor, type View } from "../dispatch/plan";
import type { ParameterBlock } from "./block";
import type { NeoxConfig } from "./config";
import type { FixedTensors } from "./fixed";
import { attention, embedding, gelu, layerNorm, linear } from "./operations";
import { EMBEDDING, UNEMBEDDING } from "./parameters";
import { layerPrefix, type Restriction } from "./restriction";
import { type PrefixCache, type Rows, Tape, type Value, type Weight } from "./tape";

/** The chains' parameters and their gradients: [G, P] each. */
export interface ChainState {
  readonly weights: View;
  readonly gradients: View;
}

/** Tokens of a set of rows; rows are sequence-major. */
export interface TokenViews {
  /** [R] u32. */
  readonly inputs: View;
  /** [R] u32. */
  readonly targets: View;
}

/** What to plan. */
export interface ModelPlanOptions {
  readonly name: string;
  readonly config: NeoxConfig;
  readonly fixed: FixedTensors;
  readonly restriction: Restriction;
  readonly block: ParameterBlock;
  readonly chains: ChainState;
  /** G. */
  readonly groups: number;
  /** The rows that exist, and their tokens. */
  readonly rows: Rows;
  readonly tokens: TokenViews;
  /** Prefix values already computed over these rows. */
  readonly cache: PrefixCache;
  /** For gradients: sequences of each chain's batch, drawn from the rows. */
  readonly batch?: {
    readonly sequences: number;
    readonly indices: View;
    readonly inputs: View;
    readonly targets: View;
  };
}

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

/** Weights as the tape wants them: a view of the chains' block where the restriction has them, else the trained ones. */
class WeightSource {
  constructor(private readonly options: ModelPlanOptions) {}

  /** A whole parameter. */
  get(name: string): Weight {
    return this.moving(name) ?? { view: this.options.fixed.parameter(name), key: name };
  }

  /** A whole parameter, or nothing when the model has none of that name. */
  optional(name: string): Weight | undefined {
    return this.options.fixed.weights.has(name) ? this.get(name) : undefined;
  }

  /** The trained parameter, whatever moves. */
  trained(name: string): Weight {
    return { view: this.options.fixed.parameter(name), key: name };
  }

  /** The trained parameter without the columns that move. */
  without(name: string, columns: readonly [number, number]): Weight {
    const view = this.options.fixed.withoutColumns(name, columns);
    return { view, key: view.slot.name };
  }

  /** The part of a parameter that moves, when some does. */
  moving(name: string): Weight | undefined {
    const { block, chains, groups } = this.options;
    const entry = block.entries.find(({ slice }) => slice.parameter === name);
    if (!entry) return undefined;
    const at = (view: View): View => ({
      slot: view.slot,
      shape: [groups, ...entry.shape],
      offset: entry.offset,
      groupStride: block.size,
    });
    return { view: at(chains.weights), gradient: at(chains.gradients), key: `moving ${name}` };
  }
}

function planLayer(tape: Tape, options: ModelPlanOptions, weights: WeightSource, h: Value, layer: number): Value {
  const { config, fixed } = options;
  const prefix = layerPrefix(layer);
  const norm = (name: string, x: Value) =>
    layerNorm(
      tape,
      `l${layer} ${name}`,
      x,
      weights.get(`${prefix}${name}.weight`),
      weights.get(`${prefix}${name}.bias`),
      config.layerNormEps,
      fixed,
    );
  if (config.useParallelResidual) {
    const afterMlp = planMlp(tape, options, weights, norm("post_attention_layernorm", h), h, layer);
    return planAttention(tape, options, weights, norm("input_layernorm", h), afterMlp, layer);
  }
  const afterAttention = planAttention(tape, options, weights, norm("input_layernorm", h), h, layer);
  return planMlp(tape, options, weights, norm("post_attention_layernorm", afterAttention), afterAttention, layer);
}

/** residual + attention(x); heads that move are computed beside all trained heads, whose part of the output is left out. */
function planAttention(
  tape: Tape,
  options: ModelPlanOptions,
  weights: WeightSource,
  x: Value,
  residual: Value,
  layer: number,
): Value {
  const { config, fixed, restriction } = options;
  const prefix = `${layerPrefix(layer)}attention.`;
  const label = `l${layer} attention`;
  const rotary =
    config.rotaryNdims > 0 ? fixed.rotary(options.rows.positions, config.rotaryNdims, config.rotaryBase) : undefined;
  const qkvName = `${prefix}query_key_value`;
  const denseName = `${prefix}dense`;
  const heads = restriction.part?.layer === layer ? restriction.part.heads : undefined;
  const outBias = weights.optional(`${denseName}.bias`);
  if (!heads) {
    const qkv = linear(
      tape,
      `${label} qkv`,
      x,
      weights.get(`${qkvName}.weight`),
      weights.optional(`${qkvName}.bias`),
      fixed,
    );
    const context = attention(tape, label, qkv, config.numAttentionHeads, config.headDim, rotary, { keep: true });
    return linear(tape, `${label} dense`, context, weights.get(`${denseName}.weight`), outBias, fixed, {
      residual,
      keep: true,
    });
  }
  const hasBias = fixed.weights.has(`${qkvName}.bias`);
  const trained = linear(
    tape,
    `${label} qkv`,
    x,
    weights.trained(`${qkvName}.weight`),
    hasBias ? weights.trained(`${qkvName}.bias`) : undefined,
    fixed,
  );
  const context = attention(tape, label, trained, config.numAttentionHeads, config.headDim, rotary, { keep: true });
  const columns = [heads[0] * config.headDim, heads[1] * config.headDim] as const;
  const rest = linear(
    tape,
    `${label} dense`,
    context,
    weights.without(`${denseName}.weight`, columns),
    outBias,
    fixed,
    { residual },
  );
  const qkv = linear(
    tape,
    `${label} moving qkv`,
    x,
    weights.moving(`${qkvName}.weight`)!,
    weights.moving(`${qkvName}.bias`),
    fixed,
  );
  const own = attention(tape, `${label} moving`, qkv, heads[1] - heads[0], config.headDim, rotary);
  return linear(tape, `${label} moving dense`, own, weights.moving(`${denseName}.weight`)!, undefined, fixed, {
    residual: rest,
  });
}

/** residual + mlp(x); neurons that move are computed beside all trained ones, whose part of the output is left out. */
function planMlp(
  tape: Tape,
  options: ModelPlanOptions,
  weights: WeightSource,
  x: Value,
  residual: Value,
  layer: number,
): Value {
  const { fixed, restriction } = options;
  const prefix = `${layerPrefix(layer)}mlp.`;
  const label = `l${layer} mlp`;
  const into = `${prefix}dense_h_to_4h`;
  const back = `${prefix}dense_4h_to_h`;
  const neurons = restriction.part?.layer === layer ? restriction.part.neurons : undefined;
  const outBias = weights.get(`${back}.bias`);
  if (!neurons) {
    const before = linear(tape, `${label} in`, x, weights.get(`${into}.weight`), weights.get(`${into}.bias`), fixed);
    const active = gelu(tape, `${label} gelu`, before);
    return linear(tape, `${label} out`, active, weights.get(`${back}.weight`), outBias, fixed, {
      residual,
      keep: true,
    });
  }
  const trained = linear(
    tape,
    `${label} in`,
    x,
    weights.trained(`${into}.weight`),
    weights.trained(`${into}.bias`),
    fixed,
  );
  const active = gelu(tape, `${label} gelu`, trained);
  const rest = linear(tape, `${label} out`, active, weights.without(`${back}.weight`, neurons), outBias, fixed, {
    residual,
  });
  const before = linear(
    tape,
    `${label} moving in`,
    x,
    weights.moving(`${into}.weight`)!,
    weights.moving(`${into}.bias`),
    fixed,
  );
  const own = gelu(tape, `${label} moving gelu`, before);
  return linear(tape, `${label} moving out`, own, weights.moving(`${back}.weight`)!, undefined, fixed, {
    residual: rest,
  });
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
