/** What a run samples, and with which settings. */
import { join } from "node:path";
import * as assert from "uvu/assert";
import { settledConfig } from "../../harness/cli/run-config";
import { suite } from "../../harness/test/suite";
import type { SpectroscopeError } from "../../kernels/errors";
import { ModelFolder } from "../../models/hub/model-folder";
import { preset } from "../../models/nano/preset";
import { loadConfig } from "../../models/weights";
import { drawsDirectly } from "../config/sampler";
import { projectRoot } from "../node/root";
import { layoutBlock } from "../transformer/block";
import type { Model } from "../transformer/family";
import { parseRestriction } from "../transformer/restriction";
import { type RunConfig, runConfig } from "./config";
import type { Corpus } from "./corpus";
import { sampledTexts } from "./texts";
import { componentsOf, parseShard, restrictionsOf, shardOf, type UnitPlan, unitsOf } from "./units";

const test = suite("runtime/measure/units");
let model: Model;
test.before(async () => {
  model = await loadConfig(new ModelFolder(join(projectRoot(), "models", "nano")));
});
const config = (...sets: string[]) => settledConfig({}, "test", sets);

test("components are named once, in the order asked for, and full is none", () => {
  const some = config("weight_restrictions=l1h2,full,l0 mlp,l1h2", "neuron_groups=0");
  assert.equal(componentsOf(some, model), ["l1h2", "l0 mlp"]);
  const groups = ["l0 mlp[0:64]", "l0 mlp[64:128]", "l1 mlp[0:64]", "l1 mlp[64:128]"];
  const standard = componentsOf(config("weight_restrictions=standard,l0h1", "neuron_groups=2"), model);
  assert.equal(standard.slice(-4), groups);
  assert.is(new Set(standard).size, 20 + 4);
  assert.throws(() => componentsOf(config("weight_restrictions=l1h99"), model), /heads 0 to/);
});

test("fine: pieces of heads, slices of neurons, embed and unembed; full beside them only where it is needed", () => {
  const fine = config("weight_restrictions=fine");
  const names = componentsOf(fine, model);
  assert.is(names.length, 82);
  assert.equal(names.slice(0, 6), ["embed", "l0h0.q", "l0h0.k", "l0h0.v", "l0h0.o", "l0h1.q"]);
  assert.equal(names.slice(-2), ["l1 mlp[112:128]", "unembed"]);
  assert.equal(restrictionsOf(fine, model), names);
  assert.equal(restrictionsOf(config("weight_restrictions=fine", "estimator=two_chain"), model), ["full", ...names]);
  const coarse = componentsOf(config("weight_restrictions=l0h3,fine,l1 mlp", "neuron_slice=50"), model);
  assert.is(coarse.length, 2 + 64 + 6 + 2);
  assert.equal(coarse.slice(-4), ["l1 mlp[50:100]", "l1 mlp[100:128]", "unembed", "l1 mlp"]);
  // All four pieces of every head, and all slices of an MLP, are weights of their own.
  const blocks = names
    .filter((name) => name.startsWith("l0"))
    .map((name) => layoutBlock(parseRestriction(name, model), model));
  const moved = blocks.reduce((sum, { weights }) => sum + weights, 0);
  const whole = ["l0 attn", "l0 mlp"].map((name) => layoutBlock(parseRestriction(name, model), model).weights);
  // The biases of both outputs belong to no head and no neuron.
  assert.is(moved, whole[0] + whole[1] - 2 * model.dims.hidden);
});

test("a component's scale multiplies lr and divides localization; both priors have n_beta 0 and the component's budget", () => {
  const sets = ["weight_restrictions=full,l1h2,embed", "neuron_groups=0", "estimator=two_chain"];
  const sampler = ["sampler.lr=0.01", "sampler.localization=80", "sampler.n_beta=7", "sampler.num_draws=9"];
  const chosen = config(...sets, ...sampler, "component_scale.l1h2=2", "component_scale.embed=0.5");
  const units = unitsOf(chosen, model);
  const names = ["full", "l1h2", "embed"];
  assert.equal(
    units.map(({ name }) => name),
    ["", " n_beta=0", " n_beta=0 at equal rise"].flatMap((suffix) => names.map((name) => name + suffix)),
  );
  const unit = (name: string) => units.find((one) => one.name === name)!;
  for (const [name, scale] of [["l1h2", 2] as const, ["embed", 0.5] as const]) {
    const { settings, restriction, chains } = unit(name);
    assert.equal([restriction, chains], [name, [0, 1, 2, 3]]);
    assert.equal(settings, { ...chosen.sampler, lr: 0.01 * scale, localization: 80 / scale });
    const control = unit(`${name} n_beta=0`);
    assert.equal([control.restriction, drawsDirectly(control.settings)], [name, true]);
    assert.not(drawsDirectly(settings));
    assert.equal(control.settings, { ...settings, n_beta: 0 });
    // Where it is to be matched, its localization is found when it is sampled.
    const matched = unit(`${name} n_beta=0 at equal rise`);
    assert.equal(matched, { ...control, name: matched.name, match: { chains: name, prior: control.name } });
    assert.is(control.match, undefined);
  }
  assert.is(unitsOf(config(...sets, "controls.equal_rise=false"), model).length, 6);
  assert.is(unitsOf(config(...sets, "controls.equal_rise=false", "controls.n_beta_zero=false"), model).length, 3);
  assert.throws(
    () => config("controls.n_beta_zero=false"),
    ({ line }: SpectroscopeError) => /controls = .*"equal_rise":true.*; .*controls.equal_rise out with it/.test(line),
  );
  const boxed = unitsOf(config(...sets, "sampler.bounding_box_size=0.1"), model).map(({ name }) => name);
  assert.is(boxed.length, 6, "a box keeps the prior from being drawn directly");
  assert.not(boxed.some((name) => name.includes("equal rise")));
  assert.is(unitsOf(config(...sets, "sampler.n_beta=0"), model).length, 3, "a run at n_beta 0 is its own control");
});

test("components may be unions and any parameters, and settings that cannot be run are refused before anything is", () => {
  const parameter = "gpt_neox.layers.1.attention.dense.weight";
  const some = config(`weight_restrictions=l0h1+l1h2,${parameter}`, "neuron_groups=0");
  assert.equal(componentsOf(some, model), ["l0h1+l1h2", parameter]);
  assert.throws(() => componentsOf(config("weight_restrictions=l0h1+l9h2"), model), /l9h2/);
  const steep = config("weight_restrictions=l0h1", "sampler.lr=1", "sampler.localization=5");
  assert.throws(() => unitsOf(steep, model), /lr is .*: it must be below 4/);
  const loose = config("weight_restrictions=l0h1", "sampler.n_beta=0", "sampler.localization=0");
  assert.throws(() => unitsOf(loose, model), /localization is 0: it must be above 0 where n_beta is 0/);
});

test("shards: every chain of every unit is in exactly one, with its controls, and each has its share", () => {
  const chosen = config("weight_restrictions=l0h1,l1h2,embed", "sampler.num_chains=3");
  const units = unitsOf(chosen, model);
  const pairs = (some: readonly UnitPlan[]) =>
    some.flatMap(({ name, chains }) => chains.map((chain) => `${name} ${chain}`));
  assert.is(units.length, 9);
  for (const count of [1, 2, 4, 5, 9, 25]) {
    const shards = Array.from({ length: count }, (_, i) => shardOf(units, { index: i + 1, count }));
    const all = shards.flatMap(pairs);
    assert.equal(all.sort(), pairs(units).sort(), `${count} shards`);
    // Three units of a component's chain are dealt together.
    const sizes = shards.map((shard) => pairs(shard).length / 3);
    assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1, `${count} shards hold ${sizes}`);
    for (const shard of shards) {
      const chainsOf = (name: string) => shard.find((one) => one.name === name)?.chains;
      for (const { match, chains } of shard) {
        if (match) assert.equal([chainsOf(match.chains), chainsOf(match.prior)], [chains, chains]);
      }
    }
    for (const shard of shards.flat()) {
      assert.ok(shard.chains.length > 0, "no unit without chains");
      assert.equal(shard.chains, [...shard.chains].sort());
      const { settings } = units.find(({ name }) => name === shard.name)!;
      assert.equal(shard.settings, settings, "noise depends on the settings of the whole run");
    }
  }
});

test("which shard: I of N, from 1", () => {
  assert.equal(parseShard("2/4"), { index: 2, count: 4 });
  assert.equal(parseShard("1/1"), { index: 1, count: 1 });
  for (const text of ["", "0/4", "5/4", "1", "1/", "/4", "-1/4", "1.5/4", "1/0", "a/b", "1/4/2", " 1/4"]) {
    const refused = (error: SpectroscopeError) =>
      error.exitCode === 2 && /--shard is ".*"; write I\/N/.test(error.line);
    assert.throws(() => parseShard(text), refused);
  }
});

test("traces are kept of nano and not of other models, unless it is said", () => {
  assert.is(config().keep_traces, true);
  assert.is(config("keep_traces=false").keep_traces, false);
  assert.is(config("model=some/dir").keep_traces, false);
  assert.is(config("model=some/dir", "keep_traces=true").keep_traces, true);
  assert.throws(() => config("keep_traces=perhaps"), /keep_traces/);
  // What a run directory holds reads back as it was.
  assert.equal(
    runConfig(JSON.parse(JSON.stringify(config("keep_traces=false"))), "again"),
    config("keep_traces=false"),
  );
});

test("the sampling task is the probe, or the first sequences of the pool", () => {
  const sets = ["probe_sequences=3", "pool_sequences=5", "sampling_sequences=2"];
  const textsOf = (own: RunConfig) => sampledTexts(preset.corpora(own, model.dims.positions), own);
  assert.is(textsOf(config(...sets)).task, undefined);
  const { task, pool } = textsOf(config(...sets, "sampling_task=pool"));
  assert.is(task!.columns, pool.columns);
  assert.equal(Array.from(task!.ids), Array.from(pool.ids.subarray(0, 2 * pool.columns)));
  const more = config("pool_sequences=5", "sampling_task=pool");
  const refused = ({ line, exitCode }: SpectroscopeError) =>
    exitCode === 2 && /sampling_sequences is 16, the pool has 5 sequences; --set sampling_sequences=5/.test(line);
  assert.throws(() => textsOf(more), refused);
});

test("texts of other lengths cannot share a mean loss by position", () => {
  const corpus = (...ids: number[]): Corpus => ({
    ids: Uint32Array.from(ids),
    rows: 1,
    columns: ids.length,
    nameOf: String,
  });
  const corpora = { probe: corpus(1, 2, 3), pool: corpus(1, 2, 3, 4) };
  assert.is(sampledTexts(corpora, config()).probe.columns, 3);
  const task = config("sampling_task=pool", "sampling_sequences=1");
  const refused = ({ line, exitCode }: SpectroscopeError) =>
    exitCode === 2 && /its sequences have 4 ids, those of the probe 3; give both texts rows of one length/.test(line);
  assert.throws(() => sampledTexts(corpora, task), refused);
});

test("the unrestricted model is sampled when it is asked for, with the standard set, or when two_chain needs it", () => {
  const first = (...sets: string[]) => unitsOf(config(...sets), model)[0].name;
  assert.is(first("weight_restrictions=standard"), "full");
  assert.is(first("weight_restrictions=l1h2"), "l1h2");
  assert.is(first("weight_restrictions=l1h2", "estimator=two_chain"), "full");
  const full = (...sets: string[]) =>
    unitsOf(config(...sets), model).filter(({ restriction }) => restriction === "full");
  assert.is(full("weight_restrictions=standard").length, 1, "no column, so without priors of its own");
  assert.is(
    full("weight_restrictions=standard", "estimator=two_chain").length,
    3,
    "two_chain takes those of the priors from them",
  );
});

test("component_scale is checked: an object of positive numbers by restriction names, laid over the model's table", () => {
  const { component_scale } = settledConfig({ component_scale: { l0h0: 5 } }, "test", []);
  assert.is(component_scale.l0h0, 5);
  assert.ok(component_scale.embed < 1, "the rest of the table stays");
  for (const wrong of [3, "ab", null, [1], { l0h0: 0 }, { l0h0: "1" }]) {
    assert.throws(() => runConfig({ component_scale: wrong }, "test"), /component_scale/);
  }
  assert.throws(() => runConfig({ cluster: null }, "test"), /"cluster" is not a JSON object/);
  assert.throws(() => unitsOf(config("component_scale.l9h9=2"), model), /l9h9/);
});

test("every measured target has a role and a mode, in the order of the losses", () => {
  const { probe, pool } = preset.corpora(config("probe_sequences=3", "pool_sequences=2"), model.dims.positions);
  assert.equal([probe.rows, probe.ids.length], [3, 3 * probe.columns]);
  assert.equal([pool.rows, pool.ids.length], [2, 2 * pool.columns]);
  const tokens = 3 * (probe.columns - 1);
  const { roles, modes } = probe.labels!;
  for (const { numbers, names } of [roles, modes]) {
    assert.is(numbers.length, tokens);
    assert.ok(numbers.every((number) => typeof names[number] === "string" && names[number] !== ""));
  }
  assert.not.equal(probe.ids.slice(0, 2 * probe.columns), pool.ids, "minibatches are other text");
});

test.run();
