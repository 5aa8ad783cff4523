/** How components of a layer share a plan; that the numbers are right, `runtime/sampler/lockstep.test.ts` shows. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { CONTEXT, tinyModel } from "../../harness/test/tiny-model";
import { sum } from "../../kernels/add/sum";
import { tensor, type View } from "../plan/plan";
import { layoutBlock } from "./block";
import { FixedTensors } from "./fixed";
import { type Branch, groupSlice, type JointPlan, layerOf, planJoint } from "./joint";
import { tokenView } from "./model";
import { ChainWeights } from "./moving";
import { parseRestriction } from "./restriction";
import { neededCalls, PrefixCache } from "./tape";

const test = suite("runtime/transformer/joint");
const CHAINS = 8;
const ROWS = { sequences: 2, positions: CONTEXT };
const R = ROWS.sequences * ROWS.positions;

async function planned(
  names: readonly string[],
  layer: number,
  cache = new PrefixCache(),
  settings: Readonly<Record<string, unknown>> = {},
): Promise<JointPlan> {
  const { model, weights } = await tinyModel(3, 4, {}, settings);
  const branches = names.map((name): Branch => {
    const restriction = parseRestriction(name, model);
    const block = layoutBlock(restriction, model);
    const [w, g] = ["w", "g"].map((part) => tensor(`${name} ${part}`, [CHAINS, block.size], "kept"));
    const indices = tokenView(`${name} rows`, [CHAINS, R]);
    return { restriction, moving: new ChainWeights(block, { weights: w, gradients: g }), groups: CHAINS, indices };
  });
  const tokens = { inputs: tokenView("inputs", [R]), targets: tokenView("targets", [R]) };
  const batch = { sequences: ROWS.sequences, targets: tokenView("batch targets", [names.length * CHAINS, R]) };
  return planJoint({
    name: "joint",
    model,
    fixed: new FixedTensors(weights),
    rows: ROWS,
    tokens,
    cache,
    layer,
    branches,
    batch,
  });
}

const labels = ({ calls }: JointPlan["body"]) => calls.map(({ label }) => label);

test("after the layer there is one call for all chains of all components, before it none for any", async () => {
  const names = ["l1h0", "l1h1", "l1 mlp"];
  const { body, prefix, losses } = await planned(names, 1);
  assert.equal(losses.shape, [3 * CHAINS, R]);
  const count = (label: string) => labels(body).filter((one) => one === label).length;
  for (const label of ["l2 attention qkv", "l2 mlp out", "l2 mlp out backward", "final norm", "loss"]) {
    assert.is(count(label), 1, label);
    const { tensors } = body.calls.find((call) => call.label === label)!;
    assert.ok(
      Object.values(tensors).some(({ shape }) => shape[0] === 3 * CHAINS),
      label,
    );
  }
  assert.equal(
    labels(body).filter((label) => label.startsWith("l0 ")),
    [],
    "nothing before the layer is the chains' own",
  );
  // The first layer and the norms once; of the second, what the components do not move, once for those that need it.
  for (const label of ["l0 mlp out", "l1 input_layernorm", "l1 attention qkv"]) {
    assert.is(labels(prefix).filter((one) => one === label).length, 1, label);
  }
});

test("no call reads one component's part of a tensor and writes another's: WebGPU binds a buffer one way", async () => {
  for (const layer of [0, 1, 2]) {
    const names = [`l${layer}h0`, `l${layer} mlp`, `l${layer}h0+l${layer}h1+l${layer} mlp[0:2]`, `l${layer}`];
    // Several ranges write one after the other what the layer's last sublayer gives: here the MLP.
    const ranges = [`l${layer} mlp[0:1]+l${layer} mlp[2:3]`, `l${layer}h1`];
    const plans = [
      await planned(names, layer),
      await planned(ranges, layer, undefined, { use_parallel_residual: false }),
    ];
    for (const { label, kernel, tensors } of plans.flatMap(({ body }) => body.calls)) {
      const bindings = Object.entries(kernel.bindings);
      const written = bindings.filter(([, { access }]) => access !== "read").map(([name]) => tensors[name].slot);
      const read = bindings.filter(([, { access }]) => access === "read").map(([name]) => tensors[name].slot);
      assert.not.ok(
        written.some((slot) => read.includes(slot)),
        label,
      );
    }
  }
});

test("what another plan has kept is not made again on the way to nothing", async () => {
  const cache = new PrefixCache();
  const first = await planned(["l1h0"], 1, cache);
  assert.ok(labels(first.prefix).includes("l0 attention qkv"));
  // Of another head only its own part is new: the layer's output without it.
  assert.equal(labels((await planned(["l1h1"], 1, cache)).prefix), ["l1 attention dense"]);
  const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => tensor(name, [1, 1, 1], name === "d" ? "kept" : "local"));
  const one = (label: string, from: View, y: View) => ({
    label,
    kernel: sum,
    tensors: { a: from, b: from, y },
  });
  const calls = [one("needed", a, b), one("dead end", b, c), one("result", b, d)];
  assert.equal(neededCalls(calls), [calls[0], calls[2]]);
});

test("a component's layer, and the groups of a view", async () => {
  const { model } = await tinyModel(2, 4);
  const of = (name: string) => layerOf(parseRestriction(name, model), model);
  assert.equal(["l0h1", "l1 mlp[0:2]", "l1", "l1h0+l1 mlp"].map(of), [0, 1, 1, 1]);
  assert.equal(
    ["embed", "unembed", "full", "l0h0+l1h0", "gpt_neox.final_layer_norm.bias"].map(of),
    Array(5).fill(undefined),
  );
  const view = tensor("joint", [4, 16, 2], "local");
  assert.equal(groupSlice(view, 2, 2), { ...view, shape: [2, 16, 2], offset: 64 });
  assert.throws(() => groupSlice(view, 1, 2), /joint: group 1 begins at element 32, no multiple of 64/);
});

test.run();
