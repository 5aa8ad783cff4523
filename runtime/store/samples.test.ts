/** Samples of a restricted run: there whole or not at all, the same after a kill, in devinterp's layout. */
import { existsSync, writeFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { drawsOf, example, shape, tokens, writeBlock, writeExample } from "../../harness/test/example-samples";
import { storeBytes } from "../../harness/test/folder-bytes";
import { refused, refusedAtOnce } from "../../harness/test/refused";
import { alter, flipped, storeKinds } from "../../harness/test/stores";
import { suite } from "../../harness/test/suite";
import { susceptibility } from "../susceptibility/estimate";
import { isFinished, openFinished } from "./finished";
import { escapedName, samplesName } from "./names";
import { openSamples } from "./samples-reader";
import { SamplesWriter } from "./samples-writer";
import { need, type Store } from "./store";

const test = suite("runtime/store/samples");
for (const { kind, open } of storeKinds(test)) {
  test(`${kind}: what is written is read back`, async () => {
    const store = open(samplesName("l0h1"));
    const run = example(1, { pool: true });
    await writeExample(store, run);
    const samples = await openSamples(store);
    assert.equal(samples.facts, {
      ...{ unit: "l0h1", chains: [0, 1], sampler: "gpu", flops: 12, restriction: "l0h1", traces: true },
    });
    assert.equal(
      [samples.restriction, samples.chains, samples.draws, samples.tokens, samples.positions],
      ["l0h1", shape.chains, shape.draws, tokens, shape.positions],
    );
    assert.equal([samples.observables, samples.hasTraces, samples.drawsPerChunk], [["probe", "pool"], true, 3]);
    const { results, losses } = run;
    const f32 = (values: ArrayLike<number>) => Float32Array.from(values);
    const sums = await samples.sums();
    assert.equal(sums.phi, f32(results.sums.phi));
    assert.equal(sums.sumD, results.sums.sumD);
    assert.equal(sums.sumPhiD, results.sums.sumPhiD);
    assert.equal(sums.shifted, results.sums.shifted);
    assert.equal(await samples.baseline(), results.baseline);
    assert.equal(await samples.initLoss(), f32(results.initLoss));
    assert.equal(await samples.logAcceptance(), results.logAcceptance);
    assert.equal(await samples.kineticTemperature(), results.kineticTemperature);
    for (const { id, ids } of run.spec.observables) assert.equal(Array.from(await samples.ids(id)), Array.from(ids));
    assert.equal(await samples.traces(), losses.probe);
    assert.equal(await samples.traces("pool"), losses.pool);
    assert.equal(await samples.rises(), run.rises);
    const row = shape.chains * tokens;
    assert.equal(await samples.traces("probe", { from: 2, to: 7 }), losses.probe?.subarray(2 * row));
    assert.equal(await samples.rises({ from: 1, to: 5 }), run.rises.subarray(row, 5 * row));
  });

  test(`${kind}: the sampler is described in devinterp's words`, async () => {
    const rmsprop = example(1).spec.settings;
    const settings = { ...rmsprop, sampling_method: "rmsprop_sgld" as const, bounding_box_size: 0.5 };
    const sampler = async (name: string, run: ReturnType<typeof example>) => {
      await writeExample(open(name), run);
      const { config } = await openSamples(open(name));
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

  test(`${kind}: without traces the sums alone are kept, and chi is the same`, async () => {
    const [with_, without] = [open("with"), open("without")];
    await writeExample(with_, example(2));
    const run = example(2, { traces: false });
    const { shifted: _, ...unshifted } = run.results.sums;
    await writeExample(without, {
      ...run,
      results: { ...run.results, sums: unshifted, ...{ logAcceptance: undefined, kineticTemperature: undefined } },
    });
    const samples = await openSamples(without);
    const arrays = await without.names("");
    const kept = ["baseline_probe", "init_loss", "input_ids_probe", "m2", "phi", "sum_d", "sum_phi_d", "zarr.json"];
    assert.equal(arrays, kept);
    await refused(
      samples.traces(),
      /keeps no losses of single draws; sample again into another directory with --keep-traces/,
    );
    const sums = await samples.sums();
    assert.is(sums.shifted, undefined);
    assert.is(await samples.logAcceptance(), undefined);
    assert.is(await samples.kineticTemperature(), undefined);
    assert.equal(susceptibility(sums).chi, susceptibility(await (await openSamples(with_)).sums()).chi);
  });

  test(`${kind}: killed between chunks, during a write or before the end: what goes on gives the same bytes`, async () => {
    const whole = open("whole");
    const run = example(3);
    await writeExample(whole, run);
    const store = open("killed");
    const first = await SamplesWriter.open(store, run.spec);
    await writeBlock(first, run, 0);
    const saved = new Map(first.written);
    await writeBlock(first, run, 3);
    await refused(openSamples(open("nowhere")), /no Zarr v3 group there/);
    await refused(openSamples(store), /not finished: .*run the command that began it again/);
    await refused(
      first.finish(run.results),
      /losses of probe of chain 0 from draw 6 were never written; delete its checkpoint/,
    );
    // A killed process leaves half a chunk under another name; its chunk after the last checkpoint comes again.
    const half = store.nameOf("loss_probe/c/0/1/0/0").replace(/0$/, ".0.1.2.tmp");
    if (kind === "directory") writeFileSync(half, "half");
    await store.set("loss_probe/c/0/2/0/0", new Uint8Array(9));
    await store.exclusive(async () => {
      const second = await SamplesWriter.open(store, run.spec, saved);
      assert.is(await store.size("loss_probe/c/0/2/0/0"), undefined, "what no checkpoint knows is not believed");
      await writeBlock(second, run, 3);
      await writeBlock(second, run, 6);
      await second.finish(run.results);
    });
    assert.equal(await storeBytes(store), await storeBytes(whole));
    assert.not(existsSync(half));
    await refused(SamplesWriter.open(store, run.spec), /killed: is there already; read it, or delete it/);
  });

  test(`${kind}: finished is what says completed: 1, whatever else it has`, async () => {
    const store = open("almost");
    await writeExample(store, example(5));
    assert.is(await isFinished(store), true);
    const written = await need(store, "zarr.json");
    const said = JSON.parse(new TextDecoder().decode(written));
    for (const completed of [undefined, null, 0, 2, true, "1"]) {
      const attributes = { ...said.attributes, completed };
      await store.set("zarr.json", new TextEncoder().encode(JSON.stringify({ ...said, attributes })));
      assert.is(await isFinished(store), false, `completed: ${completed}`);
      await refused(openSamples(store), /not finished: its attribute completed/);
    }
    await store.set("zarr.json", written);
    assert.is(await isFinished(store), true);
  });

  test(`${kind}: the store of another run is not gone on with`, async () => {
    const store = open("other");
    const run = example(4);
    const writer = await SamplesWriter.open(store, run.spec);
    await writeBlock(writer, run, 0);
    const begin = (changes: Partial<typeof run.spec>) =>
      SamplesWriter.open(store, { ...run.spec, ...changes }, writer.written);
    const settings = { ...run.spec.settings, lr: 2e-4, seed: 6 };
    await refused(begin({ settings }), /belongs to another run: sampler.lr, sampler.init_seed differ; delete it/);
    await refused(begin({ traces: false }), /another run: traces differ/);
    await refused(begin({ restriction: "l0h2" }), /another run: restriction differ/);
    const ids = Uint32Array.from(run.spec.observables[0].ids).fill(7, 4, 5);
    await refused(begin({ observables: [{ id: "probe", ids }] }), /another run: input_ids_probe differ/);
    await begin({});
  });

  test(`${kind}: a chunk that was changed or lost before the unit was finished is told when it is gone on with`, async () => {
    const run = example(7);
    const chunk = "loss_probe/c/1/0/0/0";
    const begun = async (name: string) => {
      const writer = await SamplesWriter.open(open(name), run.spec);
      await writeBlock(writer, run, 0);
      return writer;
    };
    const changes: [string, (store: Store) => Promise<unknown>, RegExp][] = [
      ["flip", (store) => alter(store, chunk, flipped(-3, 64)), /loss_probe.c.1.0.0.0: altered or damaged: SHA-256/],
      ["loss", (store) => store.delete(chunk), /loss_probe.c.1.0.0.0: is lost/],
      ["shape", (store) => alter(store, "loss_probe/zarr.json", flipped(40)), /loss_probe.zarr.json: altered or/],
    ];
    for (const [name, change, line] of changes) {
      const { written } = await begun(name);
      await change(open(name));
      await refused(SamplesWriter.open(open(name), run.spec, written), line, /its unit begins anew/);
      // Nobody went on from a checkpoint in between: what was written is held against what lies there at the end.
      const writer = await begun(name);
      for (const first of [3, 6]) await writeBlock(writer, run, first);
      await change(open(name));
      await refused(writer.finish(run.results), line);
      await refused(openSamples(open(name)), /not finished/);
      await writeExample(open(name), run);
      assert.equal(await (await openSamples(open(name))).traces(), run.losses.probe);
    }
  });

  test(`${kind}: the root holds itself and every file of its store to a hash, and no others`, async () => {
    const run = example(8);
    const store = open("root");
    await writeExample(store, run);
    const bytes = await need(store, "zarr.json");
    const root = JSON.parse(Buffer.from(bytes).toString());
    const write = (change: (json: typeof root) => void) => {
      const json = structuredClone(root);
      change(json);
      return store.set("zarr.json", Buffer.from(JSON.stringify(json)));
    };
    await write(({ attributes }) => {
      attributes.metadata.config.sampler.n_beta = 90;
    });
    await refused(
      openSamples(store),
      /root.zarr\.json: altered or damaged: .*; delete .*root to have it computed again/,
    );
    await write(({ attributes }) => {
      delete attributes.sha256["zarr.json"];
    });
    await refused(openSamples(store), /has no hash of itself/);
    await write(({ attributes }) => {
      attributes.sha256["../../x"] = "0".repeat(64);
    });
    await refused(openSamples(store), /attributes\.sha256\.\.\.\/\.\.\/x is .*, expected no entry: .*; delete .*root/);
    await store.delete("zarr.json");
    await refused(openFinished(store, "0".repeat(64)), /zarr\.json: is lost; put it back, or delete .* computed again/);
    for (const hash of [7, "00", null]) {
      await write(({ attributes }) => {
        attributes.sha256["phi/c/0/0"] = hash;
      });
      await refused(openSamples(store), /attributes\.sha256\.phi.c.0.0 is .*, expected a (text|SHA-256)/);
    }
    // Another layout of the same attributes, as other programs write it.
    await write(() => {});
    await (await openSamples(store)).sums();
    await store.set("log_acceptance/c/0/0", new Uint8Array(3));
    await refused((await openSamples(store)).logAcceptance(), /log_acceptance.c.0.0: altered or damaged/);
    await store.delete("log_acceptance");
    await refused((await openSamples(store)).logAcceptance(), /log_acceptance.zarr\.json: is lost/);
  });

  test(`${kind}: draws that do not fit are refused, and so is what is not finite`, async () => {
    const run = example(5);
    const writer = await SamplesWriter.open(open("unfit"), run.spec);
    const draws = (count: number) => drawsOf(run.losses, 0, count);
    await refused(writer.writeDraws(1, draws(3)), /no block of draws begins at 1; blocks have 3 of 7 draws/);
    await refused(writer.writeDraws(9, draws(1)), /no block of draws begins at 9/);
    await refused(writer.writeDraws(6, draws(3)), /3 draws from draw 6 on, expected 1/);
    await refused(writer.writeDraws(0, [...draws(2), {}]), /draw 2 has no losses of probe/);
    const short = { probe: new Float32Array(23) };
    await refused(writer.writeDraws(3, [...draws(2), short]), /losses of probe of draw 5 has 23 values, expected 24/);
    const bad = { probe: new Float32Array(24).fill(Number.NaN, 5, 6) };
    await refused(writer.writeDraws(0, [bad, ...draws(2)]), /losses of probe of draw 0: element 5 is NaN/);
    for (const first of [0, 3, 6]) await writeBlock(writer, run, first);
    const finish = (changes: object) => writer.finish({ ...run.results, sums: { ...run.results.sums, ...changes } });
    const sumD = Float64Array.from(run.results.sums.sumD).fill(Number.POSITIVE_INFINITY, 2, 3);
    await refused(finish({ sumD }), /sum_d: element 2 is Infinity/);
    await refused(finish({ phi: [1] }), /phi has 1 values, expected 14/);
    const kineticTemperature = new Float32Array(7);
    await refused(
      writer.finish({ ...run.results, kineticTemperature }),
      /kinetic_temperature has 7 values, expected 6/,
    );
    await refused(openSamples(open("unfit")), /not finished/);
    const observables = [{ id: "probe" as const, ids: new Uint32Array(7) }];
    const spec = { ...run.spec, observables };
    await refused(SamplesWriter.open(open("ids"), spec), /probe has 7 token ids, which are no rows of 5/);
  });

  test(`${kind}: a changed or lost chunk is told when it is read, and only then`, async () => {
    const store = open("damaged");
    const run = example(6);
    await writeExample(store, run);
    await alter(store, "loss_probe/c/1/1/0/0", (bytes) => flipped(bytes.length >> 1, 4)(bytes));
    const samples = await openSamples(store);
    await samples.sums();
    assert.is((await samples.traces("probe", { from: 0, to: 3 })).length, 3 * shape.chains * tokens);
    await refused(
      samples.traces(),
      /loss_probe.c.1.1.0.0: altered or damaged: .*; delete .*damaged to have it computed/,
    );
    await store.delete("sum_d/c/0/0/0");
    await refused(samples.sums(), /sum_d.c.0.0.0: is lost; delete .* to have it computed again/);
    await store.set("phi/zarr.json", Buffer.from("{}"));
    await refused(openSamples(store), /phi.zarr\.json: altered or damaged/);
  });
}
test("names of stores are devinterp's where they can be, and differ where restrictions differ", () => {
  assert.is(samplesName("l0h1"), "samples_l0h1.zarr");
  assert.is(samplesName("l0 attn"), "samples_l0 attn.zarr");
  assert.is(samplesName("l0h0+l0h1[q=1].x-y_z"), "samples_l0h0+l0h1[q=1].x-y_z.zarr");
  assert.is(samplesName("a/b:c"), "samples_a~2fb~3ac.zarr");
  assert.is(samplesName("a~2fb"), "samples_a~7e2fb.zarr");
  const alike = ["L0", "l0", "~4c0", "λ", "l0 ", "l0.", "..", "a\\b", "a/b", "a*b", 'a"b', "a\nb", "con"];
  const more = ["a b", "a_b", "A b", "a.b", ".", "~63on", "é", "l0 mlp[0:64]", "full.partial", "a\0b"];
  const names = [...alike, ...more];
  const escaped = names.map(escapedName);
  assert.is(new Set(escaped.map((name) => name.toLowerCase())).size, names.length);
  for (const name of escaped) assert.match(name, /^[a-z0-9 \-_.=[\]+~]+$/);
  assert.equal(
    names.map(samplesName),
    escaped.map((name) => `samples_${name}.zarr`),
  );
  refusedAtOnce(() => samplesName(""), /unit "" cannot name a store/);
  refusedAtOnce(() => samplesName("λ".repeat(34)), /cannot name a store: 204 bytes; use 1 to 200 plain characters/);
});

test.run();
