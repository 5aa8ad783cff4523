/** The config of a run: one schema over sampling, sampler and clustering, and what a model's preset brings. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import type { SpectroscopeError } from "../../kernels/errors";
import { DEFAULT_CLUSTER_CONFIG } from "../cluster/config";
import { checkSettings, samplerSchema } from "../config/sampler";
import { defaultsOf } from "../config/schema";
import { type RunPreset, runConfig } from "./config";

const test = suite("runtime/measure/config");
const of = (...sets: string[]) => runConfig({}, "run.json", sets);
const refused = (json: unknown, sets: string[], line: RegExp) =>
  assert.throws(
    () => runConfig(json, "run.json", sets),
    (error: SpectroscopeError) => {
      assert.match(error.line, line);
      return error.exitCode === 2;
    },
  );

test("sampler and clustering have the defaults of their own rooms, and pass their own checks", () => {
  const { sampler, cluster } = of();
  assert.equal(sampler, defaultsOf(samplerSchema));
  assert.equal(cluster, DEFAULT_CLUSTER_CONFIG);
  checkSettings(sampler);
});

test("one engine for all keys", () => {
  const config = of("cluster.k=15", "cluster.tolerances=[0.01,0.003]", "sampler.lr=1", "component_scale.l0h3=0.5");
  assert.equal([config.cluster.k, config.cluster.tolerances], [15, [0.01, 0.003]]);
  assert.equal([config.sampler.lr, config.component_scale], [1, { l0h3: 0.5 }]);
  refused({ lr: 0.1 }, [], /run\.json: unknown key "lr"; did you mean "sampler\.lr"\?/);
  refused({ cluster: { k: 0 } }, [], /run\.json: "cluster\.k" is 0; it must be a whole number, at least 1, or null/);
  refused({}, ["cluster.whiten=rank"], /whiten = "rank" with whiten_rank = 0; whiten=rank and a whiten_rank/);
  assert.is(of("cluster.whiten=rank", "cluster.whiten_rank=3").cluster.whiten_rank, 3, "checked when all is set");
  refused({}, ["sampler.num_draws=3"], /--set sampler\.num_draws is 3; it must be a whole number, at least 4/);
});

test("a preset is what holds where the config is silent; a manifest's config needs none", () => {
  const preset: RunPreset = {
    componentScale: { l0h0: 0.3, embed: 0.1 },
    weightRestrictions: ["fine"],
    keepTraces: true,
    keepModes: true,
  };
  const bare = of();
  assert.equal([bare.component_scale, bare.keep_traces, bare.weight_restrictions], [{}, false, ["standard"]]);
  const own = runConfig({ component_scale: { l0h0: 2 } }, "run.json", ["component_scale.l1h1=3"], preset);
  assert.equal([own.component_scale, own.keep_traces], [{ l0h0: 2, embed: 0.1, l1h1: 3 }, true]);
  assert.equal(own.weight_restrictions, ["fine"]);
  assert.equal(runConfig({}, "run.json", ["weight_restrictions=l0h0"], preset).weight_restrictions, ["l0h0"]);
  assert.is(runConfig({ keep_traces: false }, "run.json", [], preset).keep_traces, false);
  assert.equal(runConfig(JSON.parse(JSON.stringify(own)), "manifest.json"), own);
});

test("a corpus is ids or text, and only text is cut into rows", () => {
  const { probe_text, pool_tokens, row_length } = of("probe_text=a.txt", "pool_tokens=b.npy", "row_length=64");
  assert.equal([probe_text, pool_tokens, row_length], ["a.txt", "b.npy", 64]);
  refused({ probe_text: "a" }, ["probe_tokens=b"], /run\.json: probe_tokens = "b" with probe_text = "a"; a corpus is/);
  refused({}, ["pool_text=a", "pool_tokens=b"], /pool_tokens = "b" with pool_text = "a"; .* leave one of them out/);
  refused({}, ["row_length=8", "probe_tokens=a"], /row_length = 8 without probe_text or pool_text; only text is cut/);
  refused(
    {},
    ["probe_text=a", "row_length=1"],
    /--set row_length is 1; it must be a whole number, at least 2, or null/,
  );
  assert.not("row_length" in JSON.parse(JSON.stringify(runConfig({ row_length: null }, "run.json"))));
});

test("a key of an earlier version means what it meant, or says what is so now", () => {
  const off = { n_beta_zero: false, equal_rise: false };
  assert.equal(runConfig({ controls: { n_beta_zero_draws: 0 } }, "run.json").controls, off);
  assert.equal(of("controls.n_beta_zero_draws=0").controls, off);
  assert.equal(of("controls.n_beta_zero_draws=0", "controls.n_beta_zero=true").controls.n_beta_zero, true);
  refused({ controls: { n_beta_zero_draws: 20 } }, [], /run\.json: "controls\.n_beta_zero_draws" is 20: a prior has/);
  refused({}, ["controls.n_beta_zero_draws=20"], /--set controls\.n_beta_zero_draws is "20": .*; leave the key out/);
});

test("a number of a hundred thousand digits that is none is refused at once", () => {
  const start = process.cpuUsage();
  refused({}, [`sampler.seed=${"7".repeat(100_000)}x`], /--set sampler\.seed is "7+/);
  assert.ok(process.cpuUsage(start).user < 1e6);
});

test.run();
