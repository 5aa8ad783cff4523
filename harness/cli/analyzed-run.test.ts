/** What can be asked of a run that is there: compare, controls, llc, influence, sweep; and calibrate, which asks before. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { readSafetensors, writeSafetensors } from "../../models/hub/safetensors-file";
import type { Calibration } from "../../runtime/measure/calibrate";
import type { Comparison } from "../../runtime/measure/compare";
import { DirectoryStore } from "../../runtime/node/directory-store";
import { readNpy } from "../../runtime/node/npy-file";
import { projectRoot } from "../../runtime/node/root";
import { openSamples } from "../../runtime/store/samples-reader";
import { type HostTensor, memoryTensors } from "../../runtime/transformer/weights";
import { differingFiles, folderBytes } from "../test/folder-bytes";
import { assertRefused, runProgram } from "../test/program";
import { seededRandom } from "../test/random";
import { suite } from "../test/suite";

const test = suite("harness/cli/analyzed-run", { gpu: true });
const folder = mkdtempSync(join(tmpdir(), "spectroscope-analyzed-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const SEQUENCES = 5;
const POSITIONS = 12;
const random = seededRandom(31);
for (const name of ["probe", "pool", "other"]) {
  const row = () => Array.from({ length: POSITIONS + 1 }, () => random.integer(100));
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(Array.from({ length: SEQUENCES }, row)));
}

const COMPONENTS = ["l1h2", "l1h5", "unembed"];
const N_BETA = 20;
const SETS = [
  `weight_restrictions=${COMPONENTS}`,
  "probe_tokens=probe.json",
  "pool_tokens=pool.json",
  "sampler.num_chains=3",
  "sampler.num_draws=6",
  "sampler.num_burnin_steps=1",
  "sampler.num_steps_bw_draws=1",
  // Random text is so steep for nano that longer steps throw chains off.
  "sampler.sampling_method=sgmcmc_sgld",
  `sampler.n_beta=${N_BETA}`,
  "trace_rank=4",
  "cluster.k=6",
  "cluster.min_size=3",
].flatMap((set) => ["--set", set]);

const WITHOUT_PRIORS = ["n_beta_zero", "equal_rise"].flatMap((key) => ["--set", `controls.${key}=false`]);

const cli = (...words: string[]) => {
  const run = runProgram(folder, words);
  assert.is(run.status, 0, run.stderr);
  return run.stdout;
};
const json = <T>(...words: string[]): T => JSON.parse(cli(...words, "--json"));
const refused = (status: number, words: string[], ...texts: (string | RegExp)[]) =>
  assertRefused(runProgram(folder, words), status, ...texts);
const store = (run: string, unit: string) => openSamples(new DirectoryStore(join(folder, run, `samples_${unit}.zarr`)));
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;
const near = (a: number, b: number, tolerance: number, what: string) =>
  assert.ok(Math.abs(a - b) <= tolerance, `${what}: ${a}, expected ${b}`);

/** nano as another checkpoint of its training would be: every weight a little elsewhere. */
async function checkpoint(): Promise<void> {
  const nano = join(projectRoot(), "models", "nano");
  const tensors = (await readSafetensors(join(nano, "model.safetensors"))) as unknown as Map<string, HostTensor>;
  for (const { data } of tensors.values()) data.set(data.map((value) => value * (1 + 0.02 * random.normal())));
  cpSync(nano, join(folder, "step"), { recursive: true });
  await writeSafetensors(join(folder, "step", "model.safetensors"), memoryTensors(tensors));
}

test.before(async () => {
  cli("run", ...SETS, "--out", "a");
  cli("run", ...SETS, "--seed", "1", "--out", "b");
  await checkpoint();
  cli("run", ...SETS, "--set", "model=step", ...WITHOUT_PRIORS, "--out", "c");
});

test("compare two seeds, and two checkpoints, over the same tokens", () => {
  const seeds = json<Comparison>("compare", "a", "b");
  assert.equal(seeds.runs, ["a", "b"]);
  assert.equal(seeds.differences, [{ key: "sampler.seed", a: 0, b: 1 }]);
  assert.equal(
    seeds.components.map(({ name }) => name),
    COMPONENTS,
  );
  for (const { name, spearman, reliability, llc, meanRise } of seeds.components) {
    assert.ok(spearman! < 0.9999 && spearman! > -1, `${name}: other noise is another chi, ${spearman}`);
    assert.ok(reliability.every((value) => value !== null && value >= 0 && value <= 1));
    llc.forEach((one, i) => {
      near(one!.value, N_BETA * meanRise[i], 1e-9, name);
    });
  }
  const itself = json<Comparison>("compare", "a", "a");
  // Runs without clusters agree on nothing.
  const same = itself.clusters.count[0] > 0 ? 1 : null;
  assert.equal([itself.differences, itself.clusters.ari, itself.clusters.nmi], [[], same, same]);
  for (const { spearman } of itself.components) near(spearman!, 1, 1e-12, "itself");

  const checkpoints = json<Comparison>("compare", "a", "c");
  const keys = checkpoints.differences.map(({ key }) => key);
  for (const key of ["model", "keep_traces", "controls.n_beta_zero"]) assert.ok(keys.includes(key), key);
  assert.not(keys.some((key) => key.startsWith("inputs")));
  const rows = new Map(checkpoints.rows.map((row) => [row.features, row.clusters]));
  assert.is(rows.get("chi, shuffled draws")![1], null, "c kept no traces");
  assert.is(rows.get("chi, shifted draws")![0], null);
  const text = cli("compare", "a", "c");
  assert.match(text, 'model: A "nano", B "step"');
  assert.match(text, /^unembed +-?\d\.\d{3}/m);
});

test("runs over other tokens, or not analyzed yet, are not compared", () => {
  const sets = SETS.map((word) => (word === "probe_tokens=probe.json" ? "probe_tokens=other.json" : word));
  cli("run", ...sets, "--set", "weight_restrictions=l1h2", "--out", "other");
  refused(1, ["compare", "a", "other"], "a and other measure different probes", "the same tokens");
  cli("sample", ...SETS, "--set", "weight_restrictions=l1h2", "--out", "raw");
  const remedy = "raw: not clustered yet; run `npx spectroscope cluster raw` first";
  refused(1, ["compare", "a", "raw"], remedy);
  refused(1, ["controls", "raw"], remedy);
  refused(1, ["sweep", "raw"], remedy);
  refused(1, ["compare", "a", "absent"], "absent: no manifest.json");
});

test("llc is n_beta times the mean of phi, of every component, with the spread of chains as its error", async () => {
  interface Row {
    name: string;
    weights: number;
    llc: number;
    error: number;
    interval: { low: number; high: number };
    error_from: string;
    per_chain: number[];
  }
  const { components } = json<{ components: Row[] }>("llc", "a");
  assert.equal(
    components.map(({ name }) => name),
    COMPONENTS,
    "the n_beta = 0 control has none",
  );
  for (const { name, llc, error, interval, per_chain, error_from } of components) {
    const samples = await store("a", name);
    const phi = await samples.phi();
    near(llc, N_BETA * mean(phi), 1e-9 * (1 + Math.abs(llc)), name);
    const chains = [0, 1, 2].map((m) => N_BETA * mean(phi.filter((_, at) => at % 3 === m)));
    per_chain.forEach((value, m) => {
      near(value, chains[m], 1e-9 * (1 + Math.abs(value)), `${name}, chain ${m}`);
    });
    const spread = Math.sqrt(chains.reduce((sum, value) => sum + (value - llc) ** 2, 0) / (3 * 2));
    near(error, spread, 1e-9 * (1 + spread), `error of ${name}`);
    assert.is(error_from, "chains");
    assert.ok(interval.low < llc && llc < interval.high);
  }
  const line = new RegExp(`^l1h2 +${components[0].weights} +${components[0].llc.toFixed(3).replace(".", "\\.")} `, "m");
  assert.match(cli("llc", "a"), line);
  // It needs no analysis.
  assert.is(json<{ components: Row[] }>("llc", "raw").components.length, 1);
});

test("influence: how losses of sequences and of tokens vary together, by the definition on the stored traces", async () => {
  const samples = await store("a", "l1h5");
  const losses = await samples.traces();
  const rows = samples.draws * samples.chains;
  const ofToken = (i: number) => Float64Array.from({ length: rows }, (_, row) => losses[row * samples.tokens + i]);
  const ofSequence = (b: number) =>
    Float64Array.from({ length: rows }, (_, row) => {
      const start = row * samples.tokens + b * POSITIONS;
      return mean(losses.subarray(start, start + POSITIONS));
    });
  const covariance = (x: Float64Array, y: Float64Array) => {
    const [a, b] = [mean(x), mean(y)];
    return x.reduce((sum, value, row) => sum + (value - a) * (y[row] - b), 0) / (rows - 1);
  };
  const kinds = [
    { unit: "sequence", size: SEQUENCES, trace: ofSequence },
    { unit: "token", size: SEQUENCES * POSITIONS, trace: ofToken },
  ];
  for (const { unit, size, trace } of kinds) {
    for (const measure of ["correlation", "covariance"]) {
      const out = `${unit}-${measure}.npy`;
      const words = ["influence", "a", "--component", "l1h5", "--unit", unit, "--measure", measure, "--out", out];
      const facts = json<Record<string, unknown>>(...words);
      assert.equal([facts.size, facts.component, facts.measure, facts.out], [size, "l1h5", measure, out]);
      const { shape, data, dtype } = await readNpy(join(folder, out));
      assert.equal([[...shape], dtype], [[size, size], "f32"]);
      const traces = Array.from({ length: size }, (_, i) => trace(i));
      for (let i = 0; i < size; i++) {
        for (let j = 0; j < size; j++) {
          const product = covariance(traces[i], traces[j]);
          const scale = Math.sqrt(covariance(traces[i], traces[i]) * covariance(traces[j], traces[j]));
          // Losses less baseline in f32: a digit of 5e-7 nats beside what a loss varies by.
          const expected = measure === "covariance" ? product : product / scale;
          const unitOf = measure === "covariance" ? scale : 1;
          near(data[i * size + j], expected, 2e-3 * unitOf, `${unit} ${measure} ${i}, ${j}`);
        }
      }
    }
  }
});

test("influence needs traces, a unit of the run, and a file to write", () => {
  refused(1, ["influence", "c", "--component", "l1h2", "--out", "never.npy"], "keeps no losses of single draws");
  refused(1, ["influence", "a", "--out", "never.npy"], 'no unit "full" in this run');
  refused(2, ["influence", "a", "--component", "l1h2"], "--out is missing");
  refused(2, ["influence", "a", "--component", "l1h2", "--out", "never.txt"], "name a .npy file");
  assert.equal(
    readdirSync(folder).filter((name) => name.startsWith("never")),
    [],
  );
});

test("controls tell what each null gives, and what was not run", () => {
  interface Found {
    rows: { features: string; control: boolean; clusters: number }[];
    missing: string[];
  }
  const a = json<Found>("controls", "a");
  const names = a.rows.map(({ features }) => features);
  for (const name of [
    "chi",
    "chi, shuffled draws",
    "chi, n_beta = 0",
    "chi, n_beta = 0 at equal rise",
    "chi, every column shuffled",
    "Gaussian matrix",
  ]) {
    assert.ok(names.includes(name), name);
  }
  assert.equal(a.missing, ["sensitivity: not run; npx spectroscope sweep a"]);
  assert.equal(json<Found>("controls", "c").missing.length, 2);
  assert.match(cli("controls", "c"), "n_beta = 0: not sampled; leave out controls.n_beta_zero=false");
});

test("sweep: other settings beside the run and another seed; taken up again it samples what is missing alone", () => {
  interface Sweep {
    rows: { setting: string; medianSpearman: number; ari: number; columns: unknown[]; rise: number[] }[];
  }
  const before = folderBytes(join(folder, "a"), (name) => !/^(report\.html|timing\.json)$/.test(name));
  const words = ["sweep", "a", "--settings", "lr", "--factors", "2"];
  const found = json<Sweep>(...words);
  assert.equal(
    found.rows.map(({ setting }) => setting),
    ["seed=1", "lr=0.04"],
  );
  for (const { medianSpearman, ari, columns, rise } of found.rows) {
    assert.ok(Math.abs(medianSpearman) < 0.9999 && Math.abs(ari) <= 1);
    assert.equal([columns.length, rise.length], [COMPONENTS.length, 2]);
    assert.ok(rise[0] <= rise[1]);
  }
  const after = folderBytes(join(folder, "a"), (name) => !/^(report\.html|timing\.json)$|^sweep\//.test(name));
  assert.equal(differingFiles(after, before), ["manifest.json", "sensitivity.json"], "the run itself is as it was");
  const stored = readFileSync(join(folder, "a", "sensitivity.json"), "utf8");
  assert.equal(JSON.parse(stored).rows, found.rows);
  const html = readFileSync(join(folder, "a", "report.html"), "utf8");
  for (const { setting } of found.rows) assert.match(html, setting);

  // Its seed is run b's: the same draws, so what is said of it is what compare says of b.
  const { components, medianSpearman } = json<Comparison>("compare", "a", "b");
  near(found.rows[0].medianSpearman, medianSpearman!, 1e-12, "another seed");
  assert.equal(
    found.rows[0].columns,
    components.map(({ name, spearman }) => ({ name, spearman })),
  );

  const unit = (setting: string, component: string) => join(folder, "a", "sweep", setting, `samples_${component}.zarr`);
  const kept = statSync(unit("seed=1", "l1h2")).mtimeMs;
  rmSync(unit("lr=0.04", "l1h5"), { recursive: true });
  rmSync(join(folder, "a", "sensitivity.json"));
  cli(...words);
  assert.is(readFileSync(join(folder, "a", "sensitivity.json"), "utf8"), stored);
  assert.is(statSync(unit("seed=1", "l1h2")).mtimeMs, kept, "what was there was not sampled again");
  assert.match(cli("controls", "a"), /^lr=0\.04 /m);

  refused(2, ["sweep", "a", "--settings", "lrr"], "--settings", "lrr", 'did you mean "lr"');
  refused(2, ["sweep", "a", "--factors", "2,0"], "--factors", "above 0");
});

test("calibrate: a grid around the config is tried, nothing is stored, and either a setting is recommended or none", () => {
  const sets = [...SETS, "--set", "weight_restrictions=unembed", "--set", "sampler.num_chains=2"];
  const before = readdirSync(folder).sort();
  const run = runProgram(folder, ["run", "--calibrate", "--json", ...sets]);
  const [line, error] = run.stdout.trim().split("\n");
  const { components, trials, recommended } = JSON.parse(line) as Calibration;
  assert.equal(components, ["unembed"]);
  assert.is(trials.length, 12);
  assert.equal([...new Set(trials.map(({ lr }) => lr))], [0.005, 0.01, 0.02, 0.04]);
  assert.equal([...new Set(trials.map(({ n_beta }) => n_beta))], [6.67, 20, 60]);
  const good = trials.filter(({ against }) => against === undefined);
  if (recommended) {
    assert.is(run.status, 0, run.stderr);
    assert.ok(
      good.some(
        ({ lr, n_beta }) => recommended[0] === `sampler.lr=${lr}` && recommended[1] === `sampler.n_beta=${n_beta}`,
      ),
    );
  } else {
    assert.is(run.status, 1);
    assert.equal(good, []);
    assert.match(JSON.parse(error).error, "no setting of the grid samples well");
  }
  assert.equal(readdirSync(folder).sort(), before);
  refused(2, ["sample", "--calibrate", ...sets, "--set", "sampler.n_beta=0"], "--calibrate: n_beta is 0");
});

test.run();
