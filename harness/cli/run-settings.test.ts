/** What a run measures under other settings: another sampling task, no traces, no loss, other updates, one chain. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import type { Results } from "../../runtime/measure/results";
import { DirectoryStore } from "../../runtime/node/directory-store";
import { openSamples } from "../../runtime/store/samples-reader";
import { readSusceptibilities } from "../../runtime/store/susceptibilities";
import { susceptibility } from "../../runtime/susceptibility/estimate";
import { assertRefused, runProgram } from "../test/program";
import { suite } from "../test/suite";

const test = suite("harness/cli/run-settings", { gpu: true });
const folder = mkdtempSync(join(tmpdir(), "spectroscope-settings-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const SMALL = [
  "neuron_groups=0",
  "probe_sequences=2",
  "pool_sequences=4",
  "sampler.num_chains=2",
  "sampler.num_draws=6",
  "sampler.num_burnin_steps=1",
  "sampler.num_steps_bw_draws=1",
  "controls.n_beta_zero=false",
  "controls.equal_rise=false",
  "checkpoint_draws=4",
  "trace_rank=4",
  "cluster.k=8",
  "cluster.min_size=4",
];
const words = (sets: readonly string[]) => [...SMALL, ...sets].flatMap((set) => ["--set", set]);

interface Run {
  readonly path: string;
  readonly results: Results;
  readonly report: string;
}

function measured(name: string, ...sets: string[]): Run {
  const path = join(folder, name);
  const run = runProgram(folder, ["run", ...words(sets), "--out", path]);
  assert.is(run.status, 0, run.stderr);
  const text = (file: string) => readFileSync(join(path, file), "utf8");
  return { path, results: JSON.parse(text("results.json")), report: text("report.html") };
}

const store = ({ path }: Run, restriction: string) =>
  openSamples(new DirectoryStore(join(path, `samples_${restriction}.zarr`)));
const featuresOf = ({ results }: Run) => results.scores.map(({ features }) => features);
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

/** chi of a run, [tokens, components], and the largest mean of a column over tokens beside the column's own size. */
async function chiOf({ path }: Run) {
  const store = new DirectoryStore(join(path, "susceptibilities.zarr"));
  const { tokens, components: restrictions, chi, error: errors } = await readSusceptibilities(store);
  const width = restrictions.length;
  const columns = restrictions.map((_, c) => chi.filter((_value, at) => at % width === c));
  const share = Math.max(...columns.map((column) => Math.abs(mean(column)) / mean(column.map(Math.abs))));
  return { restrictions, tokens, columns, errors, share };
}

const PARAMETER = "gpt_neox.layers.1.mlp.dense_4h_to_h.weight";

test("sampling_task=pool: phi is the mean rise of the pool's batch, and chi's mean over tokens is not forced to 0", async () => {
  const components = ["l0h1+l1h2", PARAMETER, `embed_out.weight+${PARAMETER}`];
  const run = measured(
    "pool",
    `weight_restrictions=${components}`,
    "sampling_task=pool",
    "sampling_sequences=3",
    "sampler.localization=200",
    "sampler.lr=0.002",
  );
  const { restrictions, tokens, columns, share } = await chiOf(run);
  assert.equal(restrictions, components, "unions and parameters are components like any other");
  assert.is(tokens, 2 * 64);
  for (const [c, name] of components.entries()) {
    const samples = await store(run, name);
    assert.equal(samples.observables, ["probe", "pool"]);
    assert.is((await samples.ids("pool")).length, 3 * 65);
    assert.equal([samples.restriction, samples.facts.sampling_task], [name, "pool"]);
    const [pool, atStart, phi] = [await samples.traces("pool"), mean(await samples.initLoss()), await samples.phi()];
    const size = 3 * 64;
    const probe = await samples.rises();
    let apart = 0;
    for (let row = 0; row < phi.length; row++) {
      // A mean of 192 losses of some nats in f32.
      const rise = mean(pool.subarray(row * size, (row + 1) * size)) - atStart;
      assert.ok(Math.abs(phi[row] - rise) < 1e-5, `${name}, row ${row}: phi ${phi[row]}, the pool rose by ${rise}`);
      apart = Math.max(apart, Math.abs(phi[row] - mean(probe.subarray(row * tokens, (row + 1) * tokens))));
    }
    assert.ok(apart > 1e-4, `${name}: the probe's own mean is another number`);
    const { chi } = susceptibility(await samples.sums());
    columns[c].forEach((value, i) => {
      assert.is(value, Math.fround(chi[i]));
    });
  }
  assert.ok(share > 1e-3, `the mean of chi over tokens is ${share} of its size`);
  assert.match(run.results.remarks.join("\n"), "fixed batch is 3 sequences of the pool");
  assert.match(run.report, "fixed batch is 3 sequences of the pool");
});

test("one chain: chi without errors, no weights of columns, and the report says so; with the probe as task chi sums to 0", async () => {
  const run = measured("one-chain", "weight_restrictions=l1h2,unembed", "sampler.num_chains=1");
  const { errors, columns, share } = await chiOf(run);
  assert.ok(errors.every(Number.isNaN));
  assert.ok(columns.flatMap((column) => Array.from(column)).every(Number.isFinite));
  // The same f32 numbers are averaged in another order.
  assert.ok(share < 1e-4, `the mean of chi over tokens is ${share} of its size`);
  assert.not(featuresOf(run).includes("chi, columns unweighted"));
  assert.ok(featuresOf(run).includes("chi, shuffled draws"));
  assert.equal(run.results.reliability, [1, 1]);
  for (const component of run.results.components) assert.is(component.reliability, undefined);
  assert.ok(run.results.remarks.some((remark) => remark.startsWith("One chain: chi has no errors")));
  assert.match(run.report, "One chain: chi has no errors");
  assert.match(run.results.remarks.join("\n"), "phi is the mean rise of the probe's own losses");
});

test("keep_traces=false, RMSprop in a box: sums alone, shifted draws for a null, the sampler in devinterp's words", async () => {
  const rmsprop = ["sampler.sampling_method=rmsprop_sgld", "sampler.lr=0.001", "sampler.rmsprop_init=zeros"];
  const common = ["weight_restrictions=l1h2,unembed", ...rmsprop, "keep_traces=false"];
  const priors = ["controls.n_beta_zero=true", "controls.equal_rise=true"];
  const run = measured("box", ...common, "sampler.bounding_box_size=0.001", ...priors);
  for (const name of ["samples_l1h2.zarr", "samples_unembed n_beta=0.zarr"]) {
    const arrays = readdirSync(join(run.path, name));
    assert.equal(
      arrays.filter((array) => array.startsWith("loss_")),
      [],
    );
    for (const array of ["phi", "sum_d", "m2", "sum_phi_d_shifted"])
      assert.ok(arrays.includes(array), `${name}: ${array}`);
  }
  const features = featuresOf(run);
  for (const there of ["chi", "chi, shifted draws", "chi, n_beta = 0", "chi, columns unweighted, shifted draws"]) {
    assert.ok(features.includes(there), there);
  }
  assert.equal(
    features.filter((name) => /trace|shuffled draws/.test(name)),
    [],
  );
  const samples = await store(run, "l1h2");
  const sampler = samples.config.sampler as Record<string, unknown>;
  assert.equal(
    [sampler.sampling_method, sampler.sampling_method_kwargs, sampler.rmsprop_init, sampler.bounding_box_size],
    ["rmsprop_sgld", { alpha: 0.99, eps: 0.1 }, "zeros", 0.001],
  );
  // A box around it makes a chain even of the posterior without a loss.
  assert.is((await store(run, "l1h2 n_beta=0")).facts.sampler, "sgld");
  assert.not(features.includes("chi, n_beta = 0 at equal rise"), "no scale of it is looked for there");
  const free = measured("free", ...common);
  const rise = async (one: Run) => mean(await (await store(one, "l1h2")).phi());
  const [inside, outside] = [await rise(run), await rise(free)];
  assert.ok(Math.abs(inside) < 0.5 * Math.abs(outside), `inside the box ${inside}, without one ${outside}`);
});

test("n_beta=0: the posterior is drawn directly, is its own control, and has no LLC", async () => {
  const run = measured("prior", "weight_restrictions=l1h2,unembed", "sampler.n_beta=0", "controls.n_beta_zero=true");
  assert.equal(
    readdirSync(run.path).filter((name) => name.startsWith("samples_")),
    ["samples_l1h2.zarr", "samples_unembed.zarr"],
  );
  const samples = await store(run, "l1h2");
  assert.is(samples.facts.sampler, "gaussian");
  assert.is(await samples.logAcceptance(), undefined);
  assert.not(featuresOf(run).some((name) => name.includes("n_beta")));
  assert.ok(featuresOf(run).includes("chi, shuffled draws"));
  for (const { llc } of run.results.components) assert.is(llc, undefined);
});

test("settings that cannot be run are refused before a directory is made", () => {
  const refused = (sets: readonly string[], ...texts: (string | RegExp)[]) =>
    assertRefused(runProgram(folder, ["run", ...words(sets), "--out", "never"]), 2, ...texts);
  refused(["weight_restrictions=l1h2", "sampler.lr=1", "sampler.localization=50"], "lr is", "must be below 4");
  refused(["sampler.n_beta=0", "sampler.localization=0"], "localization is 0", "above 0 where n_beta is 0");
  refused(["sampling_task=pool", "sampling_sequences=9"], "sampling_sequences is 9, the pool has 4", "=4");
  refused(["sampling_task=poll"], "sampling_task", 'did you mean "pool"');
  refused(["keep_trace=true"], "keep_trace", 'did you mean "keep_traces"');
  refused(["sampler.rmsprop_alpha=1"], "rmsprop_alpha");
  assert.not(readdirSync(folder).includes("never"));
});

test.run();
