import type { View } from "../plan/plan";
import { activation, attention, layerNorm, linear } from "./operations";
import type { LayerOptions } from "./request";
import { headColumns, headRows, layerPrefix } from "./restriction";
import type { Tape, Value } from "./tape";
import type { WeightSource } from "./weight-source";

/** One transformer layer: h + attention + mlp, in parallel or one after the other. `into`: where its output goes, if it moves. */
export function planLayer(
  tape: Tape,
  options: LayerOptions,
  weights: WeightSource,
  h: Value,
  layer: number,
  into?: View,
): Value {
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
    return planAttention(tape, options, weights, norm("input_layernorm", h), afterMlp, layer, into);
  }
  const afterAttention = planAttention(tape, options, weights, norm("input_layernorm", h), h, layer);
  const x = norm("post_attention_layernorm", afterAttention);
  return planMlp(tape, options, weights, x, afterAttention, layer, into);
}

/** residual + attention(x); heads that move are computed beside all trained heads, whose part of the output is left out. */
function planAttention(
  tape: Tape,
  options: LayerOptions,
  weights: WeightSource,
  x: Value,
  residual: Value,
  layer: number,
  into?: View,
): Value {
  const { config, fixed, restriction } = options;
  const prefix = `${layerPrefix(layer)}attention.`;
  const label = `l${layer} attention`;
  const rotary =
    config.rotaryNdims > 0 ? fixed.rotary(options.rows.positions, config.rotaryNdims, config.rotaryBase) : undefined;
  const qkvName = `${prefix}query_key_value`;
  const denseName = `${prefix}dense`;
  const heads = restriction.parts?.get(layer)?.heads ?? [];
  const outBias = weights.optional(`${denseName}.bias`);
  if (heads.length === 0) {
    const qkv = linear(
      tape,
      `${label} qkv`,
      x,
      weights.get(`${qkvName}.weight`),
      weights.optional(`${qkvName}.bias`),
      fixed,
    );
    const context = attention(tape, label, qkv, { heads: config.numAttentionHeads, headDim: config.headDim }, rotary, {
      keep: true,
    });
    return linear(tape, `${label} dense`, context, weights.get(`${denseName}.weight`), outBias, fixed, {
      residual,
      keep: true,
      into,
    });
  }
  const hasBias = fixed.weights.shapes.has(`${qkvName}.bias`);
  const trained = linear(
    tape,
    `${label} qkv`,
    x,
    weights.trained(`${qkvName}.weight`),
    hasBias ? weights.trained(`${qkvName}.bias`) : undefined,
    fixed,
  );
  const context = attention(
    tape,
    label,
    trained,
    { heads: config.numAttentionHeads, headDim: config.headDim },
    rotary,
    { keep: true },
  );
  const columns = heads.map((range) => headColumns(range, config));
  let out = linear(tape, `${label} dense`, context, weights.without(`${denseName}.weight`, columns), outBias, fixed, {
    residual,
  });
  heads.forEach((range, i) => {
    const rows = headRows(range, config);
    const qkv = linear(
      tape,
      `${label} moving qkv ${range[0]}`,
      x,
      weights.part(`${qkvName}.weight`, rows)!,
      weights.part(`${qkvName}.bias`, rows),
      fixed,
    );
    const own = attention(
      tape,
      `${label} moving ${range[0]}`,
      qkv,
      { heads: range[1] - range[0], headDim: config.headDim },
      rotary,
    );
    const dense = weights.part(`${denseName}.weight`, columns[i])!;
    out = linear(tape, `${label} moving dense ${range[0]}`, own, dense, undefined, fixed, {
      residual: out,
      into: i === heads.length - 1 ? into : undefined,
    });
  });
  return out;
}

/** residual + mlp(x); neurons that move are computed beside all trained ones, whose part of the output is left out. */
function planMlp(
  tape: Tape,
  options: LayerOptions,
  weights: WeightSource,
  x: Value,
  residual: Value,
  layer: number,
  into?: View,
): Value {
  const { config, fixed, restriction } = options;
  const prefix = `${layerPrefix(layer)}mlp.`;
  const label = `l${layer} mlp`;
  const up = `${prefix}dense_h_to_4h`;
  const down = `${prefix}dense_4h_to_h`;
  const neurons = restriction.parts?.get(layer)?.neurons ?? [];
  const outBias = weights.get(`${down}.bias`);
  const activate = (what: string, before: Value) => activation(tape, `${label} ${what}`, config.hiddenAct, before);
  if (neurons.length === 0) {
    const before = linear(tape, `${label} in`, x, weights.get(`${up}.weight`), weights.get(`${up}.bias`), fixed);
    const active = activate("activation", before);
    return linear(tape, `${label} out`, active, weights.get(`${down}.weight`), outBias, fixed, {
      residual,
      keep: true,
      into,
    });
  }
  const trained = linear(tape, `${label} in`, x, weights.trained(`${up}.weight`), weights.trained(`${up}.bias`), fixed);
  const active = activate("activation", trained);
  let out = linear(tape, `${label} out`, active, weights.without(`${down}.weight`, neurons), outBias, fixed, {
    residual,
  });
  neurons.forEach((range, i) => {
    const before = linear(
      tape,
      `${label} moving in ${range[0]}`,
      x,
      weights.part(`${up}.weight`, range)!,
      weights.part(`${up}.bias`, range),
      fixed,
    );
    const own = activate(`moving activation ${range[0]}`, before);
    const columns = weights.part(`${down}.weight`, range)!;
    out = linear(tape, `${label} moving out ${range[0]}`, own, columns, undefined, fixed, {
      residual: out,
      into: i === neurons.length - 1 ? into : undefined,
    });
  });
  return out;
}
