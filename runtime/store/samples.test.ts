/** Samples of a restricted run: there whole or not at all, the same after a kill, in devinterp's layout. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { example, shape, tokens, writeBlock, writeExample } from "../../harness/test/example-samples";
import { folderBytes } from "../../harness/test/folder-bytes";
import { refused, refusedAtOnce } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { susceptibility } from "../susceptibility/estimate";
import { samplesName } from "./samples";
import { openSamples } from "./samples-reader";
import { SamplesWriter } from "./samples-writer";

const test = suite("runtime/store/samples");
let folder = "";
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectroscope-"));
});
test.after(() => rm(folder, { recursive: true }));

test("what is written is read back", async () => {
  const path = join(folder, samplesName("l0h1"));
  const run = example(1, { pool: true });
  await writeExample(path, run);
  assert.equal(await readdir(folder), ["samples_l0h1.zarr"]);
  const samples = await openSamples(path);
  assert.equal(samples.facts, { sampler: "gpu", flops: 12, restriction: "l0h1", traces: true });
  assert.equal(
    [samples.restriction, samples.chains, samples.draws, samples.tokens, samples.positions],
    ["l0h1", shape.chains, shape.draws, tokens, shape.positions],
  );
  assert.equal([samples.observables, samples.hasTraces, samples.drawsPerChunk], [["probe", "pool"], true, 3]);
  const { results, losses } = run;
  const f32 = (values: ArrayLike<number>) => Float32Array.from(values);
  const sums = await samples.sums();
  assert.equal(sums.phi, f32(results.phi));
  assert.equal(sums.sumD, results.sumD);
  assert.equal(sums.sumPhiD, results.sumPhiD);
  assert.equal(sums.shifted, results.shifted);
  assert.equal(await samples.baseline(), results.baseline);
  assert.equal(await samples.initLoss(), f32(results.initLoss));
  assert.equal(await samples.logAcceptance(), results.logAcceptance);
  for (const { id, ids } of run.spec.observables) assert.equal(Array.from(await samples.ids(id)), Array.from(ids));
  assert.equal(await samples.traces(), losses.probe);
  assert.equal(await samples.traces("pool"), losses.pool);
  assert.equal(await samples.rises(), run.rises);
  const row = shape.chains * tokens;
  assert.equal(await samples.traces("probe", { from: 2, to: 7 }), losses.probe?.subarray(2 * row));
  assert.equal(await samples.rises({ from: 1, to: 5 }), run.rises.subarray(row, 5 * row));
});

test("the sampler is described in devinterp's words", async () => {
  const rmsprop = example(1).spec.settings;
  const settings = { ...rmsprop, sampling_method: "rmsprop_sgld" as const, bounding_box_size: 0.5 };
  const sampler = async (name: string, run: ReturnType<typeof example>) => {
    await writeExample(join(folder, name), run);
    const { config } = await openSamples(join(folder, name));
    assert.equal(config.observables, [{ type: "ObserveDifferentDataset", obs_id: "probe", batches_per_draw: 1 }]);
    return config.sampler;
  };
  const common = { lr: 1e-4, n_beta: 10, num_chains: 2, num_draws: 7, batch_size: 2, num_burnin_steps: 8 };
  const more = { num_steps_bw_draws: 4, init_seed: 5, localization: 300, noise_level: 1, llc_weight_decay: 0 };
  assert.equal(await sampler("sgld", example(1)), {
    ...{ ...common, ...more, bounding_box_size: null, sampling_method: "sgmcmc_sgld", sampling_method_kwargs: {} },
  });
  assert.equal(await sampler("rmsprop", example(1, { settings })), {
    ...{ ...common, ...more, bounding_box_size: 0.5, sampling_method: "rmsprop_sgld" },
    ...{ sampling_method_kwargs: { alpha: 0.99, eps: 0.1 }, rmsprop_init: "ones" },
  });
});

test("without traces the sums alone are kept, and chi is the same", async () => {
  const [with_, without] = [join(folder, "with"), join(folder, "without")];
  await writeExample(with_, example(2));
  const run = example(2, { traces: false });
  await writeExample(without, { ...run, results: { ...run.results, shifted: undefined, logAcceptance: undefined } });
  const samples = await openSamples(without);
  const arrays = (await readdir(without)).sort();
  assert.equal(arrays, ["baseline_probe", "init_loss", "input_ids_probe", "phi", "sum_d", "sum_phi_d", "zarr.json"]);
  await refused(
    samples.traces(),
    /keeps no losses of single draws; sample again into another directory with --keep-traces/,
  );
  const sums = await samples.sums();
  assert.is(sums.shifted, undefined);
  assert.is(await samples.logAcceptance(), undefined);
  assert.equal(susceptibility(sums).chi, susceptibility(await (await openSamples(with_)).sums()).chi);
  assert.is.not(samples.digest, (await openSamples(with_)).digest);
});

test("killed between chunks, during a write or before the end: what goes on gives the same bytes", async () => {
  const whole = join(folder, "whole");
  const run = example(3);
  await writeExample(whole, run);
  const path = join(folder, "killed");
  const first = await SamplesWriter.open(path, run.spec);
  await writeBlock(first, run, 0);
  await writeBlock(first, run, 3);
  await refused(openSamples(path), /no Zarr v3 group there/);
  await refused(openSamples(`${path}.partial`), /not finished: .*run the command that began it again/);
  await refused(first.finish(run.results), /losses of probe of chain 0 from draw 6 were never written/);
  // A killed process leaves half a chunk under another name; its chunk after the last checkpoint comes again.
  await writeFile(join(`${path}.partial`, "loss_probe", "c", "0", "1", "0", ".0.1.2.tmp"), "half");
  const second = await SamplesWriter.open(path, run.spec);
  await writeBlock(second, run, 3);
  await writeBlock(second, run, 6);
  await second.finish(run.results);
  assert.equal(folderBytes(path), folderBytes(whole));
  assert.is((await openSamples(path)).digest, (await openSamples(whole)).digest);
  await refused(SamplesWriter.open(path, run.spec), /killed: is there already; read it, or delete it/);
});

test("the store of another run is not gone on with", async () => {
  const path = join(folder, "other");
  const run = example(4);
  await writeBlock(await SamplesWriter.open(path, run.spec), run, 0);
  const open = (changes: Partial<typeof run.spec>) => SamplesWriter.open(path, { ...run.spec, ...changes });
  const settings = { ...run.spec.settings, lr: 2e-4, seed: 6 };
  await refused(open({ settings }), /belongs to another run: sampler.lr, sampler.init_seed differ; delete it/);
  await refused(open({ traces: false }), /another run: traces differ/);
  await refused(open({ restriction: "l0h2" }), /another run: restriction differ/);
  const ids = Uint32Array.from(run.spec.observables[0].ids).fill(7, 4, 5);
  await refused(open({ observables: [{ id: "probe", ids }] }), /another run: input_ids_probe differ/);
  await open({});
});

test("draws that do not fit are refused, and so is what is not finite", async () => {
  const run = example(5);
  const writer = await SamplesWriter.open(join(folder, "unfit"), run.spec);
  const row = shape.chains * tokens;
  const draws = (count: number) => ({ probe: new Float32Array(count * row) });
  await refused(writer.writeDraws(1, draws(3)), /no block of draws begins at 1; blocks have 3 of 7 draws/);
  await refused(writer.writeDraws(9, draws(1)), /no block of draws begins at 9/);
  await refused(writer.writeDraws(6, draws(3)), /losses of probe from draw 6 has 72 values, expected 24/);
  await refused(writer.writeDraws(0, {}), /draws 0 and on have no losses of probe/);
  const bad = draws(3);
  bad.probe[5] = Number.NaN;
  await refused(writer.writeDraws(0, bad), /losses of probe from draw 0: element 5 is NaN/);
  for (const first of [0, 3, 6]) await writeBlock(writer, run, first);
  const sumD = Float64Array.from(run.results.sumD).fill(Number.POSITIVE_INFINITY, 2, 3);
  await refused(writer.finish({ ...run.results, sumD }), /sum_d: element 2 is Infinity/);
  await refused(writer.finish({ ...run.results, phi: [1] }), /phi has 1 values, expected 14/);
  await refused(openSamples(join(folder, "unfit.partial")), /not finished/);
  const observables = [{ id: "probe" as const, ids: new Uint32Array(7) }];
  const spec = { ...run.spec, observables };
  await refused(SamplesWriter.open(join(folder, "ids"), spec), /probe has 7 token ids, which are no rows of 5/);
});

test("a changed or lost chunk is told when it is read, and only then", async () => {
  const path = join(folder, "damaged");
  const run = example(6);
  await writeExample(path, run);
  const chunk = join(path, "loss_probe", "c", "1", "1", "0", "0");
  const bytes = await readFile(chunk);
  bytes[bytes.length >> 1] ^= 4;
  await writeFile(chunk, bytes);
  const samples = await openSamples(path);
  await samples.sums();
  assert.is((await samples.traces("probe", { from: 0, to: 3 })).length, 3 * shape.chains * tokens);
  await refused(samples.traces(), /loss_probe.c.1.1.0.0: altered or damaged: .*; delete .*damaged to have it computed/);
  await rm(join(path, "sum_d", "c", "0", "0", "0"));
  await refused(samples.sums(), /sum_d.c.0.0.0: is lost; delete .* to have it computed again/);
  await writeFile(join(path, "phi", "zarr.json"), "{}");
  await refused(openSamples(path), /phi.zarr\.json: altered or damaged/);
});

test("names of stores are devinterp's where they can be, and differ where restrictions differ", () => {
  assert.is(samplesName("l0h1"), "samples_l0h1.zarr");
  assert.is(samplesName("l0 attn"), "samples_l0 attn.zarr");
  assert.is(samplesName("l0h0+l0h1[q=1].x-y_z"), "samples_l0h0+l0h1[q=1].x-y_z.zarr");
  assert.is(samplesName("a/b:c"), "samples_a~2fb~3ac.zarr");
  assert.is(samplesName("a~2fb"), "samples_a~7e2fb.zarr");
  const names = ["L0", "l0", "~4c0", "λ", "l0 ", "l0.", "..", "a\\b", "a/b", "a*b", 'a"b', "a\nb", "con"];
  const stores = names.map(samplesName);
  assert.is(new Set(stores.map((name) => name.toLowerCase())).size, names.length);
  for (const store of stores) assert.match(store, /^samples_[a-z0-9 \-_.=[\]+~]+\.zarr$/);
  refusedAtOnce(() => samplesName(""), /restriction "" cannot name a store/);
  refusedAtOnce(() => samplesName("λ".repeat(34)), /cannot name a store: 204 bytes; use 1 to 200 plain characters/);
});

test.run();
