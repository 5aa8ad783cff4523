import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { familyOf, parseModel } from "./registry";

const test = suite("models/families/registry");
const SIZES = {
  vocab_size: 7,
  hidden_size: 4,
  num_attention_heads: 2,
  num_hidden_layers: 1,
  intermediate_size: 6,
};
const refused = (json: object, text: RegExp) =>
  assert.throws(
    () => parseModel({ ...SIZES, ...json }, "m/config.json"),
    (error: { line: string }) => text.test(error.line),
  );

test("a config's family is known by model_type, by architectures, or by both", () => {
  for (const json of [
    { model_type: "gpt_neox" },
    { architectures: ["GPTNeoXForCausalLM"] },
    { model_type: "gpt_neox", architectures: ["Other", "GPTNeoXForCausalLM"] },
    { model_type: "gpt_neox", architectures: null },
    { model_type: null, architectures: ["GPTNeoXForCausalLM"] },
  ]) {
    const model = parseModel({ ...SIZES, ...json });
    assert.is(model.family, "gpt_neox");
    assert.is(familyOf(model).architecture, "GPTNeoXForCausalLM");
  }
});

test("another family is refused by name, with those that can be read", () => {
  refused({ model_type: "llama" }, /^m\/config\.json: "model_type" is "llama"; only GPTNeoXForCausalLM can be read/);
  refused({ architectures: ["LlamaForCausalLM"] }, /"architectures" is \["LlamaForCausalLM"\]; only GPTNeoX/);
  const inner =
    /"architectures" is \["GPTNeoXModel"\]; it has no unembedding: save the GPTNeoXForCausalLM, not its inner/;
  refused({ model_type: "gpt_neox", architectures: ["GPTNeoXModel"] }, inner);
  refused({ architectures: ["GPTNeoXModel"] }, inner);
  refused({ model_type: null }, /neither "model_type" nor "architectures"/);
  refused({}, /neither "model_type" nor "architectures"/);
  assert.throws(() => familyOf({ family: "llama" }), /lists no family llama/);
});

test.run();
