/** Plans of a model of a family that exists in the tests alone. */
import * as assert from "uvu/assert";
import { HostMemory, runOnHost } from "../../harness/test/host-executor";
import { suite } from "../../harness/test/suite";
import { tinyModel } from "../../harness/test/tiny-model";
import { toy } from "../../harness/test/toy-family";
import { syntheticIds, syntheticWeights } from "../../models/synthetic";
import { tensor, type View } from "../plan/plan";
import { gatherBlock, layoutBlock } from "./block";
import type { LayerPart, Model } from "./family";
import { FixedTensors } from "./fixed";
import { planJoint } from "./joint";
import { TapeLayers } from "./layer-plan";
import { planModel, splitRows, tokenView } from "./model";
import { ChainWeights } from "./moving";
import { parseRestriction } from "./restriction";
import { PrefixCache, Tape, type Value, type Weight } from "./tape";
import { memoryTensors, readAll, type Weights } from "./weights";

const test = suite("runtime/transformer/family");
const CONTEXT = toy.dims.positions;
const ROWS = { sequences: 1, positions: CONTEXT };
const weights = syntheticWeights(toy);

/** What each part of layer 0's attention gets, for a restriction. */
function partsOf(name: string): { part: LayerPart; weight: (name: string) => Weight }[] {
  const restriction = parseRestriction(name, toy);
  const block = layoutBlock(restriction, toy);
  const [state, gradients] = ["w", "g"].map((what) => tensor(what, [1, block.size], "kept"));
  const moving = new ChainWeights(block, { weights: state, gradients });
  const tape = new Tape("parts", 1, ROWS, ROWS, new PrefixCache());
  const plan = new TapeLayers(tape, { model: toy, fixed: new FixedTensors(weights), restriction, moving, rows: ROWS });
  const h: Value = { view: tensor("h", [CONTEXT, 4], "kept"), grouped: false, moves: false, key: "h" };
  const seen: { part: LayerPart; weight: (name: string) => Weight }[] = [];
  plan.byParts("l0 attention", 0, "head", h, undefined, (part) => {
    seen.push({ part, weight: (own) => part.weight(`blocks.0.${own}`) });
    return h;
  });
  return seen;
}

test("a part gets its own rows and columns; keys of a head that moves without its group are trained", () => {
  const [all] = partsOf("l1h0");
  assert.equal([all.part.count("head"), all.part.count("kv_head"), all.part.label("q")], [6, 2, "l0 attention q"]);
  assert.is(all.weight("o.weight").key, "blocks.0.o.weight");

  const [rest, group, head, ...others] = partsOf("l0g0+l0h4");
  assert.is(others.length, 0);
  assert.is(rest.weight("q.weight").key, "blocks.0.q.weight");
  assert.is(rest.weight("o.weight").key, "blocks.0.o.weight without columns 0 to 6, 8 to 10");
  assert.equal(
    [group, head].map(({ part }) => part.label("q")),
    ["l0 attention moving q 0", "l0 attention moving q 4"],
  );
  assert.equal(
    [group, head].map(({ part }) => part.count("head")),
    [3, 1],
  );
  assert.equal(
    [group, head].map(({ part }) => part.count("kv_head")),
    [1, 1],
  );
  for (const { weight } of [group, head]) assert.ok(weight("q.weight").gradient && weight("o.weight").gradient);
  assert.equal(group.weight("k.weight").gradient?.shape, [1, 2, 4]);
  const key = head.weight("k.weight");
  assert.equal(
    [key.view.slot.name, key.view.shape, key.gradient],
    ["blocks.0.k.weight rows 2 to 4", [2, 4], undefined],
  );
  assert.equal(head.weight("k.bias").view.shape, [2]);
  assert.is(head.part.optional("blocks.0.v.bias"), undefined);
  assert.is(head.weight("head_norm.weight").key, "blocks.0.head_norm.weight");
});

test("a parameter that several parts read is refused where it moves beside them", () => {
  const [, head] = partsOf("l0h1+blocks.0.head_norm.weight");
  assert.throws(
    () => head.weight("head_norm.weight"),
    /blocks\.0\.head_norm\.weight moves whole, and so do single parts/,
  );
});

const ids = splitRows(syntheticIds("toy", CONTEXT + 1, toy.dims.vocab), CONTEXT + 1);
const tokens = { inputs: tokenView("inputs", [CONTEXT]), targets: tokenView("targets", [CONTEXT]) };

/** Losses of plans on the host, in f64, with blocks where their weights move. */
async function losses(
  fixed: FixedTensors,
  plan: Pick<ReturnType<typeof planJoint>, "prefix" | "body" | "losses">,
  blocks: readonly { readonly view: View; readonly data: Float64Array }[],
): Promise<Float64Array> {
  const memory = new HostMemory();
  await memory.place(fixed);
  memory.write(tokens.inputs, ids.inputs);
  memory.write(tokens.targets, ids.targets);
  for (const { view, data } of blocks) memory.write(view, data);
  runOnHost(plan.prefix, memory);
  runOnHost(plan.body, memory);
  const { shape } = plan.losses;
  return memory.at(plan.losses, shape[0] * shape[1]) as Float64Array;
}

/** A restriction's chain at weights that are not the trained ones. */
async function elsewhere(name: string, model: Model = toy) {
  const weights = syntheticWeights(model);
  const restriction = parseRestriction(name, model);
  const block = layoutBlock(restriction, model);
  const [view, gradients] = ["w", "g"].map((what) => tensor(`${name} ${what}`, [1, block.size], "kept"));
  const data = Float64Array.from(await gatherBlock(weights, block), (w, i) => w + 0.3 * Math.sin(i));
  return { model, restriction, block, moving: new ChainWeights(block, { weights: view, gradients }), view, data };
}

/** The whole model's weights with a block's in them. */
async function replaced({ block, data, model }: Awaited<ReturnType<typeof elsewhere>>): Promise<Weights> {
  const all = await readAll(syntheticWeights(model));
  for (const { slice, shape, offset } of block.entries) {
    const whole = all.get(slice.parameter)!;
    const width = whole.shape[1] ?? 1;
    const own = shape[1] ?? 1;
    for (let r = 0; r < shape[0]; r++) {
      for (let c = 0; c < own; c++) {
        const at = ((slice.rows?.[0] ?? 0) + r) * width + (slice.columns?.[0] ?? 0) + c;
        whole.data[at] = data[offset + r * own + c];
      }
    }
  }
  return memoryTensors(all);
}

/** Both ways of its residuals, with biases everywhere. */
const neox = await Promise.all(
  [true, false].map(async (use_parallel_residual) => (await tinyModel(2, 6, {}, { use_parallel_residual })).model),
);
const NEOX_NAMES = [
  ...["l0h1", "l1h0", "l0h0+l0 mlp[1:2]+l0 mlp[3:5]", "l1 mlp[0:6]", "l0 attn", "full"],
  ...["l0h1.q", "l1h0.k", "l0h0.v", "l1h1.o", "l0h1.q+l0h1.v", "l0h0.k+l0h1.q+l1h1.v", "l0h0.o+l0h1+l0 mlp[1:2]"],
];

const NAMES = [
  "l0h1",
  "l0h4.q+l1h4.o",
  "l1g0.q",
  "l1g1",
  "l0g0+l0h4+l0 mlp[1:2]+l0 mlp[3:5]",
  "l1 mlp",
  "l0",
  "embed",
  "full",
  "embedded.bias",
];

test("losses of a restricted plan are those of the whole model with its weights in their places", async () => {
  const cases = [
    ...NAMES.map((name) => [name, toy] as const),
    ...neox.flatMap((model) => NEOX_NAMES.map((name) => [name, model] as const)),
  ];
  for (const [name, model] of cases) {
    const chain = await elsewhere(name, model);
    const common = { name: "toy", model, groups: 1, rows: ROWS, tokens } as const;
    const fixed = new FixedTensors(syntheticWeights(model));
    const { restriction, moving } = chain;
    const own = planModel({ ...common, fixed, restriction, moving, cache: new PrefixCache() });
    const whole = new FixedTensors(await replaced(chain));
    const none = { restriction: { name: "none", slices: [] }, moving: { find: () => undefined } };
    const expected = planModel({ ...common, fixed: whole, ...none, cache: new PrefixCache() });
    const [a, b] = [await losses(fixed, own, [chain]), await losses(whole, expected, [])];
    // The block is f64 here, the model's weights are rounded to f32.
    for (const [i, loss] of b.entries()) assert.ok(Math.abs(a[i] - loss) < 1e-6, `${name}: ${a[i]} and ${loss}`);
  }
});

test("components of a layer share a plan and keep their losses, to the bit", async () => {
  const branches = await Promise.all(["l0g0", "l0h4", "l0 mlp[0:2]"].map((name) => elsewhere(name)));
  // Eight chains each: their parts of the layer's output begin at multiples of 64.
  const groups = 8;
  const joint = branches.map(({ restriction, block, data }) => {
    const [view, gradients] = ["w", "g"].map((what) => tensor(what, [groups, block.size], "kept"));
    const copies = new Float64Array(groups * block.size);
    for (let g = 0; g < groups; g++) copies.set(data, g * block.size);
    return { restriction, moving: new ChainWeights(block, { weights: view, gradients }), groups, view, data: copies };
  });
  const common = { model: toy, rows: ROWS, tokens } as const;
  const fixed = new FixedTensors(weights);
  const plan = planJoint({ ...common, name: "joint", fixed, cache: new PrefixCache(), layer: 0, branches: joint });
  const all = await losses(fixed, plan, joint);
  for (const [i, { restriction, moving, view, data }] of branches.entries()) {
    const own = { name: "alone", fixed: new FixedTensors(weights), restriction, moving, groups: 1 };
    const alone = planModel({ ...common, ...own, cache: new PrefixCache() });
    const expected = await losses(own.fixed, alone, [{ view, data }]);
    const at = i * groups * CONTEXT;
    assert.equal(Array.from(all.subarray(at, at + CONTEXT)), Array.from(expected), restriction.name);
  }
});

test("a tied embedding's gradient is the sum of its two uses'", async () => {
  const { restriction, moving } = await elsewhere("embed");
  const [indices, inputs, targets] = ["rows", "inputs", "targets"].map((name) => tokenView(name, [1, CONTEXT]));
  const { body } = planModel({
    ...{
      name: "tied",
      model: toy,
      fixed: new FixedTensors(weights),
      restriction,
      moving,
      groups: 1,
      rows: ROWS,
      tokens,
    },
    batch: { sequences: 1, indices, inputs, targets },
    cache: new PrefixCache(),
  });
  assert.is(body.calls.at(-1)?.label, "tied gradient");
});

test.run();
