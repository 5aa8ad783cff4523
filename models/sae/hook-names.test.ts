/** Names of hook points as projects write them, each for a point of a model of two layers. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { toy } from "../../harness/test/toy-family";
import { SpectroscopeError } from "../../kernels/errors";
import { hookName } from "../../runtime/transformer/hook-points";
import { hookPointOf, inputPointOf, parseHookPoint } from "./hook-names";

const test = suite("models/sae/hook-names");

/** From the documents and sources of TransformerLens, SAELens, sparsify and dictionary_learning. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  embed: ["embed", "hook_embed", "embed_tokens", "gpt_neox.embed_in", "model.embed_tokens", "transformer.wte"],
  final: ["final", "gpt_neox.final_layer_norm", "model.norm"],
  "l0 resid_pre": ["l0 resid_pre", "blocks.0.hook_resid_pre"],
  "l1 resid_post": [
    ...[
      "l1 resid_post",
      "blocks.1.hook_resid_post",
      "layers.1",
      "gpt_neox.layers.1",
      "model.layers.1",
      "transformer.h.1",
    ],
    ...["resid_out_layer1", "resid_post_layer_1", "blocks.1"],
  ],
  "l1 mlp_out": ["l1 mlp_out", "blocks.1.hook_mlp_out", "layers.1.mlp", "gpt_neox.layers.1.mlp", "mlp_out_layer1"],
  "l0 attn_out": [
    ...["l0 attn_out", "blocks.0.hook_attn_out", "layers.0.attention", "gpt_neox.layers.0.attention"],
    ...["model.layers.0.self_attn", "attn_out_layer0"],
  ],
};

test("names of one point are one", () => {
  for (const [name, others] of Object.entries(NAMES)) {
    for (const other of others) assert.is(hookName(parseHookPoint(other, toy)), name, other);
  }
});

test("the same without a model: any layer, and undefined for what is none", () => {
  for (const [name, others] of Object.entries(NAMES))
    for (const other of others) assert.is(hookName(hookPointOf(other)!), name, other);
  assert.equal(hookPointOf("blocks.400.hook_resid_pre"), { kind: "resid_pre", layer: 400 });
  assert.is(hookPointOf("blocks.4.hook_resid_mid"), undefined);
});

test("a transcoder reads what a whole layer gets; of attention and MLP that is not known", () => {
  assert.equal(inputPointOf("layers.0"), { kind: "resid_pre", layer: 0 });
  assert.equal(inputPointOf("gpt_neox.layers.2"), { kind: "resid_pre", layer: 2 });
  for (const name of [
    "layers.2.mlp",
    "layers.2.attention",
    "embed_tokens",
    "blocks.2.hook_resid_post",
    "l2 resid_post",
  ])
    assert.is(inputPointOf(name), undefined, name);
});

function refusal(text: string): string {
  try {
    return `taken as ${hookName(parseHookPoint(text, toy))}`;
  } catch (error) {
    assert.instance(error, SpectroscopeError);
    return (error as SpectroscopeError).line;
  }
}

test("a layer that is not there is refused with those that are", () => {
  for (const text of ["blocks.2.hook_resid_post", "layers.5.mlp", "resid_out_layer999999999", "l2 attn_out"]) {
    const line = refusal(text);
    assert.match(line, /hook point ".*": the model has 2 layers; points are embed, final, .* of layers 0 to 1/);
    assert.ok(line.includes(`"${text}"`), line);
  }
});

test("what is no hook point, or another one, is refused by name", () => {
  const others = [
    "blocks.0.attn.hook_z",
    "blocks.0.hook_resid_mid",
    "blocks.0.mlp.hook_post",
    "ln_final.hook_normalized",
  ];
  const odd = [
    "",
    "layers.01",
    "layers.1 ",
    "layers.-1",
    "layers.9999999999",
    "blocks.0.hook_resid_post.x",
    "l0",
    "layers",
  ];
  for (const text of [...others, ...odd, "x".repeat(1e6), "a.".repeat(1e5), "layers.0\n"]) {
    const line = refusal(text);
    assert.match(line, /^no hook point ".*; points are embed, final/);
    assert.ok(line.length < 400, line);
  }
});

test.run();
