/** What configs and manifests of earlier versions say about a clustering. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { SpectroscopeError } from "../../kernels/errors";
import { runConfig } from "../measure/config";
import { DEFAULT_CLUSTER_CONFIG } from "./config";

const test = suite("runtime/cluster/former-keys");

/** Every key that is gone, as manifests hold it. */
const DEFAULTS = {
  walk: "simple",
  rule: "prominent",
  delta: 0.2,
  phi_max: 1,
  main_body: 0.99,
  stop_fraction: 0.001,
  polish_rounds: 5,
  strictness: 0.7,
  overlap: 0.6,
};
const PAPER = { walk: "lazy", rule: "global", polish_rounds: 0 };
const ofJson = (cluster: object) => runConfig({ cluster }, "old.json").cluster;
const ofSets = (cluster: object, json: object = {}) =>
  runConfig(
    json,
    "old.json",
    Object.entries(cluster).map(([key, value]) => `cluster.${key}=${value}`),
  ).cluster;
const refused = (make: () => unknown, pattern: RegExp) =>
  assert.throws(
    make,
    (error: Error) => error instanceof SpectroscopeError && error.exitCode === 2 && pattern.test(error.line),
  );

test("former keys at what they held by default are what holds now", () => {
  for (const read of [ofJson, ofSets]) {
    assert.equal(read(DEFAULTS), { ...DEFAULT_CLUSTER_CONFIG });
    for (const [key, value] of Object.entries(DEFAULTS)) {
      assert.equal(read({ [key]: value, k: 7 }), { ...DEFAULT_CLUSTER_CONFIG, k: 7 }, key);
    }
  }
});

test("the paper's together are search=paper", () => {
  for (const read of [ofJson, ofSets]) {
    const found = read({ ...DEFAULTS, ...PAPER, k: 45 });
    assert.equal(found, { ...DEFAULT_CLUSTER_CONFIG, search: "paper", k: 45 });
    assert.equal(read(PAPER), { ...DEFAULT_CLUSTER_CONFIG, search: "paper" });
    assert.is(read({ search: "paper", walk: "lazy" }).search, "paper");
  }
});

test("any other value is refused by name, with both ways on", () => {
  const other = { walk: "lazy", rule: "first_local", delta: 0.1, phi_max: 0.4, main_body: 0.9 };
  const others = { ...other, stop_fraction: 0, polish_rounds: 0, strictness: 0.5, overlap: 0.5 };
  for (const [key, value] of Object.entries(others)) {
    const line = new RegExp(
      `"cluster\\.${key}" is ${JSON.stringify(value)}, and is no key any more; leave it out, .*cluster\\.search=paper.*--preset paper`,
    );
    refused(() => ofJson({ ...DEFAULTS, [key]: value }), line);
    refused(() => ofSets({ [key]: value }), line);
    if (!Object.hasOwn(PAPER, key)) refused(() => ofJson({ ...PAPER, [key]: value }), /is no key any more/);
  }
  refused(() => ofJson({ phi_max: 0.4 }), /^old\.json: "cluster\.phi_max"/);
  refused(() => ofSets({ phi_max: 0.4 }), /^--set: "cluster\.phi_max"/);
  refused(() => ofJson({ search: "paper", walk: "simple" }), /"cluster\.walk" is "simple"/);
  refused(() => ofJson({ search: "multiscale", ...PAPER }), /"cluster\.walk" is "lazy"/);
  refused(() => ofSets({ walk: "" }), /"cluster\.walk" is ""/);
});

test("former keys of priors are understood beside them", () => {
  const json = { controls: { n_beta_zero_draws: 0 }, cluster: { walk: "simple" } };
  assert.equal(runConfig(json, "old.json").controls, { n_beta_zero: false, equal_rise: false });
  assert.equal(runConfig({}, "x", ["controls.n_beta_zero_draws=0", "cluster.walk=simple"]).controls, {
    n_beta_zero: false,
    equal_rise: false,
  });
});

test.run();
