/** Settings by what is clustered. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { SpectroscopeError } from "../../kernels/errors";
import { DEFAULT_CLUSTER_CONFIG, parseClusterConfig } from "./config";
import { CLUSTER_PRESETS, type ClusterInput, choosePreset, PRESET_NAMES, type PresetName, presetLine } from "./presets";

const test = suite("runtime/cluster/presets");

test("every preset is a config, and sets nothing that is the default", () => {
  for (const name of PRESET_NAMES) {
    const { keys, help, fits } = CLUSTER_PRESETS[name];
    const config = parseClusterConfig(keys);
    for (const [key, value] of Object.entries(keys)) assert.equal(config[key as keyof typeof config], value);
    assert.ok(!help.includes("\n") && fits.length > 0);
  }
  assert.equal(CLUSTER_PRESETS.susceptibilities.keys, {});
  assert.equal(parseClusterConfig({}), { ...DEFAULT_CLUSTER_CONFIG });
});

test("the paper's has the numbers that the paper tells", () => {
  // Conductance clustering of "Towards Spectroscopy" (arXiv 2601.12703): k 45, alpha 0.001, tolerance 1e-7, size 20, z-scores.
  const { k, alpha, tolerances, min_size, columns, search, refine, assign } = parseClusterConfig(
    CLUSTER_PRESETS.paper.keys,
  );
  assert.equal([k, alpha, tolerances, min_size, columns], [45, 0.001, [1e-7], 20, "zscore"]);
  assert.equal([search, refine, assign, CLUSTER_PRESETS.paper.keys.null], ["paper", "none", "none", "none"]);
});

test("without a name the input's own; what is set besides is not the preset's", () => {
  assert.equal(choosePreset(undefined, "run"), { name: "susceptibilities", keys: {} });
  assert.equal(choosePreset(undefined, "matrix"), { name: "susceptibilities", keys: {} });
  assert.equal(choosePreset(undefined, "graph"), { name: "graph", keys: { null: "none" } });
  const { rows, ...others } = CLUSTER_PRESETS.points.keys;
  assert.is(rows, "none");
  assert.equal(choosePreset("points", "matrix", new Set(["rows", "k"])), { name: "points", keys: others });
});

test("of a graph the paper's has no keys of points", () => {
  const { keys } = choosePreset("paper", "graph");
  const { columns, rows, column_weights, k, neighbors, symmetrize, ...others } = CLUSTER_PRESETS.paper.keys;
  assert.equal(keys, others);
});

test("a preset for other input is refused with those that fit", () => {
  const fits: Record<ClusterInput, PresetName[]> = {
    run: ["susceptibilities", "paper"],
    matrix: ["susceptibilities", "points", "paper"],
    graph: ["graph", "paper"],
  };
  for (const [input, names] of Object.entries(fits) as [ClusterInput, PresetName[]][]) {
    for (const name of PRESET_NAMES) {
      if (names.includes(name)) assert.is(choosePreset(name, input).name, name);
      else
        assert.throws(
          () => choosePreset(name, input),
          (error: Error) =>
            error instanceof SpectroscopeError &&
            error.exitCode === 2 &&
            error.line.includes(`--preset ${name} is for a `) &&
            error.line.includes(`and this is a ${input}; leave it out, or take ${names.join(" or ")}`),
        );
    }
  }
});

test("the line says it as --set would", () => {
  const line = presetLine(choosePreset("paper", "graph", new Set(["max_hits"])));
  assert.match(line, /^preset paper: search=paper, alpha=0\.001, tolerances=\[1e-7\], min_size=20, .*assign=none$/);
  assert.not.match(line, "max_hits");
  assert.is(presetLine(choosePreset(undefined, "matrix")), "preset susceptibilities: the defaults");
  assert.is(
    presetLine(choosePreset("graph", "graph", new Set(["null"]))),
    "preset graph: all its keys are set otherwise",
  );
});

test.run();
