/** What check and readers say repairs a run: the very clustering that its results had, and a way out where the manifest is gone. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { settledConfig } from "../../harness/cli/run-config";
import { plannedUnits } from "../../harness/test/made-up-unit";
import { refused } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import type { JsonObject } from "../formats/json";
import { DirectoryStore } from "../node/directory-store";
import { MemoryStore } from "../store/memory-store";
import { Run } from "../store/run";
import type { Store } from "../store/store";
import { checkRun } from "./check";
import { remedyOf } from "./run-files";

const test = suite("runtime/measure/check");

async function begun(store: Store, ...sets: string[]) {
  const { cluster, ...sampling } = settledConfig({}, "test", sets);
  return Run.begin(store, {
    config: sampling as unknown as JsonObject,
    provenance: {},
    plan: plannedUnits(["l0h1"], { draws: 6, chains: 2 }),
    cluster: cluster as unknown as JsonObject,
  });
}

const command = (sets: string) => `run \`npx spectroscope cluster run${sets}\` to have it made again`;

test("results are made again by the clustering that they had, also half-written ones", async () => {
  const store = new MemoryStore("run");
  assert.is(remedyOf(await begun(store)), command(""));
  const run = await begun(new MemoryStore("run"), "cluster.k=6", "cluster.tolerances=0.003,0.001");
  assert.is(remedyOf(run), command(" --set k=6 --set tolerances=0.003,0.001"));
  const write = () => run.writeFile("note.txt", "1");
  await run.replaceResults(["note.txt"], write, { ...run.manifest.cluster, k: 7, tolerances: null });
  assert.is(remedyOf(await Run.open(run.store)), command(" --set k=7"));
  const killed = async () => {
    assert.is(remedyOf(await Run.open(run.store)), command(" --set k=8"));
    throw new Error("killed");
  };
  const again = run.replaceResults(["note.txt"], killed, { ...run.manifest.cluster, k: 8 });
  await again.catch((error) => assert.is(error.message, "killed"));
  assert.is(remedyOf(await Run.open(run.store)), command(" --set k=8"));
});

test("a run whose manifest is lost is said to be taken up by the command that began it", async () => {
  const store = new MemoryStore("run");
  await refused(checkRun(store), /run: no manifest\.json, so it is not a run; check the path/);
  await store.set("samples_l0h1.zarr/zarr.json", Uint8Array.of(123));
  await refused(
    checkRun(store),
    /put it back, or give the command that began the run again: units that are done are kept/,
  );
  await refused(Run.open(store), /put it back, or give the command that began the run again/);
});

test("what lies in a file's place and is none is a fault like others", async () => {
  const folder = mkdtempSync(join(tmpdir(), "check-"));
  try {
    const run = await begun(new DirectoryStore(folder));
    await run.replaceResults(["labels.npy"], () => run.writeFile("labels.npy", "x"));
    rmSync(join(folder, "labels.npy"));
    mkdirSync(join(folder, "labels.npy"));
    const { faults } = await checkRun(run.store);
    assert.equal(
      faults.map(({ what, remedy }) => `${what}; ${remedy}`),
      [`is there and is no file; move it away, then: run \`npx spectroscope cluster ${folder}\` to have it made again`],
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
