/** What a run samples, and with which settings. */
import { join } from "node:path";
import * as assert from "uvu/assert";
import { loadConfig } from "../../models/weights";
import { projectRoot } from "../../runtime/device/root";
import type { NeoxConfig } from "../../runtime/neox/config";
import { suite } from "../test/suite";
import { runConfig } from "./config";
import { runText } from "./text";
import { componentsOf, unitsOf } from "./units";

const test = suite("harness/measure/units");
let model: NeoxConfig;
test.before(async () => {
  model = await loadConfig(join(projectRoot(), "models", "nano"));
});
const config = (...sets: string[]) => runConfig({}, "test", sets);

test("components are named once, in the order asked for, and full is none", () => {
  const some = config("weight_restrictions=l1h2,full,l0 mlp,l1h2", "neuron_groups=0");
  assert.equal(componentsOf(some, model), ["l1h2", "l0 mlp"]);
  const groups = ["l0 mlp[0:64]", "l0 mlp[64:128]", "l1 mlp[0:64]", "l1 mlp[64:128]"];
  const standard = componentsOf(config("weight_restrictions=standard,l0h1", "neuron_groups=2"), model);
  assert.equal(standard.slice(-4), groups);
  assert.is(new Set(standard).size, 20 + 4);
  assert.throws(() => componentsOf(config("weight_restrictions=l1h99"), model), /heads 0 to/);
});

test("a component's scale multiplies lr and divides localization; the control has n_beta 0 and its own draws", () => {
  const sets = ["weight_restrictions=full,l1h2,embed", "neuron_groups=0", "estimator=two_chain"];
  const sampler = ["sampler.lr=0.01", "sampler.localization=80", "sampler.n_beta=7", "sampler.num_draws=9"];
  const chosen = config(
    ...sets,
    ...sampler,
    "controls.n_beta_zero_draws=5",
    "component_scale.l1h2=2",
    "component_scale.embed=0.5",
  );
  const units = unitsOf(chosen, model);
  const names = ["full", "l1h2", "embed"];
  assert.equal(
    units.map(({ name }) => name),
    [...names, ...names.map((name) => `${name} n_beta=0`)],
  );
  const unit = (name: string) => units.find((one) => one.name === name)!;
  for (const [name, scale] of [["l1h2", 2] as const, ["embed", 0.5] as const]) {
    const { settings, sampler: kind, restriction } = unit(name);
    assert.equal([kind, restriction], ["sgld", name]);
    assert.equal(settings, { ...chosen.sampler, lr: 0.01 * scale, localization: 80 / scale });
    const control = unit(`${name} n_beta=0`);
    assert.equal([control.sampler, control.restriction], ["gaussian", name]);
    assert.equal(control.settings, { ...settings, n_beta: 0, num_draws: 5 });
  }
  assert.is(unitsOf(config(...sets, "controls.n_beta_zero_draws=0"), model).length, 3);
});

test("the unrestricted model is sampled when it is asked for, with the standard set, or when two_chain needs it", () => {
  const first = (...sets: string[]) => unitsOf(config(...sets), model)[0].name;
  assert.is(first(), "full");
  assert.is(first("weight_restrictions=l1h2"), "l1h2");
  assert.is(first("weight_restrictions=l1h2", "estimator=two_chain"), "full");
});

test("component_scale is checked: an object of positive numbers by restriction names, laid over the model's table", () => {
  assert.is(runConfig({ component_scale: { l0h0: 5 } }, "test").component_scale.l0h0, 5);
  assert.ok(
    runConfig({ component_scale: { l0h0: 5 } }, "test").component_scale.embed < 1,
    "the rest of the table stays",
  );
  for (const wrong of [3, "ab", null, [1], { l0h0: 0 }, { l0h0: "1" }]) {
    assert.throws(() => runConfig({ component_scale: wrong }, "test"), /component_scale/);
  }
  assert.throws(() => runConfig({ cluster: null }, "test"), /"cluster" is not a JSON object/);
  assert.throws(() => unitsOf(config("component_scale.l9h9=2"), model), /l9h9/);
});

test("every measured target has a role and a mode, in the order of the losses", async () => {
  const text = await runText(config("probe_sequences=3", "pool_sequences=2"), model);
  assert.is(text.probe.ids.length, 3 * text.probe.columns);
  assert.is(text.pool.ids.length, 2 * text.pool.columns);
  const tokens = 3 * (text.probe.columns - 1);
  assert.is(text.labels!.roles.length, tokens);
  assert.is(text.labels!.modes.length, tokens);
  assert.ok([...text.labels!.roles, ...text.labels!.modes].every((name) => typeof name === "string" && name !== ""));
  assert.not.equal(text.probe.ids.slice(0, 2 * text.probe.columns), text.pool.ids, "minibatches are other text");
});

test.run();
