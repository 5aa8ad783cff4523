import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { differences, normalizeJson } from "./json";
import { safeName } from "./names";
import { RunDirectory } from "./run-directory";

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

test("a run goes on where it was left", async () => {
  const path = join(folder, "run");
  const run = await RunDirectory.open(path, options());
  assert.equal(run.units("pending"), ["full", "l0h3", "l0 attn"]);
  const arrays = {
    sums: { shape: [2], data: Float64Array.of(1, 2) },
    "loss trace": { shape: [1, 2], data: Float32Array.of(3, 4) },
  };
  await run.writeUnit("l0 attn", { arrays, facts: { "r hat": 1.01, list: [1, 2] } });
  assert.ok(run.isDone("l0 attn"));

  const again = await RunDirectory.open(path, options());
  assert.equal(again.units("done"), ["l0 attn"]);
  assert.equal(again.units("pending"), ["full", "l0h3"]);
  const unit = await again.readUnit("l0 attn");
  assert.equal(unit.facts, { "r hat": 1.01, list: [1, 2] });
  assert.equal(unit.arrays.get("sums"), { dtype: "f64", shape: [2], data: Float64Array.of(1, 2) });
  assert.equal(unit.arrays.get("loss trace")?.data, Float32Array.of(3, 4));
  await refused(again.writeUnit("l0 attn", { arrays }), /unit "l0 attn" is already done/);
  await refused(again.writeUnit("l9", { arrays }), /no unit "l9" in this run/);
  await refused(again.readUnit("full"), /"full" is not done yet/);
  assert.equal(await readdir(join(path, "components")), ["l0_attn"]);
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
  await mkdir(join(path, "components", "full.partial"), { recursive: true });
  await writeFile(join(path, "components", "full.partial", "unit.json"), "{}");
  await writeFile(join(path, ".manifest.json.1.0.tmp"), "{");
  // Killed between the rename of a unit and the manifest: the disk is the truth.
  await run.writeUnit("l0h3", { arrays: {} });
  const manifest = JSON.parse(await readFile(join(path, "manifest.json"), "utf8"));
  manifest.units.l0h3.state = "pending";
  manifest.units["l0 attn"].state = "done";
  await writeFile(join(path, "manifest.json"), JSON.stringify(manifest));

  const again = await RunDirectory.open(path, options());
  assert.equal(again.units("done"), ["l0h3"]);
  assert.equal(await readdir(join(path, "components")), ["l0h3"]);
  assert.equal((await readdir(path)).sort(), ["components", "manifest.json"]);
});

test("a unit whose writing fails is not there", async () => {
  const run = await RunDirectory.open(join(folder, "failing"), options());
  await refused(
    run.writeUnit("full", { arrays: { x: { shape: [3], data: new Float32Array(2) } } }),
    /needs 3 elements/,
  );
  await refused(run.writeUnit("full", { arrays: {}, facts: { x: Number.NaN } }), /x is NaN, which JSON cannot hold/);
  assert.not.ok(run.isDone("full"));
  await run.writeUnit("full", { arrays: {} });
  assert.equal((await RunDirectory.openExisting(run.path)).units("done"), ["full"]);
});

test("altered arrays are found", async () => {
  const run = await RunDirectory.open(join(folder, "altered"), options());
  await run.writeUnit("full", { arrays: { x: { shape: [2], data: Float32Array.of(1, 2) } } });
  const file = join(run.path, "components", "full", "x.npy");
  const bytes = await readFile(file);
  bytes[bytes.length - 1] ^= 1;
  await writeFile(file, bytes);
  await refused(
    run.readUnit("full"),
    /x\.npy: altered or damaged: SHA-256 .*; delete .*full to have it computed again/,
  );
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
  await refused(RunDirectory.open(path, options()), /format version 9, this program knows 1/);
  await writeFile(join(path, "manifest.json"), '{"format": "spectroscope-run", "version": 1}');
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
  for (const bad of ["../x", "/x", "a/../b", ".hidden", "manifest.json", "components/full/x", "", "a b"]) {
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
