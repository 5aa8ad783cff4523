import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { example, writeExample } from "../../harness/test/example-samples";
import { suite } from "../../harness/test/suite";
import { readCheckpoint, writeCheckpoint } from "./checkpoint";
import { differences, normalizeJson } from "./json";
import { safeName } from "./names";
import { RunDirectory } from "./run-directory";
import { openSamples } from "./samples-reader";

const test = suite("runtime/store/run-directory");
let folder = "";
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectroscope-"));
});
test.after(() => rm(folder, { recursive: true }));

const options = (changes: object = {}) => ({
  config: { sampler: { lr: 0.01, num_chains: 4 }, seed: 1, ...changes },
  provenance: { adapter: "a" },
  units: ["full", "l0h3", "l0 attn"],
});

async function refused(promise: Promise<unknown>, line: RegExp): Promise<void> {
  let got = "(nothing was thrown)";
  await promise.catch((error) => {
    got = error.line ?? String(error);
  });
  assert.match(got, line);
}

/** Samples a unit: a made-up store under its name, then noted. */
async function sampleUnit(run: RunDirectory, unit: string): Promise<void> {
  await writeExample(run.samplesPath(unit), example(1, { restriction: unit }));
  await run.finishUnit(unit);
}

const listed = async (path: string) => (await readdir(path)).sort();

test("a run goes on where it was left", async () => {
  const path = join(folder, "run");
  const run = await RunDirectory.open(path, options());
  assert.equal(run.units("pending"), ["full", "l0h3", "l0 attn"]);
  assert.is(run.count, 3);
  await writeCheckpoint(run.checkpointPath("l0 attn"), { facts: {}, arrays: new Map() });
  await writeCheckpoint(run.checkpointPath("full"), { facts: {}, arrays: new Map() });
  await sampleUnit(run, "l0 attn");
  assert.ok(run.isDone("l0 attn"));
  assert.equal(await readdir(join(path, "checkpoints")), ["full.checkpoint"], "its checkpoint is of no use any more");

  const again = await RunDirectory.open(path, options());
  assert.equal(again.units("done"), ["l0 attn"]);
  assert.equal(again.units("pending"), ["full", "l0h3"]);
  assert.is((await openSamples(again.finishedPath("l0 attn"))).restriction, "l0 attn");
  await refused(again.finishUnit("full"), /cannot read .*samples_full\.zarr: no such file/);
  assert.throws(() => again.samplesPath("l9"), /no unit "l9" in this run/);
  assert.throws(() => again.checkpointPath("l9"), /no unit "l9" in this run/);
  await refused(
    (async () => again.finishedPath("full"))(),
    /"full" is not done yet; run the command that began it again/,
  );
  assert.equal(await listed(path), ["checkpoints", "manifest.json", "samples_l0 attn.zarr"]);
  for (const unit of ["full", "l0h3"]) await sampleUnit(again, unit);
  assert.equal(again.units("pending"), []);
  assert.not((await readdir(path)).includes("checkpoints"), "nothing of the way is left when all is done");
});

test("another config is refused with the differing keys", async () => {
  const path = join(folder, "config");
  await RunDirectory.open(path, options());
  const changed = { sampler: { lr: 0.02, num_chains: 4 }, extra: true };
  await refused(
    RunDirectory.open(path, options(changed)),
    /another config \(sampler\.lr: 0\.01 there, 0\.02 now; extra: absent there, true now\); choose/,
  );
  await refused(RunDirectory.open(path, { ...options(), units: ["full"] }), /units: \["full","l0h3","l0 attn"\] there/);
  const reordered = { config: { seed: 1, sampler: { num_chains: 4, lr: 0.01 } }, provenance: { adapter: "b" } };
  const run = await RunDirectory.open(path, { ...options(), ...reordered });
  assert.equal(run.manifest.provenance, [{ adapter: "a" }, { adapter: "b" }]);
});

test("a killed process leaves nothing that counts", async () => {
  const path = join(folder, "killed");
  const run = await RunDirectory.open(path, options());
  // Begun, but killed before its first checkpoint; and between two of them.
  await mkdir(run.partialPath("full"), { recursive: true });
  await writeFile(join(run.partialPath("full"), "zarr.json"), "{}");
  await mkdir(run.partialPath("l0 attn"), { recursive: true });
  await writeFile(join(run.partialPath("l0 attn"), "zarr.json"), "{}");
  await writeCheckpoint(run.checkpointPath("l0 attn"), { facts: { drawn: 2 }, arrays: new Map() });
  await writeFile(join(path, ".manifest.json.1.0.tmp"), "{");
  await writeFile(join(path, "checkpoints", ".full.checkpoint.1.0.tmp"), "{");
  // Killed between the rename of a unit and the manifest: the disk is the truth.
  await sampleUnit(run, "l0h3");
  await writeCheckpoint(run.checkpointPath("l0h3"), { facts: { drawn: 2 }, arrays: new Map() });
  const manifest = JSON.parse(await readFile(join(path, "manifest.json"), "utf8"));
  manifest.units.l0h3.state = "pending";
  manifest.units["l0 attn"].state = "done";
  await writeFile(join(path, "manifest.json"), JSON.stringify(manifest));

  const again = await RunDirectory.open(path, options());
  assert.equal(again.units("done"), ["l0h3"]);
  const kept = ["checkpoints", "manifest.json", "samples_l0 attn.zarr.partial", "samples_l0h3.zarr"];
  assert.equal(await listed(path), kept);
  assert.equal(await readdir(join(path, "checkpoints")), ["l0_attn.checkpoint"]);
  const { facts } = (await readCheckpoint(again.checkpointPath("l0 attn")))!;
  assert.equal(facts, { drawn: 2 });
});

test("a unit whose writing fails is not there", async () => {
  const run = await RunDirectory.open(join(folder, "failing"), options());
  const unit = example(1, { restriction: "full" });
  const write = (results: object) =>
    writeExample(run.samplesPath("full"), { ...unit, results: { ...unit.results, ...results } });
  await refused(write({ phi: [1] }), /phi has 1 values, expected 14/);
  await refused(write({ facts: { x: Number.NaN } }), /x is NaN, which JSON cannot hold/);
  await refused(run.finishUnit("full"), /cannot read .*samples_full\.zarr/);
  assert.not.ok(run.isDone("full"));
  assert.equal((await RunDirectory.open(run.path, options())).units("done"), []);
  await write({});
  await run.finishUnit("full");
  assert.equal((await RunDirectory.openExisting(run.path)).units("done"), ["full"]);
});

test("altered arrays are found", async () => {
  const run = await RunDirectory.open(join(folder, "altered"), options());
  await sampleUnit(run, "full");
  const file = join(run.samplesPath("full"), "sum_d", "c", "0", "0", "0");
  const bytes = await readFile(file);
  bytes[bytes.length - 1] ^= 1;
  await writeFile(file, bytes);
  const unit = await openSamples(run.finishedPath("full"));
  await refused(
    unit.sums(),
    /sum_d.c.0.0.0: altered or damaged: SHA-256 .*; delete .*samples_full\.zarr to have it computed again/,
  );
  await rm(run.samplesPath("full"), { recursive: true });
  assert.equal((await RunDirectory.open(run.path, options())).units("done"), [], "deleted, it is computed again");
});

test("directories that are no runs are left alone", async () => {
  const path = join(folder, "other");
  await mkdir(path);
  await writeFile(join(path, "thesis.tex"), "precious");
  await refused(RunDirectory.open(path, options()), /holds thesis\.tex but no manifest\.json/);
  await refused(RunDirectory.openExisting(path), /no manifest\.json, so it is not a run/);
  await refused(RunDirectory.openExisting(join(folder, "nowhere")), /no manifest\.json/);
  await writeFile(join(path, "manifest.json"), '{"format": "zip"}');
  await refused(RunDirectory.open(path, options()), /not the manifest of a run \(format "zip"\)/);
  await writeFile(join(path, "manifest.json"), '{"format": "spectroscope-run", "version": 9}');
  await refused(RunDirectory.open(path, options()), /format version 9, this program knows 2/);
  await writeFile(join(path, "manifest.json"), '{"format": "spectroscope-run", "version": 2}');
  await refused(RunDirectory.open(path, options()), /config, provenance or units are missing/);
  assert.is(await readFile(join(path, "thesis.tex"), "utf8"), "precious");
  await refused(RunDirectory.open(join(path, "thesis.tex"), options()), /cannot list .*thesis\.tex/);
});

test("results by name, the same value in the same bytes", async () => {
  const run = await RunDirectory.open(join(folder, "results"), options());
  await run.writeArray("chi", { shape: [1, 2], data: Float32Array.of(1, 2) });
  assert.equal((await run.readArray("chi")).shape, [1, 2]);
  await run.writeJson("clusters/summary", { a: 1, none: undefined, zero: -0 });
  assert.equal(await run.readJson("clusters/summary"), { a: 1, zero: 0 });
  await run.writeFile("report.html", "<p>");
  assert.equal(
    [await run.has("report.html"), await run.has("clusters/summary.json"), await run.has("x.npy")],
    [true, true, false],
  );
  for (const bad of ["../x", "/x", "a/../b", ".hidden", "manifest.json", "checkpoints/full", "", "a b"]) {
    assert.throws(() => run.resultPath(bad), /cannot name a result/);
  }
  const first = await readFile(join(run.path, "manifest.json"));
  await RunDirectory.open(run.path, options());
  assert.ok(first.equals(await readFile(join(run.path, "manifest.json"))));
  await rename(run.path, `${run.path}-moved`);
  assert.is((await RunDirectory.openExisting(`${run.path}-moved`)).config.seed, 1);
});

test("safe names are safe and different", () => {
  assert.is(safeName("l0 attn"), "l0_attn");
  assert.is(safeName("l0h3"), "l0h3");
  const names = [
    "a b",
    "a_b",
    "A b",
    "a/b",
    "a\\b",
    "a.b",
    "..",
    ".",
    "con",
    "~63on",
    "é",
    "l0 mlp[0:64]",
    "full.partial",
    "a\0b",
  ];
  const safe = names.map(safeName);
  assert.is(new Set(safe.map((name) => name.toLowerCase())).size, names.length);
  for (const name of safe) assert.match(name, /^[a-z0-9_~-]+$/);
  assert.throws(() => safeName(""), /cannot name a file/);
  assert.throws(() => safeName("x".repeat(201)), /201 characters/);
});

test("differences and normal form", () => {
  assert.equal(differences({ a: [1, 2], b: null }, { b: null, a: [1, 2] }), []);
  assert.equal(differences({ a: [{ x: 1, y: 2 }] }, { a: [{ y: 2, x: 1 }] }), []);
  assert.equal(differences({ a: { b: 1 } }, { a: 1 }), [{ key: "a", before: { b: 1 }, now: 1 }]);
  assert.equal(normalizeJson({ a: undefined, b: [-0] }), { b: [0] });
  assert.throws(() => normalizeJson({ a: [Number.POSITIVE_INFINITY] }), /value\.a\[0\] is Infinity/);
});

test.run();
