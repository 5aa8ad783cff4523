/** The keys of a clustering. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { SpectroscopeError } from "../../kernels/errors";
import { DEFAULT_CLUSTER_CONFIG, parseClusterConfig } from "./config";

const test = suite("runtime/cluster");

test("every config key is checked", () => {
  assert.equal(parseClusterConfig({}), { ...DEFAULT_CLUSTER_CONFIG });
  assert.is(parseClusterConfig({ k: 7 }).k, 7);
  const refused = (input: object, pattern: RegExp) =>
    assert.throws(
      () => parseClusterConfig(input),
      (error: Error) => error instanceof SpectroscopeError && error.exitCode === 2 && pattern.test(error.line),
    );
  refused({ alhpa: 0.1 }, /cluster config: unknown key "alhpa"; did you mean "alpha"/);
  refused({ min_sise: 3 }, /min_size/);
  refused({ toString: 1 }, /unknown key "toString"/);
  refused({ whiten: "rank" }, /whiten = "rank" with whiten_rank = 0; whiten=rank and a whiten_rank/);
  refused({ whiten: "shrinkage", whiten_rank: 3 }, /whiten = "shrinkage" with whiten_rank = 3/);
  refused({ search: "paper", tolerances: [1e-3, 1e-4] }, /search = "paper" with tolerances = .*; .* one tolerance/);
  assert.is(parseClusterConfig({ search: "paper", tolerances: [1e-4] }).search, "paper");
  const wrong: Record<string, unknown[]> = {
    columns: ["z", 1],
    rows: ["standardise"],
    whiten: ["pca", true],
    whiten_rank: [-1, 0.5],
    k: [0, 2.5, "12"],
    neighbors: ["fast", 1],
    symmetrize: ["both"],
    column_weights: ["all"],
    reliability_z: [-1],
    alpha: [0, 1, Number.NaN],
    search: ["fast"],
    tolerances: [[], [0], ["a"], 0.1],
    min_size: [1, 0],
    max_share: [0, 1.01],
    num_seeds: [0],
    max_hits: [0],
    refine: [true],
    null: ["none at all"],
    null_draws: [0],
    excess_min: [2],
    recurrence_min: [-0.1],
    assign: ["all"],
    assign_share: [0],
    stability: [-1, 0.5],
    comparison: [-1, 0.5],
    seed: [-1, 1.5],
  };
  assert.equal(
    Object.keys(wrong).sort(),
    Object.keys(DEFAULT_CLUSTER_CONFIG).sort(),
    "every key has wrong values here",
  );
  for (const [key, values] of Object.entries(wrong))
    for (const value of values) refused({ [key]: value }, new RegExp(`cluster config: "${key}" is .*; it must be `));
});

test.run();
