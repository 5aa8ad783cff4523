import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { parameterShapes } from "../../runtime/transformer/family";
import { parseRestriction } from "../../runtime/transformer/restriction";
import { matchParameters, parameterCount } from "../parameters";
import { parseModel } from "./registry";

const test = suite("models/families/gpt-neox");

/** What transformers wrote for Pythia-14M. */
const pythia = () => ({
  architectures: ["GPTNeoXForCausalLM"],
  bos_token_id: 0,
  eos_token_id: 0,
  hidden_act: "gelu",
  hidden_size: 128,
  initializer_range: 0.02,
  intermediate_size: 512,
  layer_norm_eps: 1e-5,
  max_position_embeddings: 2048,
  model_type: "gpt_neox",
  num_attention_heads: 4,
  num_hidden_layers: 6,
  rotary_emb_base: 10000,
  rotary_pct: 0.25,
  tie_word_embeddings: false,
  torch_dtype: "float16",
  transformers_version: "4.30.1",
  use_cache: true,
  use_parallel_residual: true,
  vocab_size: 50304,
});
const parse = (changes: Record<string, unknown> = {}, without: string[] = []) => {
  const json: Record<string, unknown> = { ...pythia(), ...changes };
  for (const key of without) delete json[key];
  return parseModel(json, "m/config.json");
};
const refused = (changes: Record<string, unknown>, line: RegExp, without: string[] = []) =>
  assert.throws(
    () => parse(changes, without),
    (error: { line: string; exitCode: number }) =>
      /^m\/config\.json: /.test(error.line) && line.test(error.line) && error.exitCode === 1,
  );

test("Pythia-14M", () => {
  assert.equal(parse().config, {
    vocabSize: 50304,
    hiddenSize: 128,
    numHiddenLayers: 6,
    numAttentionHeads: 4,
    headDim: 32,
    intermediateSize: 512,
    rotaryNdims: 8,
    rotaryBase: 10000,
    layerNormEps: 1e-5,
    useParallelResidual: true,
    hiddenAct: "gelu",
    attentionBias: true,
    tieWordEmbeddings: false,
    maxPositionEmbeddings: 2048,
  });
  assert.is(parameterCount(parse()), 14067712);
});

test("defaults are those of transformers", () => {
  const optional = [
    ...["rotary_pct", "rotary_emb_base", "use_parallel_residual", "tie_word_embeddings", "hidden_act"],
    ...["layer_norm_eps", "max_position_embeddings", "architectures", "use_cache"],
  ];
  assert.equal(parse({}, optional).config, parse().config);
});

test("the other spellings of rotary settings", () => {
  const rope = { rope_type: "default", rope_theta: 500, partial_rotary_factor: 0.5 };
  const five = parse({ rope_parameters: rope }, ["rotary_pct", "rotary_emb_base"]);
  assert.equal([five.config.rotaryNdims, five.config.rotaryBase], [16, 500]);
  // transformers 4 saves both spellings.
  const four = parse({ rotary_pct: 1, partial_rotary_factor: 1, rope_theta: 10000, rope_scaling: null });
  assert.is(four.config.rotaryNdims, 32);
  assert.is(parse({ rope_scaling: { type: "default" } }).config.rotaryBase, 10000);
  assert.is(parse({ rotary_pct: 0 }).config.rotaryNdims, 0);
});

test("rotary settings that contradict each other or would be ignored by transformers", () => {
  refused({ rope_theta: 500 }, /"rope_theta" is 500, but rotary_emb_base is 10000; make them agree/);
  refused({ rope_theta: 500 }, /"rope_theta" is 500, but the default of "rotary_emb_base" is 10000/, [
    "rotary_emb_base",
  ]);
  refused({ partial_rotary_factor: 0.5 }, /"partial_rotary_factor" is 0.5, but rotary_pct is 0.25/);
  refused({ rope_parameters: { rope_theta: 9 } }, /"rotary_emb_base" is 10000, but rope_parameters\.rope_theta is 9/);
  refused(
    { rope_scaling: { rope_type: "linear", factor: 2 } },
    /"rope_scaling\.rope_type" is "linear"; only "default"/,
  );
  refused({ rope_scaling: { type: "yarn" } }, /"yarn"/);
  refused({ rope_parameters: { rope_thta: 9 } }, /unknown key "rope_parameters\.rope_thta"; did you mean "rope_theta"/);
  refused({ rope_parameters: [] }, /"rope_parameters" is \[\]/);
  refused({ rope_parameters: { rope_theta: null } }, /"rope_parameters\.rope_theta" is null/);
  refused(
    { rope_scaling: { type: "default" }, rope_parameters: { rope_theta: 10000 } },
    /both "rope_scaling" and "rope_parameters"; transformers reads the first only/,
  );
  assert.is(parse({ rope_scaling: {}, rope_parameters: { rope_theta: 10000 } }).config.rotaryBase, 10000);
  refused({ rotary_pct: 1.5 }, /"rotary_pct" is 1\.5; it must be a number from 0 to 1/);
  refused({ rotary_pct: "0.25" }, /"rotary_pct" is "0\.25"/);
  refused({ rotary_emb_base: 0 }, /"rotary_emb_base" is 0; it must be a number above 0/);
});

test("rotary dims are truncated, and may be odd", () => {
  assert.is(parse({ hidden_size: 80, rotary_pct: 0.25 }).config.rotaryNdims, 5);
  assert.is(parse({ rotary_pct: 0.3 }).config.rotaryNdims, 9); // int(9.6)
  assert.is(parse({ rotary_pct: 0.32 }).config.rotaryNdims, 10); // int(10.24)
  refused({ hidden_size: 12, rotary_pct: 1 }, /rotary dims \(3 x 1\) are odd and fill the head of 3/);
});

test("unknown keys name the nearest known one", () => {
  refused({ hiden_size: 128 }, /unknown key "hiden_size"; did you mean "hidden_size"\?/);
  refused({ use_paralel_residual: false }, /did you mean "use_parallel_residual"\?/);
  refused({ rotary_percent: 0.25 }, /unknown key "rotary_percent"/);
  refused({ toString: 1 }, /unknown key "toString"/);
  const noted = {
    unsloth_version: "2024.9",
    unsloth_fixed: true,
    experts_implementation: "eager",
    min_p: 0.1,
    pad_token: "<p>",
  };
  const nothing = {
    head_mask: null,
    is_causal: null,
    quantization_config: null,
    pruned_heads: null,
    torch_dtype: null,
  };
  assert.equal(parse({ ...noted, ...nothing, add_cross_attention: null, rope_theta: null }).config, parse().config);
  assert.is(parse({ rope_scaling: { type: "default", factor: null } }).config.rotaryBase, 10000);
  refused({ quantization_config: {} }, /"quantization_config" is \{\}/);
  refused({ cross_attention_hidden_size: 4 }, /"cross_attention_hidden_size" is 4/);
  assert.ok(parse({ _name_or_path: "x", _attn_implementation_autoset: true, attention_dropout: 0.1 }));
  const inert = { is_decoder: true, hidden_dropout: 0.1, attention_probs_dropout_prob: 0.1, dtype: "bfloat16" };
  assert.equal(
    parse({ ...inert, classifier_dropout: 0.1, use_cache: false, eos_token_id: [0, 2] }).config,
    parse().config,
  );
});

test("sizes and flags that do not fit", () => {
  refused({}, /missing key "vocab_size"/, ["vocab_size"]);
  for (const value of [0, -1, 1.5, "128", [], 2 ** 60])
    refused({ hidden_size: value }, /"hidden_size" is .*whole number/);
  refused({ hidden_size: null }, /missing key "hidden_size"/);
  refused({ num_attention_heads: 5 }, /"hidden_size" 128 is not divisible by "num_attention_heads" 5/);
  refused({ layer_norm_eps: 0 }, /"layer_norm_eps" is 0/);
  refused({ use_parallel_residual: "yes" }, /"use_parallel_residual" is "yes"; it must be true or false/);
  refused({ head_dim: 64 }, /"head_dim" is 64, but hidden_size \/ num_attention_heads is 32/);
  assert.is(parse({ head_dim: 32 }).config.headDim, 32);
});

test("activation functions by the names of transformers", () => {
  const named = {
    gelu: "gelu",
    gelu_new: "gelu_tanh",
    gelu_fast: "gelu_tanh",
    gelu_pytorch_tanh: "gelu_tanh",
    relu: "relu",
  };
  for (const [name, own] of Object.entries(named)) assert.is(parse({ hidden_act: name }).config.hiddenAct, own);
});

test("what cannot be computed is refused by name", () => {
  refused({ hidden_act: "silu" }, /"hidden_act" "silu" is not supported; known: gelu, gelu_new, gelu_fast, .*relu/);
  refused({ hidden_act: "toString" }, /"hidden_act" "toString"/);
  refused({ hidden_act: ["gelu"] }, /"hidden_act" \["gelu"\]/);
  refused({ hidden_size: 1028 }, /heads of 257 dims .*at most 256/);
  refused({ model_type: "llama" }, /"model_type" is "llama"/);
  refused({ architectures: ["GPTNeoXForSequenceClassification"] }, /"architectures"/);
  refused({}, /neither "model_type" nor "architectures"/, ["model_type", "architectures"]);
  refused({ is_encoder_decoder: true }, /"is_encoder_decoder" is true, which is not supported/);
  refused({ is_causal: false }, /unknown key "is_causal"/);
  refused({ quantization_config: { bits: 4 } }, /"quantization_config" is .* not supported/);
  refused({ pruned_heads: { 0: [1] } }, /"pruned_heads"/);
  assert.throws(() => parseModel([], "x"), /not a JSON object/);
  assert.throws(() => parseModel(null, "x"), /not a JSON object/);
});

const FILES = { weights: "w", config: "m/config.json" };
const small = (changes: Record<string, unknown> = {}) =>
  parse({
    vocab_size: 7,
    hidden_size: 4,
    num_attention_heads: 2,
    num_hidden_layers: 1,
    intermediate_size: 6,
    ...changes,
  });

test("parameters: names, order and shapes", () => {
  assert.equal(
    [...parameterShapes(small())].map(([name, shape]) => `${name} ${shape}`),
    [
      "gpt_neox.embed_in.weight 7,4",
      "gpt_neox.layers.0.input_layernorm.weight 4",
      "gpt_neox.layers.0.input_layernorm.bias 4",
      "gpt_neox.layers.0.post_attention_layernorm.weight 4",
      "gpt_neox.layers.0.post_attention_layernorm.bias 4",
      "gpt_neox.layers.0.attention.query_key_value.weight 12,4",
      "gpt_neox.layers.0.attention.query_key_value.bias 12",
      "gpt_neox.layers.0.attention.dense.weight 4,4",
      "gpt_neox.layers.0.attention.dense.bias 4",
      "gpt_neox.layers.0.mlp.dense_h_to_4h.weight 6,4",
      "gpt_neox.layers.0.mlp.dense_h_to_4h.bias 6",
      "gpt_neox.layers.0.mlp.dense_4h_to_h.weight 4,6",
      "gpt_neox.layers.0.mlp.dense_4h_to_h.bias 4",
      "gpt_neox.final_layer_norm.weight 4",
      "gpt_neox.final_layer_norm.bias 4",
      "embed_out.weight 7,4",
    ],
  );
  const bare = [...parameterShapes(small({ attention_bias: false, tie_word_embeddings: true })).keys()];
  assert.is(bare.length, 13);
  assert.not.ok(bare.includes("embed_out.weight"));
});

test("what a head and what neurons are: a bias of outputs is of none", () => {
  const slices = (name: string) =>
    parseRestriction(name, small()).slices.map(({ parameter, rows, columns }) => [
      parameter.replace("gpt_neox.layers.0.", ""),
      ...(rows ? [`rows ${rows}`] : []),
      ...(columns ? [`columns ${columns}`] : []),
    ]);
  assert.equal(slices("l0h1"), [
    ["attention.query_key_value.weight", "rows 6,12"],
    ["attention.query_key_value.bias", "rows 6,12"],
    ["attention.dense.weight", "columns 2,4"],
  ]);
  assert.equal(slices("l0 mlp[2:5]"), [
    ["mlp.dense_h_to_4h.weight", "rows 2,5"],
    ["mlp.dense_h_to_4h.bias", "rows 2,5"],
    ["mlp.dense_4h_to_h.weight", "columns 2,5"],
  ]);
});

test("every head has its own keys and values: a key-value group is its head", () => {
  const model = parseModel(pythia());
  assert.equal([model.dims.heads, model.dims.kvHeads], [4, 4]);
  assert.equal(parseRestriction("l2g3", model).slices, parseRestriction("l2h3", model).slices);
  assert.throws(() => parseRestriction("l2g4", model), /key-value heads 0 to 3/);
});

test("matching a checkpoint", () => {
  const config = small();
  const stored = (changes: Record<string, number[] | undefined> = {}, dtype = "F32") => {
    const map = new Map([...parameterShapes(config)].map(([name, shape]) => [name, { dtype, shape, file: "w" }]));
    for (const [name, shape] of Object.entries(changes)) {
      if (shape) map.set(name, { dtype, shape, file: "w" });
      else map.delete(name);
    }
    return map;
  };
  const refuse = (changes: Record<string, number[] | undefined>, line: RegExp, dtype = "F32") =>
    assert.throws(
      () => matchParameters(config, stored(changes, dtype), FILES),
      (error: { line: string }) => line.test(error.line),
    );

  const layer = "gpt_neox.layers.0.attention";
  const buffers = {
    [`${layer}.norm_factor`]: [],
    [`${layer}.rotary_emb.cos_cached`]: [1, 1, 9, 4],
    [`${layer}.bias`]: [1, 1, 9, 9],
    [`${layer}.masked_bias`]: [],
    [`${layer}.rotary_emb.inv_freq`]: [4],
    "gpt_neox.rotary_emb.inv_freq": [4],
  };
  assert.equal([...matchParameters(config, stored(buffers), FILES).names.keys()], [...parameterShapes(config).keys()]);
  const alias = { "embed_out.weight": undefined, "lm_head.weight": [7, 4] };
  assert.is(matchParameters(config, stored(alias), FILES).names.get("embed_out.weight"), "lm_head.weight");

  refuse(
    { [`${layer}.dense.bias`]: undefined },
    /w: missing tensor "gpt_neox\.layers\.0\.attention\.dense\.bias" \[4\]; /,
  );
  refuse({ "embed_out.weight": undefined }, /missing tensor "embed_out\.weight" \[7, 4\]; .*tie_word_embeddings/);
  refuse({ [`${layer}.dense.bias`]: [5] }, /w: tensor "gpt_neox.*dense\.bias" has shape \[5\], expected \[4\]/);
  refuse({ [`${layer}.dense.weight`]: [16] }, /has shape \[16\], expected \[4, 4\]/);
  refuse({ [`${layer}.dense.wieght`]: [4, 4] }, /unexpected tensor .*wieght" \[4, 4\]; did you mean .*dense\.weight/);
  refuse(
    { "gpt_neox.layers.1.input_layernorm.bias": [4] },
    /unexpected tensor .*; config\.json says num_hidden_layers 1/,
  );
  refuse({ "embed_in.weight": [7, 4] }, /"embed_in\.weight" .*lack the prefix gpt_neox\.: save the GPTNeoXForCausalLM/);
  refuse({ "layers.0.attention.masked_bias": [] }, /lack the prefix gpt_neox\./);
  refuse(
    { "layers.0.attention.wieght": [] },
    /unexpected tensor "layers\.0\.attention\.wieght" \[\]; (known|did you mean)/,
  );
  refuse({ "lm_head.weight": [7, 4] }, /both "embed_out\.weight" and "lm_head\.weight"/);
  refuse({}, /is I32; weights must be/, "I32");
});

test.run();
