/**
 * A run that four processes share is, put together, the run that one process samples: the same bits, whatever order the
 * shards are named in and however many chains a process batches.
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { seal } from "../../runtime/store/sealed";
import { differingFiles, folderBytes } from "../test/folder-bytes";
import { assertRefused, runProgram } from "../test/program";
import { suite } from "../test/suite";

const test = suite("harness/cli/shards", { gpu: true });
const folder = mkdtempSync(join(tmpdir(), "spectroscope-shards-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const cli = (...words: string[]) => {
  const run = runProgram(folder, words);
  assert.is(run.status, 0, run.stderr);
  return run.stdout;
};
const refused = (words: string[], ...texts: (string | RegExp)[]) =>
  assertRefused(runProgram(folder, words), 1, ...texts);

// Three chains of four components and their priors over four processes: every shard holds other chains of other units.
const SETS = [
  "weight_restrictions=l1h0,l1h2,unembed",
  "estimator=two_chain",
  "probe_sequences=2",
  "pool_sequences=4",
  "sampler.num_chains=3",
  "sampler.num_draws=5",
  "sampler.num_burnin_steps=1",
  "sampler.num_steps_bw_draws=1",
  "checkpoint_draws=2",
  "acceptance_checks=2",
].flatMap((set) => ["--set", set]);
const CLUSTER = ["k=8", "min_size=3"].flatMap((set) => ["--set", set]);
const COUNT = 4;
const shards = Array.from({ length: COUNT }, (_, i) => `shard-${i + 1}`);
const shuffled = ["shard-3", "shard-1", "shard-4", "shard-2"];

/** What a store holds beside its arrays: its root's metadata. */
interface Root {
  attributes: {
    metadata: { config: unknown; spectroscope: Record<string, unknown> };
    sha256: Record<string, string>;
    completed: number;
  };
}
const stores = (run: string) => readdirSync(join(folder, run)).filter((name) => /^samples_.*\.zarr$/.test(name));
const rootOf = (run: string, store: string): Root =>
  JSON.parse(readFileSync(join(folder, run, store, "zarr.json"), "utf8"));

test.before(() => {
  cli("sample", ...SETS, "--out", "whole");
  for (const [i, shard] of shards.entries()) cli("sample", ...SETS, "--shard", `${i + 1}/${COUNT}`, "--out", shard);
  cli("merge", "--out", "merged", ...shuffled);
});

test("every shard has its own chains, and none has all of a unit", () => {
  const held = new Map<string, number[]>();
  for (const shard of shards) {
    const own = stores(shard);
    assert.ok(own.length > 0);
    for (const store of own) {
      const { chains } = rootOf(shard, store).attributes.metadata.spectroscope as { chains: number[] };
      assert.ok(chains.length > 0 && chains.length < 3, `${shard} holds chains ${chains} of ${store}`);
      held.set(store, [...(held.get(store) ?? []), ...chains]);
    }
  }
  assert.equal([...held.keys()].sort(), stores("whole").sort());
  for (const [store, chains] of held) assert.equal(chains.sort(), [0, 1, 2], store);
});

test("the prior at equal rise is found by every shard for itself, as its plan says", () => {
  const name = "samples_l1h2 n_beta=0 at equal rise.zarr";
  const { localization } = rootOf("merged", name).attributes.metadata.spectroscope as { localization: number[] };
  assert.is(new Set(localization).size, 3, `${localization}`);
  const { plan } = JSON.parse(readFileSync(join(folder, "shard-1", "manifest.json"), "utf8"));
  const unit = plan.find((one: { name: string }) => one.name === "l1h2 n_beta=0 at equal rise");
  assert.equal(unit.match, { chains: "l1h2", prior: "l1h2 n_beta=0" });
});

test("merged in any order: every array has the bytes of one process's", () => {
  const isStore = (name: string) => name.startsWith("samples_");
  const isRoot = (name: string) => /^samples_[^/]*\/zarr\.json$/.test(name);
  const [whole, merged] = ["whole", "merged"].map((run) => folderBytes(join(folder, run), isStore));
  assert.ok(Object.keys(whole).some((name) => name.includes("/loss_probe/c/")));
  assert.equal(
    differingFiles(whole, merged).filter((name) => !isRoot(name)),
    [],
  );
  assert.equal(Object.keys(merged), Object.keys(whole));
  for (const store of stores("whole")) {
    const [a, b] = [rootOf("whole", store).attributes, rootOf("merged", store).attributes];
    // Each process computes what is fixed for itself, so together they did more work.
    const without = ({ flops, ...facts }: Record<string, unknown>) => facts;
    assert.equal(b.metadata.config, a.metadata.config, store);
    assert.equal(without(b.metadata.spectroscope), without(a.metadata.spectroscope), store);
    const files = ({ "zarr.json": _, ...hashes }: Record<string, string>) => hashes;
    assert.equal([files(b.sha256), b.completed], [files(a.sha256), 1], store);
    const flops = [a, b].map(({ metadata }) => metadata.spectroscope.flops as number);
    assert.ok(flops[1] >= flops[0], `${store}: ${flops}`);
  }
  cli("merge", "--out", "merged again", ...shards);
  assert.equal(
    differingFiles(folderBytes(join(folder, "merged again"), isStore), merged),
    [],
    "flops too do not depend on the order",
  );
});

test("analyzed, both are one: susceptibilities, clusters, results", () => {
  for (const run of ["whole", "merged"]) cli("cluster", run, ...CLUSTER);
  const isResult = (name: string) =>
    /^(susceptibilities\.zarr\/|(results|cluster-config)\.json|clusters\.jsonl|labels)/.test(name);
  const [whole, merged] = ["whole", "merged"].map((run) => folderBytes(join(folder, run), isResult));
  for (const name of ["results.json", "clusters.jsonl", "labels.npy", "susceptibilities.zarr/zarr.json"]) {
    assert.ok(name in whole, name);
  }
  assert.equal(differingFiles(whole, merged), []);
  const timing = (run: string) => JSON.parse(readFileSync(join(folder, run, "timing.json"), "utf8"));
  const seconds = shards.map((shard) => timing(shard).seconds[0].seconds).reduce((a, b) => a + b);
  assert.ok(Math.abs(timing("merged").seconds[0].seconds - seconds) < 1e-9, "all shards took as long together");
  // A process that dies after its last unit leaves no such note, and the run can be reported all the same.
  rmSync(join(folder, "merged", "timing.json"));
  cli("report", "merged");
  assert.match(readFileSync(join(folder, "merged", "report.html"), "utf8"), timing("whole").adapter.name);
});

test("what was merged already is kept, and a merge that was stopped goes on", () => {
  const partly = join(folder, "partly");
  cpSync(join(folder, "merged"), partly, { recursive: true });
  const kept = readFileSync(join(partly, "samples_l1h0.zarr", "zarr.json"));
  rmSync(join(partly, "samples_l1h2.zarr"), { recursive: true });
  const root = rootOf("partly", "samples_unembed.zarr");
  const { completed, sha256, ...attributes } = root.attributes;
  writeFileSync(join(partly, "samples_unembed.zarr", "zarr.json"), JSON.stringify({ ...root, attributes }));
  cli("merge", "--out", "partly", ...shards);
  const isStore = (name: string) => name.startsWith("samples_");
  assert.equal(differingFiles(folderBytes(partly, isStore), folderBytes(join(folder, "merged"), isStore)), []);
  assert.equal(readFileSync(join(partly, "samples_l1h0.zarr", "zarr.json")), kept);
});

test("a shard that is missing, named twice, another run's or unfinished is refused by name", async () => {
  const merge = (out: string, ...names: string[]) => ["merge", "--out", out, ...names];
  refused(merge("never", ...shards.slice(1)), /shard \d\/4 is missing/, "name the directories of all shards");
  refused(merge("never-2", ...shards, "shard-2"), /shard-2: is shard \d\/4, as shard-2 is/);
  refused(merge("never-3", ...shards, "absent"), "absent", "not a run");
  cli("sample", ...SETS, "--seed", "5", "--shard", "2/4", "--out", "other-seed");
  refused(
    merge("never-4", "shard-1", "other-seed", "shard-3", "shard-4"),
    "other-seed: is no shard of the same run as shard-1: sampler.seed differ",
  );
  const unfinished = join(folder, "unfinished");
  cpSync(join(folder, "shard-2"), unfinished, { recursive: true });
  const [unit] = stores("unfinished");
  rmSync(join(unfinished, unit), { recursive: true });
  const manifest = JSON.parse(readFileSync(join(unfinished, "manifest.json"), "utf8"));
  const name = Object.keys(manifest.units).find((key) => manifest.units[key].directory === unit)!;
  manifest.units[name].state = "pending";
  delete manifest.sha256;
  writeFileSync(join(unfinished, "manifest.json"), JSON.stringify(await seal(manifest)));
  refused(
    merge("never-5", "shard-1", "unfinished", "shard-3", "shard-4"),
    `unfinished: ${name} is not done yet`,
    "run the command that began it again",
  );
  refused(merge("never-6", "whole"), "whole: is a whole run and no shard");
  for (const out of ["never", "never-2", "never-3", "never-4", "never-5", "never-6"])
    assert.not(readdirSync(folder).includes(out));
});

test("a shard is no run to analyze, and is gone on with as the shard that it is", () => {
  const refusedAs = (words: string[], status: number, ...texts: string[]) =>
    assertRefused(runProgram(folder, words), status, ...texts);
  refusedAs(["cluster", "shard-1"], 2, "shard-1: is a shard of a run", "merge");
  refusedAs(["run", "--resume", "--out", "shard-1"], 2, "shard-1 is a shard", "sample --resume");
  refusedAs(["sample", "--resume", "--shard", "2/4", "--out", "shard-1"], 1, 'shard: "1/4" there, "2/4" now');
  refusedAs(["sample", ...SETS, "--out", "shard-1"], 1, 'shard: "1/4" there, absent now');
  refusedAs(["sample", ...SETS, "--shard", "5/4", "--out", "shard-5"], 2, "--shard", "5/4");
  const before = folderBytes(join(folder, "shard-1"), (name) => name !== "timing.json");
  cli("sample", "--resume", "--out", "shard-1");
  assert.equal(
    differingFiles(
      folderBytes(join(folder, "shard-1"), (name) => name !== "timing.json"),
      before,
    ),
    [],
  );
});

test.run();
