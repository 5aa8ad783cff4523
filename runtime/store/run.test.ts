import * as assert from "uvu/assert";
import { example, exampleUnits, writeExample } from "../../harness/test/example-samples";
import { storeBytes } from "../../harness/test/folder-bytes";
import { refused, refusedAtOnce } from "../../harness/test/refused";
import { alter, flipped, storeKinds } from "../../harness/test/stores";
import { suite } from "../../harness/test/suite";
import { differences, normalizeJson } from "../formats/json";
import { DirectoryStore } from "../node/directory-store";
import { readCheckpoint, writeCheckpoint } from "./checkpoint";
import type { Manifest, UnitPlan } from "./manifest";
import { Run } from "./run";
import { readResult, readResultArray, readResultJson, readSealed } from "./run-reader";
import { openSamples } from "./samples-reader";
import { seal } from "./sealed";
import { need, type Store } from "./store";

const test = suite("runtime/store/run");

const options = (changes: object = {}) => ({
  config: { sampler: { lr: 0.01, num_chains: 4 }, seed: 1, ...changes },
  provenance: { adapter: "a" },
  plan: exampleUnits(["full", "l0h3", "l0 attn"]),
});
const text = (value: string) => new TextEncoder().encode(value);
const none = { facts: {}, arrays: new Map() };

/** Samples a unit: a made-up store in its place, then noted. */
async function sampleUnit(run: Run, unit: string): Promise<void> {
  await writeExample(run.samplesStore(unit), example(1, { restriction: unit }));
  await run.finishUnit(unit);
}

/** Changes what the manifest says. */
const altered = (store: Store, change: (manifest: Manifest) => object) =>
  need(store, "manifest.json").then(async (bytes) => {
    const { sha256: _, ...manifest } = JSON.parse(Buffer.from(bytes).toString());
    await store.set("manifest.json", text(JSON.stringify(await seal(change(manifest)))));
  });

for (const { kind, open } of storeKinds(test)) {
  test(`${kind}: a run goes on where it was left`, async () => {
    const store = open("run");
    const run = await Run.begin(store, options());
    assert.equal(run.units("pending"), ["full", "l0h3", "l0 attn"]);
    assert.is(run.count, 3);
    await writeCheckpoint(store, run.checkpointKey("l0 attn"), none);
    await writeCheckpoint(store, run.checkpointKey("full"), none);
    await sampleUnit(run, "l0 attn");
    assert.ok(run.isDone("l0 attn"));
    assert.equal(await store.names("checkpoints"), ["full.checkpoint"], "its checkpoint is of no use any more");

    const again = await Run.begin(store, options());
    assert.equal(again.units("done"), ["l0 attn"]);
    assert.equal(again.units("pending"), ["full", "l0h3"]);
    assert.equal(again.remarks, [], "nothing was found that a person should know");
    assert.is((await openSamples(again.finishedStore("l0 attn"))).restriction, "l0 attn");
    await refused(again.finishUnit("full"), /samples_full\.zarr: is not finished/);
    refusedAtOnce(() => again.samplesStore("l9"), /no unit "l9" in this run; there are full, l0h3, l0 attn/);
    refusedAtOnce(() => again.checkpointKey("l9"), /no unit "l9" in this run/);
    refusedAtOnce(() => again.finishedStore("full"), /"full" is not done yet; run the command that began it again/);
    assert.equal(await store.names(""), ["checkpoints", "manifest.json", "samples_l0 attn.zarr"]);
    await writeCheckpoint(store, again.checkpointKey("l0h3"), none);
    await sampleUnit(again, "full");
    assert.equal(await store.names("checkpoints"), ["l0h3.checkpoint"], "what the last one stands at stays");
    await sampleUnit(again, "l0h3");
    assert.equal(again.units("pending"), []);
    assert.not((await store.names("")).includes("checkpoints"), "nothing of the way is left when all is done");
  });

  test(`${kind}: another config is refused with the differing keys`, async () => {
    const store = open("config");
    await Run.begin(store, options());
    const changed = { sampler: { lr: 0.02, num_chains: 4 }, extra: true };
    await refused(
      Run.begin(store, options(changed)),
      /another config \(sampler\.lr: 0\.01 there, 0\.02 now; extra: absent there, true now\); choose/,
    );
    const reading = (probe: string) => options({ inputs: { model: "1f", probe } });
    const text = open("text");
    await Run.begin(text, reading("2e"));
    await refused(
      Run.begin(text, reading("3d")),
      /was begun with another probe than what is read now; put the files back/,
    );
    const begun = (plan: readonly UnitPlan[]) => Run.begin(store, { ...options(), plan });
    const [full, ...others] = options().plan;
    await refused(begun([full]), /units: \["full","l0h3","l0 attn"\] there/);
    await refused(begun([{ ...full, settings: { ...full.settings, lr: 7 } }, ...others]), /config \(plan: \[/);
    await refused(begun([full, ...others, full]), /unit "full" is named twice/);
    const reordered = { config: { seed: 1, sampler: { num_chains: 4, lr: 0.01 } }, provenance: { adapter: "b" } };
    const run = await Run.begin(store, { ...options(), ...reordered });
    assert.equal(run.manifest.provenance, [{ adapter: "a" }, { adapter: "b" }]);
  });

  test(`${kind}: the manifest holds the units whole, and of a shard the chains that are its own`, async () => {
    const store = open("shard");
    const plan = options().plan.map((unit) => ({ ...unit, chains: [0, 1, 2] }));
    const own = [{ ...plan[2], chains: [1] }];
    const run = await Run.begin(store, { ...options(), plan, own });
    assert.equal([run.count, run.units("pending")], [1, ["l0 attn"]]);
    const read = await Run.open(store);
    assert.equal(read.plan, plan);
    assert.equal(read.manifest.units, {
      "l0 attn": { state: "pending", directory: "samples_l0 attn.zarr", chains: [1] },
    });
    refusedAtOnce(() => run.samplesStore("full"), /no unit "full" in this run; there are l0 attn/);
    const other = { ...options(), plan, own: [{ ...plan[2], chains: [2] }] };
    await refused(Run.begin(store, other), /another config \(chains\.l0 attn: \[1\] there, \[2\] now\)/);
  });

  test(`${kind}: a killed process leaves nothing that counts`, async () => {
    const store = open("killed");
    const run = await Run.begin(store, options());
    // Begun, but killed before its first checkpoint; and between two of them.
    for (const unit of ["full", "l0 attn"]) {
      await run.samplesStore(unit).set("zarr.json", text("{}"));
      await run.samplesStore(unit).set("phi/c/0/0", text("x"));
    }
    await writeCheckpoint(store, run.checkpointKey("l0 attn"), { facts: { drawn: 2 }, arrays: new Map() });
    // Killed between the end of a unit and the manifest: the stores are the truth.
    await sampleUnit(run, "l0h3");
    await writeCheckpoint(store, run.checkpointKey("l0h3"), { facts: { drawn: 2 }, arrays: new Map() });
    await altered(store, (manifest) => {
      const { full, l0h3, "l0 attn": attn } = manifest.units;
      return {
        ...manifest,
        units: {
          full,
          l0h3: { ...l0h3, state: "pending" },
          "l0 attn": { ...attn, state: "done", sha256: "0".repeat(64) },
        },
      };
    });

    const again = await Run.begin(store, options());
    assert.equal(again.units("done"), ["l0h3"]);
    const kept = ["checkpoints", "manifest.json", "samples_l0 attn.zarr", "samples_l0h3.zarr"];
    assert.equal(await store.names(""), kept);
    assert.equal(await again.samplesStore("l0 attn").list(""), ["phi/c/0/0", "zarr.json"], "it is gone on with");
    assert.equal(await store.names("checkpoints"), ["l0 attn.checkpoint"]);
    const { facts } = (await readCheckpoint(store, again.checkpointKey("l0 attn")))!;
    assert.equal(facts, { drawn: 2 });
  });

  test(`${kind}: a unit whose writing fails is not there`, async () => {
    const store = open("failing");
    const run = await Run.begin(store, options());
    const unit = example(1, { restriction: "full" });
    const write = (results: object) =>
      writeExample(run.samplesStore("full"), { ...unit, results: { ...unit.results, ...results } });
    await refused(write({ sums: { ...unit.results.sums, phi: [1] } }), /phi has 1 values, expected 14/);
    await write({ facts: { x: Number.NaN } }).then(
      () => assert.unreachable(),
      (error) => assert.match(error.message, "x is NaN, which JSON cannot hold"),
    );
    await refused(run.finishUnit("full"), /samples_full\.zarr: is not finished/);
    assert.not.ok(run.isDone("full"));
    assert.equal((await Run.begin(store, options())).units("done"), []);
    await write({});
    await run.finishUnit("full");
    assert.equal((await Run.open(store)).units("done"), ["full"]);
  });

  test(`${kind}: altered arrays are found, and a unit that has lost its end is computed again`, async () => {
    const store = open("altered");
    const run = await Run.begin(store, options());
    await sampleUnit(run, "full");
    const own = run.samplesStore("full");
    await alter(own, "sum_d/c/0/0/0", flipped(-1));
    const unit = await openSamples(run.finishedStore("full"));
    await refused(
      unit.sums(),
      /sum_d.c.0.0.0: altered or damaged: SHA-256 .*; delete .*samples_full\.zarr to have it computed again/,
    );
    await own.delete("");
    assert.equal((await Run.begin(store, options())).units("done"), [], "deleted, it is computed again");
    await sampleUnit(run, "full");
    assert.equal((await Run.begin(store, options())).units("done"), ["full"]);
    await alter(own, "zarr.json", (bytes) =>
      text(Buffer.from(bytes).toString().replace('"completed": 1', '"completed": 0')),
    );
    const again = await Run.begin(store, options());
    assert.equal(again.units("done"), [], "not finished, it begins anew");
    assert.match(
      again.remarks.join(),
      /samples_full\.zarr.zarr\.json: does not say any more that full is done: it is comp/,
    );
    assert.equal(await own.list(""), []);
  });

  test(`${kind}: stores that are no runs are left alone`, async () => {
    const store = open("other");
    await store.set("thesis.tex", text("precious"));
    await refused(Run.begin(store, options()), /holds thesis\.tex but no manifest\.json/);
    await refused(Run.open(store), /no manifest\.json, so it is not a run/);
    await refused(Run.open(open("nowhere")), /no manifest\.json/);
    const manifest = (value: string) => store.set("manifest.json", text(value));
    await manifest('{"format": "zip"}');
    await refused(Run.begin(store, options()), /not the manifest of a run \(format "zip"\)/);
    for (const version of [2, 9]) {
      await manifest(`{"format": "spectroscope-run", "version": ${version}}`);
      await refused(
        Run.begin(store, options()),
        new RegExp(`format version ${version}, this program knows 5; use the`),
      );
    }
    await manifest('{"format": "spectroscope-run", "version": 5}');
    await refused(
      Run.begin(store, options()),
      /manifest\.json: config is missing, expected an object; put it back, or delete/,
    );
    await manifest("{");
    await refused(Run.begin(store, options()), /manifest\.json: not valid JSON/);
    assert.is(Buffer.from(await need(store, "thesis.tex")).toString(), "precious");
    if (kind === "directory") {
      const file = new DirectoryStore(store.nameOf("thesis.tex"));
      await refused(Run.begin(file, options()), /cannot list .*thesis\.tex/);
    }
  });

  test(`${kind}: results by name, the same value in the same bytes, all of them or none`, async () => {
    const store = open("results");
    const run = await Run.begin(store, options());
    const names = ["chi.npy", "clusters/summary.json", "note.txt"];
    const write = async () => {
      await run.writeArray("chi", { shape: [1, 2], data: Float32Array.of(1, 2) });
      await run.writeJson("clusters/summary", { a: 1, none: undefined, zero: -0 });
      await run.writeFile("note.txt", "λ");
    };
    await refused(readResult(run, "note.txt", "make it"), /note\.txt: not written yet; make it/);
    await run.replaceResults(names, write);
    const read = await Run.open(store);
    assert.equal((await readResultArray(read, "chi", "")).shape, [1, 2]);
    assert.equal((await readResultJson(read, "clusters/summary", "")).object(), { a: 1, zero: 0 });
    assert.equal(await readResult(read, "note.txt", ""), text("λ"));
    // @ts-expect-error: JSON holds no typed arrays, which the compiler says
    await run.writeJson("array", { data: new Float32Array(1) });
    // @ts-expect-error: and no functions
    await run.writeJson("function", { call: () => 1 });
    assert.equal([await run.has("note.txt"), await run.has("x.npy")], [true, false]);

    await alter(store, "note.txt", flipped(0));
    await refused(readResult(read, "note.txt", "make it"), /note\.txt: altered or damaged: SHA-256 .*; make it/);
    await store.delete("note.txt");
    await refused(readResult(read, "note.txt", "make it"), /note\.txt: is lost; make it/);
    // Killed at any moment: what was replaced is half-written until all of it is there.
    const half = run.replaceResults(names, async () => {
      await run.writeFile("note.txt", "μ");
      const there = await Run.open(store);
      for (const name of names) await refused(readResult(there, name, "make it"), /: half-written; make it/);
      throw new Error("killed");
    });
    await half.catch((error) => assert.is(error.message, "killed"));
    await refused(readResult(await Run.open(store), "note.txt", "make it"), /note\.txt: half-written/);
    await refused(
      run.replaceResults(["never.txt"], async () => {}),
      /never\.txt: was not written/,
    );
    await run.replaceResults(names, write);

    const result = (name: string, value: string) => run.replaceResults([name], () => run.writeFile(name, value));
    await result("broken.json", "{");
    await refused(readResultJson(run, "broken", ""), /broken\.json: not valid JSON/);
    await run.replaceResults(["broken.npy"], () => run.writeFile("broken.npy", Uint8Array.of(0xff)));
    await refused(readResultArray(run, "broken", ""), /broken\.npy: not a \.npy file/);
    for (const bad of ["../x", "/x", "a/../b", ".hidden", "manifest.json", "checkpoints/full", "", "a b"]) {
      refusedAtOnce(() => run.resultKey(bad), /cannot name a result/);
    }
    const first = await storeBytes(store);
    await Run.begin(store, options());
    assert.equal(await storeBytes(store), first);
    // Nothing in it says where it lies.
    const moved = open("moved");
    for (const key of await store.list("")) await moved.set(key, await need(store, key));
    assert.is((await Run.open(moved)).config.seed, 1);
    await run.writeSealed("timing", { date: "today", seconds: 3 });
    assert.is((await readSealed(run, "timing", ""))!.at("seconds").whole(), 3);
    await store.set(
      "timing.json",
      text(
        Buffer.from(await need(store, "timing.json"))
          .toString()
          .replace("3", "4"),
      ),
    );
    await refused(readSealed(run, "timing", "delete it"), /timing\.json: altered or damaged: .*; delete it/);
  });

  test(`${kind}: a unit's store that is another's, or another run's, is refused`, async () => {
    const store = open("exchanged");
    const run = await Run.begin(store, options({ inputs: { model: "1f" } }));
    const sample = (at: Run, unit: string, facts: object) => {
      const own = example(1, { restriction: unit });
      return writeExample(at.samplesStore(unit), {
        ...own,
        results: { ...own.results, facts: { ...own.results.facts, ...facts } },
      });
    };
    const inputs = { model: "1f" };
    await sample(run, "full", { inputs });
    await run.finishUnit("full");
    for (const [facts, key] of [
      [{ inputs: { model: "2e" } }, "inputs.model"],
      [{ inputs, unit: "full" }, "unit"],
      [{ inputs, chains: [0, 2] }, "chains"],
    ] as const) {
      await sample(run, "l0h3", facts);
      const line = new RegExp(`samples_l0h3\\.zarr: holds samples of another unit or run: ${key} differ`);
      await refused(run.finishUnit("l0h3"), line);
      await refused(
        Run.begin(store, options({ inputs })),
        line,
        /delete .*samples_l0h3\.zarr to have it computed again/,
      );
      await run.samplesStore("l0h3").delete("");
    }
    // Whole, of the same unit, and not the one that was noted.
    await run.samplesStore("full").delete("");
    await sample(run, "full", { inputs, flops: 13 });
    const line = /samples_full\.zarr.zarr\.json: altered: not the store that this run's manifest knows/;
    await refused(openSamples(run.finishedStore("full"), run.rootHash("full")), line);
    await refused(Run.begin(store, options({ inputs })), line, /delete .*samples_full\.zarr to have it computed again/);
    await run.samplesStore("full").delete("");
    assert.equal((await Run.begin(store, options({ inputs }))).units("done"), []);
  });
}

test("differences and normal form", () => {
  assert.equal(differences({ a: [1, 2], b: null }, { b: null, a: [1, 2] }), []);
  assert.equal(differences({ a: [{ x: 1, y: 2 }] }, { a: [{ y: 2, x: 1 }] }), []);
  assert.equal(differences({ a: { b: 1 } }, { a: 1 }), [{ key: "a", before: { b: 1 }, now: 1 }]);
  assert.equal(normalizeJson({ a: undefined, b: [-0] }), { b: [0] });
  assert.throws(() => normalizeJson({ a: [Number.POSITIVE_INFINITY] }), /value\.a\[0\] is Infinity/);
});

test.run();
