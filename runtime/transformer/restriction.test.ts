/** Names of restrictions, read by parts and cuts of a model of no known family; those of GPT-NeoX: runtime/sampler/chains.test.ts. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { toy } from "../../harness/test/toy-family";
import { layerOf } from "./joint";
import { fineRestrictions, neuronGroups, parseRestriction, standardRestrictions } from "./restriction";

const test = suite("runtime/transformer/restriction");
const slices = (name: string) =>
  parseRestriction(name, toy).slices.map(({ parameter, rows, columns }) =>
    [parameter, ...(rows ? [`rows ${rows.join("-")}`] : []), ...(columns ? [`columns ${columns.join("-")}`] : [])].join(
      " ",
    ),
  );
const refused = (name: string, text: RegExp) =>
  assert.throws(
    () => parseRestriction(name, toy),
    (error: { line: string }) => text.test(error.line),
  );

test("a head moves what no other head reads; a group its keys too", () => {
  assert.equal(slices("l1h4"), ["blocks.1.o.weight columns 8-10", "blocks.1.q.weight rows 8-10"]);
  assert.equal(slices("l1g1"), [
    "blocks.1.o.weight columns 6-12",
    "blocks.1.k.weight rows 2-4",
    "blocks.1.k.bias rows 2-4",
    "blocks.1.q.weight rows 6-12",
  ]);
  refused("l1h6", /heads 0 to 5/);
  refused("l1g2", /key-value heads 0 to 1/);
  refused("l2g0", /layers 0 to 1/);
});

test("where every head has its own keys, a head is its group", () => {
  const own = new Map(toy.parameters).set("blocks.0.k.weight", {
    ...toy.parameters.get("blocks.0.k.weight")!,
    shape: [12, 4],
  });
  const mha = { ...toy, dims: { ...toy.dims, kvHeads: 6 }, parameters: own };
  const [head, group] = ["l0h5", "l0g5"].map((name) => parseRestriction(name, mha));
  assert.equal(head.slices, group.slices);
  assert.equal(head.parts, group.parts);
  assert.equal(head.slices[1], { parameter: "blocks.0.k.weight", rows: [10, 12] });
  assert.equal(parseRestriction("l0h1+l0h2+l0g3", mha).parts?.get(0)?.heads, [{ range: [1, 4] }]);
});

test("attention, MLP, layer, embeddings, unions and parameters by parts alone, in the model's order", () => {
  const names = (layer: number, ...some: string[]) => some.map((name) => `blocks.${layer}.${name}`);
  const attn = ["o.weight", "k.weight", "k.bias", "q.weight", "head_norm.weight"];
  const mlp = ["down.weight", "gate.weight", "up.weight"];
  assert.equal(slices("l0 attn"), names(0, ...attn));
  assert.equal(slices("l1 mlp"), names(1, ...mlp));
  assert.equal(slices("l1"), names(1, ...attn, ...mlp, "norm.weight", "norm.bias"));
  assert.equal(slices("embed"), ["tokens.weight"]);
  refused("unembed", /ties its unembedding.*use embed/);
  assert.equal(slices("full"), [...toy.parameters.keys()]);
  assert.equal(slices("final.bias+embedded.weight"), ["final.bias", "embedded.weight"]);
  assert.equal(slices("l1 mlp[1:3]+l0 mlp[4:5]+tokens.weight"), [
    "tokens.weight",
    "blocks.0.down.weight columns 4-5",
    "blocks.0.gate.weight rows 4-5",
    "blocks.0.up.weight rows 4-5",
    "blocks.1.down.weight columns 1-3",
    "blocks.1.gate.weight rows 1-3",
    "blocks.1.up.weight rows 1-3",
  ]);
  assert.is(standardRestrictions(toy).length, 1 + 2 * 6 + 2);
  for (const name of [...standardRestrictions(toy), ...neuronGroups(toy, 2)]) parseRestriction(name, toy);
  assert.equal(
    ["l0h1", "l1g0+l1 mlp[0:1]", "blocks.1.norm.bias", "embed", "l0+l1", "final.bias"].map((name) =>
      layerOf(parseRestriction(name, toy), toy),
    ),
    [0, 1, 1, undefined, undefined, undefined],
  );
});

test("heads join inside their group only, and groups take in their heads", () => {
  const heads = (name: string) =>
    parseRestriction(name, toy)
      .parts?.get(0)
      ?.heads.map(({ range }) => range);
  assert.equal(heads("l0h3+l0h2+l0h1"), [
    [1, 3],
    [3, 4],
  ]);
  assert.equal(heads("l0h4+l0h1+l0g0"), [
    [0, 3],
    [4, 5],
  ]);
  assert.equal(heads("l0g1+l0g0"), [[0, 6]]);
  assert.equal(slices("l0g0+l0h1"), slices("l0g0"));
  assert.not.equal(slices("l0h0+l0h1+l0h2"), slices("l0g0"));
});

test("a piece of a head is its query or its columns of the output; keys that heads share are a group's", () => {
  assert.equal(slices("l1h4.q"), ["blocks.1.q.weight rows 8-10"]);
  assert.equal(slices("l1h4.o"), ["blocks.1.o.weight columns 8-10"]);
  assert.equal(slices("l1g1.k"), ["blocks.1.k.weight rows 2-4", "blocks.1.k.bias rows 2-4"]);
  assert.equal(slices("l1g1.q"), ["blocks.1.q.weight rows 6-12"]);
  const parts = parseRestriction("l0h4.q+l0g0.k", toy).parts?.get(0)?.heads;
  assert.equal(parts, [
    { range: [0, 3], pieces: ["k"] },
    { range: [4, 5], pieces: ["q"] },
  ]);
  refused("l1h4.k", /"l1h4\.k": heads 3 to 5 share their k; name that of the group: l1g1\.k/);
  refused("l1h4.v", /does not say where the v of a head lies; name l1 attn/);
  refused("l1g1.v", /does not say where the v of a head lies/);
  refused("l1h4.x", /no such component; did you mean "l1h4\.[qkvo]"/);
  refused("l1h7.q", /heads 0 to 5/);
  refused("l1 mlp.q", /no such component/);
});

test("unions of pieces: all of a head is the head, and a group takes in what it holds", () => {
  const same = (a: string, b: string) => {
    const [one, other] = [a, b].map((name) => parseRestriction(name, toy));
    assert.equal(one.slices, other.slices, a);
    assert.equal(one.parts, other.parts, a);
  };
  same("l0h4.o+l0h4.q", "l0h4");
  same("l0h4+l0h4.q", "l0h4");
  same("l0g1.o+l0g1.k+l0g1.q", "l0g1");
  same("l0g1+l0h4.q", "l0g1");
  same("l0g1.q+l0h4.q", "l0g1.q");
  same("l0h3.q+l0h3.o+l0h4", "l0h3+l0h4");
  same("l0h4.q+l0 attn", "l0 attn");
  assert.equal(slices("l0h3.q+l0h4.q"), ["blocks.0.q.weight rows 6-8", "blocks.0.q.weight rows 8-10"]);
  refused("l0g1.k+l0h4.q", /pieces of l0g1 move, and others of its head 4; .*whole group l0g1/);
  refused("l0h4+l0g1.k", /pieces of l0g1 move/);
  refused("l0h4.q+blocks.0.o.weight", /l0h4\.q reads blocks\.0\.o\.weight, which moves whole; .*l0 attn/);
  refused("l0h4.o+blocks.0.k.weight", /l0h4\.o reads blocks\.0\.k\.weight, which moves whole/);
  refused("l0g1.k+blocks.0.k.weight", /blocks\.0\.k\.weight holds a part of l0g1\.k only/);
});

test("the fine set: every piece that the model knows of, slices of neurons with a smaller last one", () => {
  const names = fineRestrictions(toy, 2);
  assert.equal(names.slice(0, 4), ["embed", "l0h0.q", "l0h0.o", "l0h1.q"]);
  assert.equal(names.slice(11, 18), [
    ...["l0h5.q", "l0h5.o", "l0g0.k", "l0g1.k"],
    ...["l0 mlp[0:2]", "l0 mlp[2:4]", "l0 mlp[4:5]"],
  ]);
  assert.is(names.length, 1 + 2 * (12 + 2 + 3));
  for (const name of names) parseRestriction(name, toy);
});

test("unions of parts with parameters that hold some of them, or that they read, are refused", () => {
  assert.equal(slices("l0g0+l0 attn"), slices("l0 attn"));
  refused("l0g0+blocks.0.k.weight", /blocks\.0\.k\.weight holds a part of l0g0 only; .*such as l0$/);
  refused("l0h0+blocks.0.k.weight", /l0h0 reads blocks\.0\.k\.weight, which moves whole; .*l0 attn/);
  assert.is(slices("l0h0+blocks.1.k.weight").length, 3);
});

test.run();
