/** Which matrix is clustered with which weights under which name, and how a result is scored. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { settledConfig } from "../../harness/cli/run-config";
import { plannedUnits, storeUnit } from "../../harness/test/made-up-unit";
import { plantClusters } from "../../harness/test/planted";
import { seededRandom } from "../../harness/test/random";
import { stopAfter } from "../../harness/test/stop-after";
import { suite } from "../../harness/test/suite";
import { clusterTokens } from "../cluster/cluster";
import { CORRELATION_SQUASH } from "../cluster/config";
import { gaussianMatrix, shuffledColumns } from "../cluster/controls";
import { type ColumnRule, normalizeColumns } from "../cluster/normalize";
import { principalScores } from "../cluster/pca";
import { columnReliability } from "../cluster/reliability";
import { scorePartition } from "../cluster/score";
import { DirectoryStore } from "../node/directory-store";
import type { Matrix } from "../statistics/matrix";
import { Run } from "../store/run";
import { splitHalf } from "../susceptibility/agreement";
import { type ChiTable, chainMatrices, chiMatrix, matricesByChain } from "../susceptibility/chi-table";
import { type AnalysisContext, analyzeSamples } from "./analysis";
import { chiStability, clusterProfiles, evidenceOf } from "./chi-clusters";
import { chiTable, openUnit } from "./chi-tables";
import { runConfig } from "./config";
import type { Labelling } from "./corpus";
import { scoreRow } from "./scoring";
import { traceMatrix } from "./trace-features";

const test = suite("runtime/measure/analysis");
const shape = { draws: 6, chains: 4, tokens: 48 };
const components = ["l0h0", "l0h1", "l0h2", "l0h3"];
// Everything that hangs together at all is a cluster: what is compared is the path, not the selection.
const loose = ["null=none", "excess_min=0", "recurrence_min=0", "k=6", "min_size=3"];
const config = settledConfig({}, "test", [...loose.map((set) => `cluster.${set}`), "trace_rank=6"]);
const columns = 9;
let folder = "";
let context: AnalysisContext;

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectroscope-analysis-"));
  const names = [
    ...["full", ...components].flatMap((name) => [name, `${name} n_beta=0`]),
    ...components.map((name) => `${name} n_beta=0 at equal rise`),
  ];
  const directory = await Run.begin(new DirectoryStore(join(folder, "run")), {
    config: {},
    provenance: {},
    plan: plannedUnits(names, shape),
  });
  const { draws, chains, tokens } = shape;
  for (const [index, name] of names.entries()) {
    const random = seededRandom(70 + index);
    const answer = Array.from({ length: tokens }, () => random.normal());
    const mean = answer.reduce((a, b) => a + b, 0) / tokens;
    const traces: number[] = [];
    const phi: number[] = [];
    for (let row = 0; row < draws * chains; row++) {
      // Tokens answer a draw's size in proportion, alike in all chains, beside a little noise.
      const size = random.normal();
      const losses = answer.map((a) => size * (1 + a - mean) + 0.1 * random.normal());
      traces.push(...losses);
      phi.push(losses.reduce((a, b) => a + b, 0) / tokens);
    }
    await storeUnit(directory, name, {
      sizes: shape,
      traces: Float32Array.from(traces),
      phi: Float32Array.from(phi),
      positions: columns - 1,
    });
  }
  const ids = Uint32Array.from({ length: 6 * columns }, (_, i) => (7 * i * i) % 11);
  context = { run: directory, config, components, probe: { ids, rows: 6, columns, nameOf: String } };
});
test.after(() => rm(folder, { recursive: true, force: true }));

test("every feature set under its name, controls marked, each weighed by its own chains", async () => {
  const { results, reliability } = await analyzeSamples(context);
  assert.equal(
    results.map(({ features, control, baseline = false }) => [features, control, baseline]),
    [
      ["chi", false, false],
      ["chi, shuffled draws", true, false],
      ["chi, n_beta = 0", true, false],
      ["chi, n_beta = 0 at equal rise", true, false],
      ["chi, every column shuffled", true, false],
      ["Gaussian matrix", true, false],
      ["chi, columns unweighted", false, false],
      ["chi, columns unweighted, shuffled draws", true, false],
      ["trace features", false, false],
      ["trace features, shuffled draws", true, false],
      ["trace features, n_beta = 0", true, false],
      ["trace features, n_beta = 0 at equal rise", true, false],
      ["token identity", false, true],
    ],
  );
  const request = { estimator: config.estimator, seed: config.sampler.seed } as const;
  // By the definition: correlations of all chains, columns weighed by how far those of each chain agree.
  const clustered = ({ tokens, components: names, correlation }: ChiTable): Matrix => {
    return { rows: tokens, cols: names.length, data: correlation.values };
  };
  const weightsOf = (table: ChiTable) => {
    const chains = matricesByChain(table, table.correlation);
    return columnReliability(chains, CORRELATION_SQUASH, config.cluster.reliability_z).weights;
  };
  const labelsOf = async (matrix: Matrix, weights?: Float64Array, columns: ColumnRule = CORRELATION_SQUASH) =>
    Array.from((await clusterTokens(matrix, config.cluster, { columns, ...(weights ? { weights } : {}) })).labels);
  const labels = (name: string) => Array.from(results.find(({ features }) => features === name)!.clustering.labels);
  const chi = await chiTable(context.run, components, request);
  const shuffled = await chiTable(context.run, components, { ...request, null: "shuffled" });
  const prior = await chiTable(context.run, components, { ...request, suffix: " n_beta=0" });
  const matched = await chiTable(context.run, components, { ...request, suffix: " n_beta=0 at equal rise" });
  assert.equal(Array.from(reliability), Array.from(weightsOf(chi)));
  assert.ok(reliability.every((weight) => weight > 0.5));
  assert.equal(labels("chi"), await labelsOf(clustered(chi), weightsOf(chi)));
  assert.equal(labels("chi, shuffled draws"), await labelsOf(clustered(shuffled), weightsOf(shuffled)));
  assert.equal(labels("chi, n_beta = 0"), await labelsOf(clustered(prior), weightsOf(prior)));
  assert.equal(labels("chi, n_beta = 0 at equal rise"), await labelsOf(clustered(matched), weightsOf(matched)));
  const traces = { seed: config.sampler.seed, shuffle: false };
  for (const suffix of ["n_beta = 0", "n_beta = 0 at equal rise"]) {
    const own = { ...traces, suffix: ` ${suffix.replaceAll(" = ", "=")}` };
    const axes = principalScores(await traceMatrix(context.run, components, own), config.trace_rank);
    assert.equal(labels(`trace features, ${suffix}`), await labelsOf(axes, undefined, "asinh"));
  }
  const columnwise = shuffledColumns(clustered(chi), config.sampler.seed);
  assert.equal(labels("chi, every column shuffled"), await labelsOf(columnwise, weightsOf(chi)));
  const noise = gaussianMatrix(shape.tokens, components.length, config.sampler.seed);
  assert.equal(labels("Gaussian matrix"), await labelsOf(noise, undefined, "asinh"));
  assert.equal(labels("chi, columns unweighted"), await labelsOf(clustered(chi)));
  assert.equal(labels("chi, columns unweighted, shuffled draws"), await labelsOf(clustered(shuffled)));
  // The comparisons above mean something only where another path would end elsewhere.
  assert.not.equal(labels("chi, shuffled draws"), await labelsOf(clustered(shuffled), weightsOf(chi)));
  assert.not.equal(labels("chi, n_beta = 0"), labels("chi"));
  assert.not.equal(labels("chi, n_beta = 0"), labels("chi, n_beta = 0 at equal rise"));
  assert.not.equal(labels("chi"), await labelsOf(chiMatrix(chi), weightsOf(chi), "asinh"));
});

test("rows that come from draws have equal chains and draws, and say rise and reliability of their own units", async () => {
  const { results, splitHalf: found } = await analyzeSamples(context);
  const drawn = new Map(results.flatMap((row) => (row.drawn ? [[row.features, row.drawn] as const] : [])));
  const without = results.filter((row) => !row.drawn).map(({ features }) => features);
  assert.equal(without, ["Gaussian matrix", "token identity"]);
  for (const [name, { chains, draws }] of drawn) assert.equal([chains, draws], [shape.chains, shape.draws], name);
  // By the definition, from the traces that were stored.
  const riseOf = async (suffix: string) => {
    let sum = 0;
    for (const name of components) {
      const phi = await (await openUnit(context.run, name + suffix)).phi();
      sum += phi.reduce((a, b) => a + b, 0) / phi.length / components.length;
    }
    return sum;
  };
  for (const [row, suffix] of [
    ["chi", ""],
    ["chi, shuffled draws", ""],
    ["trace features", ""],
    ["chi, n_beta = 0", " n_beta=0"],
    ["chi, n_beta = 0 at equal rise", " n_beta=0 at equal rise"],
    ["trace features, n_beta = 0 at equal rise", " n_beta=0 at equal rise"],
  ]) {
    assert.ok(Math.abs(drawn.get(row)!.meanRise - (await riseOf(suffix))) < 1e-9, row);
  }
  assert.not.equal(drawn.get("chi")!.meanRise, drawn.get("chi, n_beta = 0")!.meanRise);
  const sorted = Array.from(found).sort((a, b) => a - b);
  assert.ok(Math.abs(drawn.get("chi")!.reliability! - (sorted[1] + sorted[2]) / 2) < 1e-12);
  assert.ok(drawn.get("chi, shuffled draws")!.reliability! < drawn.get("chi")!.reliability!);
  assert.is(drawn.get("trace features")!.reliability, undefined);
});

test("columns=asinh clusters chi itself, as before there were correlations", async () => {
  const own = { ...config, cluster: { ...config.cluster, columns: "asinh" as const } };
  const { results, reliability, splitHalf: halves, chi } = await analyzeSamples({ ...context, config: own });
  const { weights } = columnReliability(chainMatrices(chi), "asinh", config.cluster.reliability_z);
  assert.equal(Array.from(reliability), Array.from(weights));
  assert.equal(
    Array.from(halves),
    Array.from(splitHalf(chainMatrices(chi), { seed: config.sampler.seed }).reliability),
  );
  const { labels } = await clusterTokens(chiMatrix(chi), own.cluster, { weights });
  assert.equal(Array.from(results[0].clustering.labels), Array.from(labels));
});

test("a run without traces has the shifted control instead, and no trace features", async () => {
  const bare = { ...config, keep_traces: false };
  const { results } = await analyzeSamples({ ...context, config: bare });
  const names = results.map(({ features }) => features);
  assert.equal(names, [
    "chi",
    "chi, shifted draws",
    "chi, n_beta = 0",
    "chi, n_beta = 0 at equal rise",
    "chi, every column shuffled",
    "Gaussian matrix",
    "chi, columns unweighted",
    "chi, columns unweighted, shifted draws",
    "token identity",
  ]);
  const request = { estimator: config.estimator, seed: config.sampler.seed } as const;
  const shifted = await chiTable(context.run, components, { ...request, null: "shifted" });
  const chi = { rows: shifted.tokens, cols: components.length, data: shifted.correlation.values };
  const { labels } = results.find(({ features }) => features === "chi, columns unweighted, shifted draws")!.clustering;
  assert.equal(
    Array.from(labels),
    Array.from((await clusterTokens(chi, config.cluster, { columns: CORRELATION_SQUASH })).labels),
  );
});

test("without a loss in the posterior there is no n_beta = 0 control, nor where none is asked for", async () => {
  for (const sets of [["sampler.n_beta=0"], ["controls.n_beta_zero=false", "controls.equal_rise=false"]]) {
    const own = settledConfig({}, "test", [...loose.map((text) => `cluster.${text}`), "trace_rank=6", ...sets]);
    const { results } = await analyzeSamples({ ...context, config: own });
    assert.not(results.some(({ features }) => features.includes("n_beta")));
  }
  const plain = { ...config, controls: { n_beta_zero: true, equal_rise: false } };
  const { results } = await analyzeSamples({ ...context, config: plain });
  const priors = results.map(({ features }) => features).filter((name) => name.includes("n_beta"));
  assert.equal(priors, ["chi, n_beta = 0", "trace features, n_beta = 0"]);
});

test("what two equal runs would correlate comes from halves of the chains; one chain has none", async () => {
  const { chi, splitHalf: found } = await analyzeSamples(context);
  const chains = matricesByChain(chi, chi.correlation);
  assert.equal(Array.from(found), Array.from(splitHalf(chains, { seed: config.sampler.seed }).reliability));
  // Tokens answer alike in all chains, so halves of them agree.
  assert.ok(
    found.every((value) => value > 0.9 && value <= 1),
    `${found}`,
  );
  const byChain = chi.correlation.byChain.slice(0, chi.correlation.values.length);
  const single = evidenceOf({ ...chi, correlation: { ...chi.correlation, byChain } }, config);
  assert.equal([single.weights, single.halves, single.chains.length], [undefined, undefined, 1]);
  const unweighted = { cluster: { ...config.cluster, column_weights: "none" } } as typeof config;
  assert.is(evidenceOf(chi, unweighted).weights, undefined);
});

test("an interrupted analysis stops before the next clustering and says that nothing is lost", async () => {
  const begun: string[] = [];
  const attention = stopAfter(
    2,
    ({ kind }) => kind === "say",
    (event) => {
      if (event.kind === "say") begun.push(event.text);
    },
  );
  const error = await analyzeSamples({ ...context, ...attention }).catch((thrown) => thrown);
  assert.equal(begun, ["clustering chi", "clustering chi, shuffled draws"]);
  assert.is(error.code, "interrupted");
  assert.match(error.line, /stopped before the results were written; .*all draws are kept/);
});

test("token identity groups the measured targets, not the inputs", async () => {
  const { results } = await analyzeSamples(context);
  const { clusters, labels } = results.at(-1)!.clustering;
  const { ids } = context.probe;
  const targets = Array.from(ids).filter((_, i) => i % columns !== 0);
  assert.is(labels.length, shape.tokens);
  assert.is(clusters.length, new Set(targets).size);
  for (const { id, members, size } of clusters) {
    assert.is(size, members.length);
    for (const token of members) {
      assert.is(labels[token], id);
      assert.is(targets[token], targets[members[0]]);
    }
  }
});

test("roles and modes are scored each against their own names", () => {
  const labels = Int32Array.from({ length: 40 }, (_, i) => (i < 20 ? 0 : 1));
  const roles: Labelling = { numbers: labels, names: ["opening", "closing"] };
  const clusters = [0, 1].map((id) => ({ id, members: Array.from(labels.keys()).filter((i) => labels[i] === id) }));
  const clustering = { clusters, labels } as unknown as Parameters<typeof scoreRow>[0]["clustering"];
  const modeNumbers = Int32Array.from({ length: 40 }, (_, i) => i % 4);
  const modes: Labelling = { numbers: modeNumbers, names: ["code", "prose", "list", "sum"] };
  const row = scoreRow({ features: "x", control: true, clustering }, { roles, modes });
  assert.equal(
    [row.features, row.control, row.clusters, row.covered, row.meanBestF1, row.rolesAboveHalf, row.ariRoles],
    ["x", true, 2, 1, 1, 2, 1],
  );
  assert.is(row.ariModes, scorePartition(labels, modeNumbers).ari);
  assert.ok(row.ariModes < 0.1);
});

test("without known labels a row has counts alone", () => {
  const labels = Int32Array.of(0, 0, 0, -1);
  const clustering = { clusters: [{ id: 0, members: [0, 1, 2] }], labels } as unknown as Parameters<
    typeof scoreRow
  >[0]["clustering"];
  assert.equal(scoreRow({ features: "x", control: false, clustering }, undefined), {
    ...{ features: "x", control: false, clusters: 1, covered: 0.75 },
    ...{ meanBestF1: 0, rolesAboveHalf: 0, ariRoles: 0, ariModes: 0, nmiRoles: 0 },
  });
});

test("a profile is the mean of normalized columns, its error the standard error of that mean over chains", () => {
  // Normalized, every one of these columns holds plus and minus 1.
  const chains = [
    [1, 1, -1, -1],
    [1, -1, 1, -1],
    [-1, 1, 1, -1],
  ];
  const chi: ChiTable = {
    ...{ tokens: 4, components: ["l0h0"], chi: Float32Array.of(5, 5, 3, 3) },
    ...{ error: new Float32Array(4), byChain: Float32Array.from(chains.flat()) },
    correlation: {
      ...{ values: Float32Array.of(0.5, 0.25, 0, -1), error: new Float32Array(4) },
      byChain: Float32Array.of(0.75, 0.25, 0, -1, 0.5, 0, 0, -1, 0.25, 0, 0, -1),
    },
  };
  const plain = runConfig({}, "test", ["cluster.columns=zscore"]);
  const [{ profile, error }] = clusterProfiles([{ members: [0, 1] }], chi, plain);
  assert.ok(Math.abs(profile[0] - 1) < 1e-9);
  // Chains say 1, 0, 0: a spread of sqrt(1/3), over sqrt(3).
  assert.ok(Math.abs(error[0] - 1 / 3) < 1e-9, `${error[0]}`);
  const evidence = evidenceOf(chi, runConfig({}, "test"));
  assert.equal(Array.from(evidence.matrix.data), [0.5, 0.25, 0, -1], "correlations are what is clustered by default");
  const own = clusterProfiles([{ members: [0, 1] }], chi, runConfig({}, "test", ["cluster.columns=correlation"]))[0];
  const treated = normalizeColumns(evidence.matrix, CORRELATION_SQUASH).data;
  assert.ok(Math.abs(own.profile[0] - (treated[0] + treated[1]) / 2) < 1e-9, `${own.profile[0]}`);
});

test("stability of chi's clusters: half the tokens, the components, the chains; one chain has no halves", async (t) => {
  const planted = plantClusters({ seed: 2, sizes: [25, 30, 35], body: 160, dims: 12, centers: 2, spread: 0.3 });
  const random = seededRandom(5);
  const { rows: tokens, cols } = planted;
  const chain = () => Array.from(planted.data, (x) => x + 0.2 * random.normal());
  const chi: ChiTable = {
    ...{ tokens, components: Array.from({ length: cols }, (_, c) => `c${c}`), chi: Float32Array.from(planted.data) },
    ...{ error: new Float32Array(0), byChain: Float32Array.from([...chain(), ...chain(), ...chain()]) },
    correlation: { values: new Float32Array(0), error: new Float32Array(0), byChain: new Float32Array(0) },
  };
  const own = runConfig({}, "test", [
    "cluster.columns=asinh",
    "cluster.stability=2",
    "cluster.k=8",
    "cluster.min_size=6",
  ]);
  const truth = [0, 1, 2].map((label) => ({
    members: Array.from(planted.truth.keys()).filter((row) => planted.truth[row] === label),
  }));
  const scattered = { members: Array.from({ length: 20 }, (_, i) => 11 * i) };
  const done: number[] = [];
  const result = await chiStability([...truth, scattered], chi, own, { progress: (_, at) => done.push(at) });
  t.note(JSON.stringify(result));
  for (const { repeats, tokens, components: halves, chains } of result.slice(0, 3))
    assert.ok(repeats === 2 && tokens! > 0.5 && halves! > 0.5 && chains! > 0.5);
  for (const what of ["tokens", "components", "chains"] as const) assert.ok(result[3][what]! < 0.2);
  assert.equal(done, [0, 1, 2, 3, 4, 5], "two repeats of three kinds");
  const [single] = await chiStability(truth, { ...chi, byChain: chi.byChain.slice(0, tokens * cols) }, own);
  assert.equal(Object.keys(single), ["repeats", "tokens", "components"]);
});

test.run();
