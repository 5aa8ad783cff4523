/** Killed between any two of its writes, a unit or a table of chi is there whole or not at all, and is made again to the same bytes. */
import * as assert from "uvu/assert";
import { example, exampleUnits, shape, writeBlock } from "../../harness/test/example-samples";
import { storeBytes } from "../../harness/test/folder-bytes";
import { refused, refusedAtOnce } from "../../harness/test/refused";
import { killedAfter, storeKinds, watched } from "../../harness/test/stores";
import { suite } from "../../harness/test/suite";
import type { ChiTable } from "../susceptibility/chi-table";
import { readCheckpoint, writeCheckpoint } from "./checkpoint";
import type { RunOptions } from "./manifest";
import { Run } from "./run";
import { openSamples } from "./samples-reader";
import { SamplesWriter } from "./samples-writer";
import type { Store } from "./store";
import { readSusceptibilities, writeSusceptibilities } from "./susceptibilities";

const test = suite("runtime/store/killed");

const optionsOf = (units: readonly string[]) => ({
  ...{ config: { seed: 1 }, provenance: { adapter: "a" } },
  plan: exampleUnits(units),
});

/** Begins a run, or goes on with it, and samples what is missing: draws in blocks with a checkpoint after each but the last. */
async function sampleAll(store: Store, options: RunOptions): Promise<Run> {
  const run = await Run.begin(store, options);
  for (const name of run.units("pending")) {
    const unit = example(1, { restriction: name });
    const key = run.checkpointKey(name);
    const saved = (await readCheckpoint(store, key))?.facts as { drawn: number; files: object } | undefined;
    const files = saved && new Map(Object.entries(saved.files));
    const writer = await SamplesWriter.open(run.samplesStore(name), unit.spec, files);
    for (let first = saved?.drawn ?? 0; first < shape.draws; first += shape.drawsPerChunk) {
      await writeBlock(writer, unit, first);
      const drawn = first + shape.drawsPerChunk;
      const facts = { drawn, files: Object.fromEntries(writer.written) };
      if (drawn < shape.draws) await writeCheckpoint(store, key, { facts, arrays: new Map() });
    }
    await writer.finish(unit.results);
    await run.finishUnit(name);
  }
  return run;
}

/** Two sequences of 3 losses. */
const probe = { name: "probe", positions: 3, ids: Uint32Array.of(1, 2, 3, 4, 5, 6, 7, 8) };
const table = (value: number): ChiTable => {
  const [values, error] = [new Float32Array(12).fill(value), new Float32Array(12).fill(value)];
  const byChain = new Float32Array(24).fill(value);
  const correlation = { values, error, byChain };
  return { tokens: 6, components: ["embed", "l0h1"], chi: values, error, byChain, correlation };
};

for (const { kind, open } of storeKinds(test)) {
  test(`${kind}: a run that is killed before any of its writes is gone on with to the same bytes`, async (t) => {
    // A folder waits for its disk at each of them.
    const options = optionsOf(kind === "memory" ? ["full", "l0h3"] : ["l0h3"]);
    const sampling = (store: Store) => sampleAll(store, options);
    const whole = open("whole");
    await sampling(whole);
    const expected = await storeBytes(whole);
    let count = 0;
    for (; ; count++) {
      const store = open(`killed-${count}`);
      if (!(await killedAfter(count, store, sampling))) break;
      if ((await store.names("")).includes("manifest.json")) {
        // Who reads without going on believes the manifest: it must not say more than is there.
        const there = await Run.open(store);
        for (const name of there.units("done")) await (await openSamples(there.finishedStore(name))).sums();
      }
      const again = await Run.begin(store, options);
      for (const name of again.units("pending")) refusedAtOnce(() => again.finishedStore(name), /is not done yet/);
      for (const name of again.units("done")) await (await openSamples(again.finishedStore(name))).sums();
      await sampling(store);
      assert.equal(await storeBytes(store), expected, `killed after ${count} writes`);
    }
    assert.ok(count > 30, `${count} writes`);
    t.note(`${count} writes`);
  });

  test(`${kind}: chi that is killed while it is written over an earlier one is the old, none, or the new`, async () => {
    const whole = open("chi");
    await writeSusceptibilities(whole, probe, table(2));
    const expected = await storeBytes(whole);
    let count = 0;
    for (; ; count++) {
      const store = open(`chi-${count}`);
      await writeSusceptibilities(store, probe, table(1));
      const killed = await killedAfter(count, store, (dying) => writeSusceptibilities(dying, probe, table(2)));
      if (!killed) break;
      if (count === 0) assert.equal(await readSusceptibilities(store), table(1));
      else await refused(readSusceptibilities(store));
      await writeSusceptibilities(store, probe, table(2));
      assert.equal(await storeBytes(store), expected, `killed after ${count} writes`);
    }
    assert.ok(count > 20, `${count} writes`);
    assert.equal(await readSusceptibilities(open(`chi-${count}`)), table(2));
  });
}

test("what comes last outlives a power cut last: the end of a store, its beginning anew, a checkpoint", async () => {
  const [{ open }] = storeKinds(test);
  const told: string[] = [];
  const store = watched(open("order"), (what) => told.push(what));
  await sampleAll(store, optionsOf(["full", "l0h3"]));
  const at = told.lastIndexOf("set samples_full.zarr/zarr.json");
  assert.equal(told.slice(at - 1, at + 2), ["flush", "set samples_full.zarr/zarr.json", "flush"]);
  const checkpoints = told.flatMap((what, i) => (what.startsWith("set checkpoints/") ? [told[i - 1]] : []));
  assert.equal(checkpoints, ["flush", "flush", "flush", "flush"]);
  const chi = store.below("chi.zarr");
  await writeSusceptibilities(chi, probe, table(1));
  told.length = 0;
  await writeSusceptibilities(chi, probe, table(2));
  assert.equal(told.slice(0, 3), ["delete chi.zarr/zarr.json", "flush", "delete chi.zarr"]);
});

test.run();
