/** Two analyzed runs beside each other, and the controls of one: made-up draws, no device. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { settledConfig } from "../../harness/cli/run-config";
import { comparisonTable } from "../../harness/cli/tables/comparison";
import { controlsTable } from "../../harness/cli/tables/controls";
import { sensitivityTable } from "../../harness/cli/tables/sensitivity";
import { plannedUnits, storeUnit } from "../../harness/test/made-up-unit";
import { nanoFolder } from "../../harness/test/nano";
import { seededRandom } from "../../harness/test/random";
import { refused } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { preset } from "../../models/nano/preset";
import type { JsonObject } from "../formats/json";
import { DirectoryStore } from "../node/directory-store";
import { Run } from "../store/run";
import { need } from "../store/store";
import { compareRuns } from "./compare";
import { controlsOf } from "./controls";
import { textHash } from "./fingerprint";
import { analyze } from "./measure";
import { readResults, writeSensitivity } from "./run-files";

const test = suite("runtime/measure/compare");
const CONTEXT = 64;
const sizes = { draws: 12, chains: 3, tokens: 2 * CONTEXT };
let folder = "";
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectroscope-compare-"));
});
test.after(() => rm(folder, { recursive: true, force: true }));

interface Made {
  readonly components: readonly string[];
  readonly seed: number;
  readonly chains?: number;
  readonly sets?: readonly string[];
}

/** Samples and analyzes a run whose tokens answer by component alike in every run, beside noise of its seed. */
async function made(name: string, { components, seed, chains = 3, sets = [] }: Made): Promise<string> {
  const path = join(folder, name);
  const config = settledConfig({}, "test", [
    ...[`weight_restrictions=${components.join(",")}`, "neuron_groups=0", "probe_sequences=2", "pool_sequences=2"],
    ...[`sampler.num_chains=${chains}`, `sampler.num_draws=${sizes.draws}`, `sampler.seed=${seed}`],
    ...["controls.n_beta_zero=false", "controls.equal_rise=false", "trace_rank=4", "cluster.k=6", "cluster.min_size=4"],
    ...sets,
  ]);
  const { cluster, ...sampling } = config;
  const model = await nanoFolder();
  const corpora = preset.corpora(config, model.model.dims.positions);
  const directory = await Run.begin(new DirectoryStore(path), {
    config: { ...sampling, inputs: { probe: await textHash(corpora.probe) } } as unknown as JsonObject,
    provenance: {},
    plan: plannedUnits(components, { ...sizes, chains }),
  });
  for (const component of components) {
    const answers = seededRandom(component.length + component.charCodeAt(component.length - 1));
    const answer = Array.from({ length: sizes.tokens }, () => answers.normal());
    const noise = seededRandom(1000 * seed + component.charCodeAt(component.length - 1));
    const rows = Array.from({ length: sizes.draws * chains }, () => {
      const size = 0.3 + 0.1 * noise.normal();
      return answer.map((a) => size * (1 + a) + 0.02 * noise.normal());
    });
    await storeUnit(directory, component, {
      sizes: { ...sizes, chains },
      traces: Float32Array.from(rows.flat()),
      phi: Float32Array.from(rows, (row) => row.reduce((a, b) => a + b, 0) / sizes.tokens),
      positions: CONTEXT,
      keepTraces: config.keep_traces,
      facts: { weights: 10 },
    });
  }
  await analyze(directory, { config, model, corpora });
  return path;
}

const opened = (path: string) => Run.open(new DirectoryStore(path));
const compared = async (a: string, b: string) => compareRuns(await opened(a), await opened(b));

test("two seeds: what differs, what agrees by column, and what no comparison can pass", async () => {
  const a = await made("a", { components: ["l0h1", "l0h2", "l1h3"], seed: 1 });
  const b = await made("b", { components: ["l1h3", "l0h1", "l1h4"], seed: 2 });
  const found = await compared(a, b);
  assert.equal(found.runs, [a, b]);
  assert.equal(
    found.differences.map(({ key }) => key),
    ["weight_restrictions", "sampler.seed"],
  );
  assert.equal(found.differences[1], { key: "sampler.seed", a: 1, b: 2 });
  assert.equal(
    found.components.map(({ name }) => name),
    ["l0h1", "l1h3"],
  );
  assert.equal(found.only, [["l0h2"], ["l1h4"]]);
  const results = await Promise.all([a, b].map(async (path) => readResults(await Run.open(new DirectoryStore(path)))));
  for (const { name, pearson, spearman, reliability, meanRise, llc } of found.components) {
    assert.ok(pearson! > 0.9 && spearman! > 0.9, `${name}: ${pearson}, ${spearman}`);
    const own = results.map(({ components }) => components.find((one) => one.name === name)!);
    assert.equal(
      meanRise,
      own.map((one) => one.meanRise),
    );
    assert.equal(
      reliability,
      own.map((one) => one.reliability!),
    );
    assert.equal(
      llc,
      own.map((one) => one.llc!),
    );
    assert.ok(Math.abs(llc[0]!.value - 10 * meanRise[0]) < 1e-9);
  }
  assert.equal(
    found.clusters.count,
    results.map(({ clusters }) => clusters.length),
  );
  const chi = found.rows.find(({ features }) => features === "chi")!;
  assert.equal([chi.control, chi.clusters], [false, found.clusters.count]);
  assert.ok(found.rows.some(({ features, control }) => features === "chi, shuffled draws" && control));
  assert.equal(JSON.parse(JSON.stringify(found)), found, "JSON holds all of it");
  const text = comparisonTable(found);
  for (const part of [`A: ${a}`, "sampler.seed: A 1, B 2", /only in A: l0h2/, /only in B: l1h4/, /^l0h1 +0\.9/m]) {
    assert.match(text, part);
  }
  const [back, self] = [await compared(b, a), await compared(a, a)];
  assert.equal([found.sharedSeed, back.sharedSeed, self.sharedSeed], [false, false, true]);
  assert.match(comparisonTable(self), "the same config");
});

test("runs that cannot be compared are refused, and the reason is named", async () => {
  const a = join(folder, "a");
  const other = await made("other", { components: ["l0h1"], seed: 1, sets: ["probe_seed=9"] });
  await refused(compared(a, other), /a and .*other measure different probes; compare runs over the same tokens/);
  const apart = await made("apart", { components: ["l1h7"], seed: 1 });
  await refused(compared(a, apart), /no component in common; compare runs whose weight_restrictions overlap/);
  await refused(compared(a, join(folder, "absent")), /absent: no manifest\.json, so it is not a run/);
  await Run.begin(new DirectoryStore(join(folder, "raw")), {
    config: {},
    provenance: {},
    plan: plannedUnits(["l0h1"]),
  });
  await refused(compared(a, join(folder, "raw")), /raw: not clustered yet; run `npx spectroscope cluster .*raw` first/);
});

test("results of another version are refused, with the command that makes them again", async () => {
  const run = await opened(join(folder, "a"));
  const text = Buffer.from(await need(run.store, "results.json")).toString();
  const write = (other: string) => run.replaceResults(["results.json"], () => run.writeFile("results.json", other));
  await write(text.replace('"version": 1', '"version": 2'));
  const refusal =
    /results\.json: format spectroscope-results of version 2, this .* knows .* 1; run `npx .* cluster .*a(?: --set \S+=\S+)+`/;
  await refused(readResults(run), refusal);
  await write(text.replace('"spectroscope-results"', '"another"'));
  await refused(readResults(run), /results\.json: format another of version 1, this .* knows spectroscope-results 1/);
  await write(text);
  assert.is((await readResults(run)).version, 1);
});

test("a run of one chain has no errors, and neither comparison nor controls invent them", async () => {
  const single = await made("single", { components: ["l0h1"], seed: 3, chains: 1, sets: ["keep_traces=false"] });
  const found = await compared(join(folder, "a"), single);
  assert.is(found.components[0].reliability[1], null);
  assert.type(found.components[0].reliability[0], "number");
  assert.is(found.rows.find(({ features }) => features === "chi, shuffled draws")!.clusters[1], null);
  assert.is(found.rows.find(({ features }) => features === "chi, shifted draws")!.clusters[0], null);
  assert.match(comparisonTable(found), /^l0h1 .* - /m);
  const directory = await Run.open(new DirectoryStore(single));
  const results = await readResults(directory);
  assert.is(results.components[0].reliability, undefined);
  assert.ok(results.remarks.some((remark) => /^One chain: chi has no errors/.test(remark)));
  const controls = await controlsOf(directory);
  assert.equal(controls.reliability, [{ component: "l0h1", reliability: null }]);
  assert.match(controlsTable(controls), /l0h1 +one chain has none/);
});

test("controls: the measurement, then every null through the same clustering, and what was not run", async () => {
  const directory = await Run.open(new DirectoryStore(join(folder, "a")));
  const results = await readResults(directory);
  const found = await controlsOf(directory);
  assert.equal(
    found.rows.map(({ features, control }) => [features, control]),
    [
      ["chi", false],
      ["chi, shuffled draws", true],
      ["chi, every column shuffled", true],
      ["Gaussian matrix", true],
      ["chi, columns unweighted", false],
      ["chi, columns unweighted, shuffled draws", true],
      ["trace features", false],
      ["trace features, shuffled draws", true],
    ],
  );
  for (const row of found.rows) {
    const { clusters, covered } = results.scores.find(({ features }) => features === row.features)!;
    assert.equal([row.clusters, row.covered], [clusters, covered]);
  }
  assert.equal(
    found.reliability.map(({ component }) => component),
    ["l0h1", "l0h2", "l1h3"],
  );
  assert.ok(found.reliability.every(({ reliability }) => reliability! > 0.9));
  assert.is(found.sensitivity, undefined);
  assert.equal(found.missing, [
    `sensitivity: not run; npx spectroscope sweep ${directory.name}`,
    "n_beta = 0: not sampled; leave out controls.n_beta_zero=false",
  ]);
  const row = { setting: "lr=0.04", medianSpearman: 0.875, lowestSpearman: 0.5, columns: [], ari: 0.25 };
  const sensitivity = { rows: [{ ...row, clusters: 3, rise: [0.125, 0.75] as const }] };
  await writeSensitivity(directory, sensitivity);
  const again = await controlsOf(directory);
  assert.equal(again.sensitivity, sensitivity);
  assert.equal(again.missing.length, 1);
  assert.match(controlsTable(again), sensitivityTable(sensitivity));
  assert.match(sensitivityTable(sensitivity), /^lr=0\.04 +0\.875 +0\.500 +0\.250 +3 +0\.125 to 0\.750$/m);
});

test.run();
