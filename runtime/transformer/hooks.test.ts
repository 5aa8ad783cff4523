/** Plans that end at hook points, of the family that exists in the tests alone, run in f64. Against transformers: harness/verify/hidden. */
import * as assert from "uvu/assert";
import { HostMemory, runOnHost } from "../../harness/test/host-executor";
import { suite } from "../../harness/test/suite";
import { toy } from "../../harness/test/toy-family";
import { syntheticIds, syntheticWeights } from "../../models/synthetic";
import type { Model } from "./family";
import { FixedTensors } from "./fixed";
import { type HookPoint, hookName } from "./hook-points";
import { planHooks } from "./hooks";
import { tokenView } from "./model";
import { readAll } from "./weights";

const test = suite("runtime/transformer/hooks");
const T = toy.dims.positions;
const D = toy.dims.hidden;
const inputs = tokenView("inputs", [T]);
const ids = syntheticIds("hooks", T, toy.dims.vocab);
const weights = syntheticWeights(toy);

function planned(points: readonly HookPoint[], model: Model = toy) {
  const fixed = new FixedTensors(weights);
  const rows = { sequences: 1, positions: T };
  return { fixed, ...planHooks({ name: "hooks", model, fixed, rows, inputs }, points) };
}

/** Values by name, [T, D], f64. */
async function values(points: readonly HookPoint[]): Promise<Map<string, Float64Array>> {
  const { fixed, plan, states } = planned(points);
  const memory = new HostMemory();
  await memory.place(fixed);
  memory.write(inputs, ids);
  runOnHost(plan, memory);
  return new Map(states.map((view, i) => [hookName(points[i]), Float64Array.from(memory.at(view, T * D))]));
}

const layer = (kind: "resid_pre" | "attn_out" | "mlp_out" | "resid_post", layer: number): HookPoint => ({
  kind,
  layer,
});
const labels = (points: readonly HookPoint[]) => planned(points).plan.calls.map(({ label }) => label);

test("what a layer hands on is what it reads and both outputs; the next reads that", async () => {
  const points = [0, 1].flatMap((l) =>
    (["resid_pre", "attn_out", "mlp_out", "resid_post"] as const).map((w) => layer(w, l)),
  );
  const found = await values(points);
  for (const l of [0, 1]) {
    const [before, attn, mlp, after] = ["resid_pre", "attn_out", "mlp_out", "resid_post"].map(
      (w) => found.get(`l${l} ${w}`)!,
    );
    for (let i = 0; i < T * D; i++) {
      assert.ok(Math.abs(before[i] + attn[i] + mlp[i] - after[i]) < 1e-12, `l${l} ${i}`);
      assert.ok(Math.abs(attn[i]) > 1e-6 && Math.abs(mlp[i]) > 1e-6);
    }
  }
  assert.equal(found.get("l0 resid_post"), found.get("l1 resid_pre"));
});

test("embed is the matrix's rows; what layer 0 reads is after what the family does to them", async () => {
  const found = await values([{ kind: "embed" }, layer("resid_pre", 0)]);
  const all = await readAll(weights);
  const [table, weight, bias] = ["tokens.weight", "embedded.weight", "embedded.bias"].map(
    (name) => all.get(name)!.data,
  );
  for (let t = 0; t < T; t++) {
    const row = Array.from(table.subarray(ids[t] * D, (ids[t] + 1) * D));
    assert.equal(Array.from(found.get("embed")!.subarray(t * D, (t + 1) * D)), row);
    const mean = row.reduce((a, b) => a + b, 0) / D;
    const scale = 1 / Math.sqrt(row.reduce((a, b) => a + (b - mean) ** 2, 0) / D + 1e-6);
    for (let i = 0; i < D; i++) {
      const normed = (row[i] - mean) * scale * weight[i] + bias[i];
      assert.ok(Math.abs(found.get("l0 resid_pre")![t * D + i] - normed) < 1e-7 * (1 + Math.abs(normed)));
    }
  }
});

test("only what a point needs is computed", () => {
  assert.equal(labels([{ kind: "embed" }]), ["embed"]);
  assert.equal(labels([layer("resid_pre", 0)]), ["embed", "embedded norm"]);
  assert.equal(labels([layer("attn_out", 0)]), [
    ...["embed", "embedded norm", "l0 norm"],
    ...["l0 attention alone q", "l0 attention alone", "l0 attention alone o"],
  ]);
  // The MLP of this family reads the layer's norm, not what attention adds: attention is left out.
  assert.ok(!labels([layer("mlp_out", 0)]).some((label) => label.includes("attention")));
  assert.ok(!labels([layer("resid_post", 0)]).some((label) => label.includes("l1") || label.includes("alone")));
  assert.ok(!labels([layer("resid_pre", 1)]).some((label) => label.includes("l1")));
  assert.is(labels([{ kind: "final" }]).at(-1), "final norm");
});

test("a point twice is one place; none is none", () => {
  const { states } = planned([layer("resid_post", 0), layer("resid_pre", 1), layer("resid_post", 0)]);
  assert.is(states[0].slot, states[2].slot);
  assert.is(states[0].slot, states[1].slot);
  assert.equal(planned([]).plan.calls, []);
});

test("a layer that is not there, and a sublayer that a family plans in another way, are refused", () => {
  assert.throws(() => planned([layer("mlp_out", 2)]), /hook point l2 mlp_out: the model has 2 layers/);
  for (const l of [-1, 0.5, Number.NaN])
    assert.throws(() => planned([layer("resid_pre", l)]), /the model has 2 layers/);
  const bare: Model = { ...toy, family: "bare", planLayer: (_, h) => h };
  assert.throws(() => planned([layer("attn_out", 1)], bare), /l1 attn_out: bare plans no such sublayer by parts/);
  const twice: Model = { ...toy, planLayer: (plan, h, l) => toy.planLayer(plan, toy.planLayer(plan, h, l), l) };
  assert.throws(() => planned([layer("attn_out", 1)], twice), /l1 attn_out: planned in several pieces/);
});

test.run();
