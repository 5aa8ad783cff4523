/**
 * The whole measurement as a library: nano's quick run over a store in memory, on the processor and on a GPU device that is its
 * caller's, has the bytes that it has in a folder.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { settledConfig } from "../../harness/cli/run-config";
import { testDevice, wasmDevice } from "../../harness/test/device";
import { differingFiles, isResult, storeBytes } from "../../harness/test/folder-bytes";
import { nanoFolder } from "../../harness/test/nano";
import { refused } from "../../harness/test/refused";
import { stopAfter } from "../../harness/test/stop-after";
import { suite } from "../../harness/test/suite";
import { preset, QUICK } from "../../models/nano/preset";
import { DirectoryStore } from "../node/directory-store";
import { waitFor } from "../node/wait";
import type { Device } from "../plan/device";
import { MemoryStore } from "../store/memory-store";
import type { Store } from "../store/store";
import { webgpuDevice } from "../webgpu/device";
import type { MeasureEvent } from "./events";
import { measure, sample } from "./measure";
import type { Subject } from "./request";

const test = suite("runtime/measure/measure", { gpu: true });

let folder = "";
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectroscope-measure-"));
});
test.after(() => rm(folder, { recursive: true, force: true }));

async function subject(...sets: string[]): Promise<Subject> {
  const config = settledConfig({}, "test", [...QUICK, ...sets]);
  const model = await nanoFolder();
  return { config, model, corpora: preset.corpora(config, model.model.dims.positions) };
}

/** What a run leaves that does not tell its machine or its hour. */
const bytesOf = (store: Store) => storeBytes(store, isResult);

const isChiOrCluster = (name: string) => /^(susceptibilities\.zarr\/|clusters\.jsonl$|labels\.npy$)/.test(name);

/** A few heads and few draws: SwiftShader takes its time. */
const SMALL = ["weight_restrictions=l0h1,l0h3,l1h2,l1h5", "probe_sequences=8", "pool_sequences=16"];

async function measured(device: Device, store: Store, ...sets: string[]) {
  const { run, results } = await measure({ ...(await subject(...sets)), device, store });
  assert.equal(run.units("pending"), []);
  return results;
}

test("nano's quick run on the processor: a store in memory has every byte of a folder", async (t) => {
  const device = await wasmDevice();
  const [memory, directory] = [new MemoryStore(), new DirectoryStore(join(folder, "processor"))];
  const inMemory = await measured(device, memory);
  const inFolder = await measured(device, directory);
  assert.equal(differingFiles(await bytesOf(memory), await bytesOf(directory)), []);
  const names = Object.keys(await bytesOf(memory));
  assert.ok(names.filter(isChiOrCluster).length > 10 && names.includes("tokens.csv"), `${names}`);
  assert.ok(inMemory.clusters.length > 10, "there is something to compare");
  assert.equal(inMemory.scores, inFolder.scores);
  t.note(`${names.length} values, ${inMemory.clusters.length} clusters`);
});

test("a foreign GPUDevice over a store in memory: the bytes of our own device in a folder, and it stays open", async () => {
  const own = await testDevice();
  const foreign = webgpuDevice(own.gpu, { wait: waitFor });
  const [memory, directory] = [new MemoryStore(), new DirectoryStore(join(folder, "gpu"))];
  await measured(foreign, memory, ...SMALL);
  foreign.close();
  await measured(own, directory, ...SMALL);
  const [a, b] = [await bytesOf(memory), await bytesOf(directory)];
  const chi = Object.keys(a).filter(isChiOrCluster);
  assert.ok(chi.length > 10);
  assert.equal(
    differingFiles(a, b).filter((name) => isChiOrCluster(name) || name.startsWith("samples_")),
    [],
  );
});

test("a run in memory stops when its signal asks and goes on to the same bytes; nobody else writes it meanwhile", async () => {
  const device = await wasmDevice();
  const sets = [...SMALL, "checkpoint_draws=2"];
  const request = { ...(await subject(...sets)), device };
  const whole = new MemoryStore();
  await measure({ ...request, store: whole });
  const store = new MemoryStore();
  let stops = 0;
  const heard: MeasureEvent[] = [];
  for (;;) {
    const attention = stopAfter(5, undefined, (event) => heard.push(event));
    const error = await measure({ ...request, store, ...attention }).then(
      () => undefined,
      (thrown) => thrown,
    );
    if (!error) break;
    assert.is(error.code, "interrupted", error.stack);
    assert.ok(++stops < 30, "it gets on");
  }
  assert.ok(stops >= 3, `stopped ${stops} times`);
  assert.equal(differingFiles(await bytesOf(store), await bytesOf(whole)), []);
  assert.ok(
    heard.some((event) => event.kind === "say" && /^going on with memory: \d of 8 units are done$/.test(event.text)),
  );
  await store.exclusive(() => refused(sample({ ...request, store }), /memory: another process is writing this run/));
});

test.run();
