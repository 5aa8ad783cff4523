/** The whole measurement as a library: nano's quick run over a store in memory has the bytes that it has in a folder. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { wasmDevice } from "../../harness/test/device";
import { differingFiles } from "../../harness/test/folder-bytes";
import { bytesOf, isChiOrCluster, quickSubject } from "../../harness/test/quick-run";
import { refused } from "../../harness/test/refused";
import { stopAfter } from "../../harness/test/stop-after";
import { suite } from "../../harness/test/suite";
import { DirectoryStore } from "../node/directory-store";
import { MemoryStore } from "../store/memory-store";
import type { MeasureEvent } from "./events";
import { measure, sample } from "./measure";

const test = suite("runtime/measure/measure");

let folder = "";
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectroscope-measure-"));
});
test.after(() => rm(folder, { recursive: true, force: true }));

/** A few heads of little text. */
const SMALL = ["weight_restrictions=l0h1,l0h3,l1h2,l1h5", "probe_sequences=8", "pool_sequences=16"];

test("nano's quick run on the processor: a store in memory has every byte of a folder", async (t) => {
  const device = await wasmDevice();
  const [memory, directory] = [new MemoryStore(), new DirectoryStore(join(folder, "processor"))];
  const subject = await quickSubject("weight_restrictions=embed,l0h0,l0h3,l1h1,l1h2,l1h4,l1h6,l1 mlp,unembed");
  const { run, results: inMemory } = await measure({ ...subject, device, store: memory });
  const { results: inFolder } = await measure({ ...subject, device, store: directory });
  assert.equal(run.units("pending"), []);
  assert.equal(differingFiles(await bytesOf(memory), await bytesOf(directory)), []);
  const names = Object.keys(await bytesOf(memory));
  assert.ok(names.filter(isChiOrCluster).length > 10 && names.includes("tokens.csv"), `${names}`);
  assert.ok(inMemory.clusters.length > 3, "there is something to compare");
  assert.equal(inMemory.scores, inFolder.scores);
  t.note(`${names.length} values, ${inMemory.clusters.length} clusters`);
});

test("a run in memory stops when its signal asks and goes on to the same bytes; nobody else writes it meanwhile", async () => {
  const device = await wasmDevice();
  const sets = [...SMALL, "checkpoint_draws=2"];
  const request = { ...(await quickSubject(...sets)), device };
  const whole = new MemoryStore();
  await measure({ ...request, store: whole });
  const store = new MemoryStore();
  let stops = 0;
  const heard: MeasureEvent[] = [];
  for (;;) {
    // An analysis has no checkpoints: it would be stopped over and over.
    const sampling = (event: MeasureEvent) => event.kind === "work" && event.task === "sampling";
    const attention = stopAfter(12, sampling, (event) => heard.push(event));
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
    heard.some((event) => event.kind === "say" && /^going on with memory: \d of 12 units are done$/.test(event.text)),
  );
  await store.exclusive(() => refused(sample({ ...request, store }), /memory: another process is writing this run/));
});

test.run();
