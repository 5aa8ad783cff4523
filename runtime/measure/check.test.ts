/** What a check finds in a made-up run, file by file. */
import * as assert from "uvu/assert";
import { analyzedRun, madeUpSubject, sampledRun } from "../../harness/test/analyzed-run";
import { refused } from "../../harness/test/refused";
import { flipped } from "../../harness/test/stores";
import { suite } from "../../harness/test/suite";
import { MemoryStore } from "../store/memory-store";
import { need } from "../store/store";
import { checkRun } from "./check";
import { keepTiming } from "./run-files";

const test = suite("runtime/measure/check");

let store: MemoryStore;
let keys: readonly string[];
test.before(async () => {
  store = new MemoryStore();
  const { run } = await analyzedRun(store);
  await keepTiming(run, { date: "today", version: "1", adapter: { name: "none", software: true }, seconds: [] });
  keys = await store.list("");
});

test("a sound run has no fault, and every file of it was read once, to its last byte", async () => {
  const before = new Map<string, Uint8Array>();
  for (const key of keys) before.set(key, await need(store, key));
  const { faults, notes, files, bytes, hashes } = await checkRun(store);
  assert.equal([faults, notes], [[], []]);
  assert.ok(keys.length > 20 && keys.includes("clusters.jsonl") && keys.includes("susceptibilities.zarr/zarr.json"));
  assert.equal([files, hashes], [keys.length, keys.length]);
  assert.is(
    bytes,
    [...before.values()].reduce((sum, own) => sum + own.length, 0),
  );
  for (const [key, own] of before) assert.equal(await need(store, key), own);
});

/** Some of the files: arrays of units are alike. */
const fewKeys = () =>
  keys.filter(
    (key) =>
      !/^(samples_|susceptibilities)/.test(key) ||
      /^(samples_l0h1.zarr|susc[a-z]+.zarr)\/(phi\/.*|chi\/.*|zarr.json)$/.test(key),
  );

test("a changed bit of a file is found, in that file, with a remedy", async () => {
  for (const [i, key] of fewKeys().entries()) {
    const whole = await need(store, key);
    await store.set(key, flipped([0, whole.length >> 1, -1][i % 3])(whole));
    const { faults } = await checkRun(store);
    assert.ok(faults.length > 0 && faults.every(({ file }) => file.includes(key)), `${key}: ${JSON.stringify(faults)}`);
    assert.ok(
      faults.every(({ remedy }) => remedy.length > 0),
      key,
    );
    await store.set(key, whole);
  }
  assert.equal((await checkRun(store)).faults, []);
});

test("a lost file is found; of a unit or of chi, what it is lost from is to be made again", async () => {
  const lost: [string, RegExp][] = [
    ["labels.npy", /^run `npx spectroscope cluster memory(?: --set \S+)*` to have it made again$/],
    ["susceptibilities.zarr/zarr.json", /^run `npx spectroscope cluster memory(?: --set \S+)*` to have it made again$/],
    ["samples_l0h1.zarr/zarr.json", /^delete .*samples_l0h1\.zarr to have it computed again: `npx spectroscope sample/],
    ["samples_l0h1.zarr/phi/zarr.json", /^delete .*samples_l0h1\.zarr to have it computed again/],
  ];
  for (const [key, remedy] of lost) {
    const whole = await need(store, key);
    await store.delete(key);
    const { faults } = await checkRun(store);
    assert.equal(
      faults.map(({ file, what }) => [file, what]),
      [[store.nameOf(key), "is lost"]],
    );
    assert.match(faults[0].remedy, remedy);
    await store.set(key, whole);
  }
});

test("what is no file of the run is told, beside it and within its stores", async () => {
  const unit = keys.find((key) => key.startsWith("samples_") && key.endsWith("/zarr.json"))!.split("/")[0];
  const foreign: [string, string][] = [
    ["notes.txt", "no file of this run"],
    [`${unit}/notes.txt`, "no file of its store"],
    ["checkpoints/gone.npz", "left over: its unit is done, or none of this run"],
    ["report.html", "altered or damaged: it is not what was written"],
    ["sensitivity.json", "half-written: its process died before the results were whole"],
  ];
  for (const [key, what] of foreign) {
    await store.set(key, Uint8Array.of(1));
    const { faults } = await checkRun(store);
    assert.equal(
      faults.map((fault) => [fault.file, fault.what]),
      [[store.nameOf(key), what]],
    );
    await store.delete(key);
  }
});

test("units that are not done are no fault; without a manifest it is no run", async () => {
  const begun = new MemoryStore();
  await sampledRun(begun, await madeUpSubject(), 5);
  const { faults, notes } = await checkRun(begun);
  assert.equal(faults, []);
  assert.is(notes.length, 1);
  assert.match(
    notes[0],
    /^memory: 1 of 6 units are not done: `npx spectroscope sample --resume --out memory` goes on$/,
  );
  await refused(checkRun(new MemoryStore()), /memory: no manifest\.json, so it is not a run; check the path/);
});

test("progress goes up to all of its bytes; who asks to stop is heard", async () => {
  const told: number[] = [];
  const { bytes } = await checkRun(store, {
    on: (event) => event.kind === "work" && told.push(event.done / event.total),
  });
  assert.is(told.length, keys.length);
  assert.ok(told.every((share, i) => i === 0 || share >= told[i - 1]));
  assert.is(told.at(-1), 1);
  assert.ok(bytes > 0);
  const stopped = await checkRun(store, { signal: AbortSignal.abort() }).catch((error) => error);
  assert.equal([stopped.code, stopped.line], ["interrupted", "stopped; nothing was changed"]);
});

test.run();
