/** Runs whose disk fills up, whose GPU is lost, or whose clock goes back: an error that says so, and the same bytes in the end. */
import * as assert from "uvu/assert";
import { wasmDevice } from "../../harness/test/device";
import { differingFiles } from "../../harness/test/folder-bytes";
import { bytesOf, quickSubject } from "../../harness/test/quick-run";
import { refused } from "../../harness/test/refused";
import { watched } from "../../harness/test/stores";
import { suite } from "../../harness/test/suite";
import { fileError, systemError } from "../node/files";
import { openGpu } from "../node/open-device";
import { MemoryStore } from "../store/memory-store";
import { need, type Store } from "../store/store";
import type { MeasureEvent } from "./events";
import { measure, sample } from "./measure";

const test = suite("runtime/measure/faults");

/** One head and what belongs to it, few draws of little text. */
const TINY = [
  ...["weight_restrictions=l0h3", "sampler.num_draws=4", "checkpoint_draws=2", "sampler.num_chains=2"],
  ...["probe_sequences=4", "pool_sequences=8", "controls.equal_rise=false"],
];

/** A store whose writes fail once `count` were done, as on a full disk. */
function filling(store: Store, count: number): Store {
  let left = count;
  return watched(store, (what) => {
    if (what.startsWith("set ") && left-- <= 0) throw fileError("write", what.slice(4), systemError("ENOSPC"));
  });
}

test("a disk that is full at any write ends the run by name, and the same request goes on to the same bytes", async (t) => {
  const device = await wasmDevice();
  const request = { ...(await quickSubject(...TINY)), device };
  const whole = new MemoryStore();
  let writes = 0;
  await measure({ ...request, store: watched(whole, (what) => what.startsWith("set ") && writes++) });
  const expected = await bytesOf(whole);
  let refusals = 0;
  // Units are written alike: the first writes, some in the middle, and the last. `runtime/store/killed.test.ts` tries every one.
  const counts = [
    0,
    1,
    2,
    ...[0.25, 0.5, 0.75, 0.9].map((share) => Math.floor(share * writes)),
    writes - 2,
    writes - 1,
  ];
  for (const count of counts) {
    const store = new MemoryStore();
    const error = await measure({ ...request, store: filling(store, count) }).then(
      () => undefined,
      (thrown) => thrown,
    );
    assert.is(error?.code, "system", `write ${count}: ${error?.stack}`);
    assert.match(error.line, /^cannot write .*: no space left on the device; free some space/);
    refusals++;
    // The disk may stay full for a while.
    if (count === 2) await refused(measure({ ...request, store: filling(store, 0) }), /no space left/);
    await measure({ ...request, store });
    assert.equal(differingFiles(await bytesOf(store), expected), [], `write ${count}`);
  }
  assert.is(refusals, counts.length);
  t.note(`${counts.join(", ")} of ${writes} writes`);
});

test("a clock that goes back changes no byte, and no time is negative", async () => {
  const device = await wasmDevice();
  const request = { ...(await quickSubject(...TINY)), device };
  const [whole, store] = [new MemoryStore(), new MemoryStore()];
  await measure({ ...request, store: whole });
  const { now } = Date;
  let hour = now();
  Date.now = () => {
    hour -= 3_600_000;
    return hour;
  };
  try {
    await measure({ ...request, store });
  } finally {
    Date.now = now;
  }
  assert.equal(differingFiles(await bytesOf(store), await bytesOf(whole)), []);
  const timing = JSON.parse(new TextDecoder().decode(await need(store, "timing.json")), (_, value) => {
    assert.ok(typeof value !== "number" || value >= 0, `${value}`);
    return value;
  });
  assert.ok(timing);
});

test("a GPU that is lost while chains run is one line, and another goes on to the same bytes", async (t) => {
  const gpu = await openGpu().catch((error) => t.skip(error.line));
  const subject = await quickSubject(...TINY, "sampler.num_draws=6");
  const [whole, store] = [new MemoryStore(), new MemoryStore()];
  let draws = 0;
  const on = (event: MeasureEvent) => {
    // As a driver does that is reset: the process has not asked for it.
    if (event.kind === "draw" && ++draws === 3) gpu.gpu.destroy();
  };
  await refused(sample({ ...subject, device: gpu, store, on }), /GPU device lost: .*; run the same command again/);
  assert.ok(draws >= 3);
  const second = await openGpu();
  await sample({ ...subject, device: second, store });
  await sample({ ...subject, device: second, store: whole });
  second.close();
  assert.equal(differingFiles(await bytesOf(store), await bytesOf(whole)), []);
});

test.run();
