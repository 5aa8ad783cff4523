/** Chains of two heads over two rows, on the processor: quick, for what only a run with chains can tell. */
import * as assert from "uvu/assert";
import { quickSubject } from "../../harness/test/quick-run";
import { suite } from "../../harness/test/suite";
import type { Memory } from "../plan/memory";
import { openProcessor, type ProcessorDevice } from "../processor/device";
import { MemoryStore } from "../store/memory-store";
import { Run } from "../store/run";
import { calibrate } from "./calibrate";
import { calibrateScales } from "./calibrate-scales";
import { openUnit } from "./chi-tables";
import type { Corpus } from "./corpus";
import type { MeasureEvent } from "./events";
import { measure } from "./measure";
import type { MeasureRequest } from "./request";
import { readTiming } from "./run-files";
import { sweep } from "./sweep";

const test = suite("runtime/measure/small-run");

const [ROWS, COLUMNS] = [2, 9];
const corpus: Corpus = {
  ids: Uint32Array.from({ length: ROWS * COLUMNS }, (_, i) => i),
  ...{ rows: ROWS, columns: COLUMNS, nameOf: (id) => `#${id}` },
};

let device: ProcessorDevice;
/** The memory that was opened last. */
let memory: Memory;
test.before(async () => {
  device = await openProcessor(1);
  const open = device.openMemory.bind(device);
  device.openMemory = () => {
    const opened = open();
    memory = opened;
    return opened;
  };
});
test.after(() => device.close());

async function request(...sets: string[]): Promise<MeasureRequest & { store: MemoryStore }> {
  const subject = await quickSubject(
    ...["weight_restrictions=l0h1,l1h2", "sampler.num_draws=4", "sampler.num_chains=2", "controls.n_beta_zero=false"],
    ...["controls.equal_rise=false", "sampler.num_burnin_steps=0", "sampler.num_steps_bw_draws=1"],
    ...["acceptance_checks=0", "keep_traces=false", "cluster.null=none"],
    ...sets,
  );
  return { ...subject, corpora: { probe: corpus, pool: corpus }, device, store: new MemoryStore() };
}
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, one) => sum + one, 0) / values.length;

test("the seconds of an analysis are those that passed meanwhile; the loss at w* is the mean over rows, by place", async () => {
  const asked = await request();
  const { now } = performance;
  let hour = 0;
  try {
    performance.now = () => hour;
    const on = (event: MeasureEvent) => {
      if (event.kind === "say" && event.text === "clustering chi") hour += 5000;
      if (event.kind === "draw" && event.draw === 1) hour += 250;
    };
    const { run } = await measure({ ...asked, on });
    const timing = await readTiming(run);
    assert.equal(timing?.seconds, [
      { phase: "sampling", seconds: 0.5 },
      { phase: "analysis", seconds: 5 },
    ]);
    const unit = await openUnit(run, "l0h1");
    const [baseline, places] = [await unit.baseline(), COLUMNS - 1];
    const initLoss = await unit.initLoss();
    assert.is(initLoss.length, places);
    for (const [t, loss] of initLoss.entries()) {
      assert.ok(Math.abs(loss - (baseline[t] + baseline[places + t]) / 2) < 1e-6, `${t}: ${loss}`);
    }
  } finally {
    performance.now = now;
  }
});

test("a row of a sweep has the least and the greatest mean rise of its own chains", async () => {
  const asked = await request();
  const { run } = await measure(asked);
  const { rows } = await sweep({ ...asked, run, settings: ["lr"], factors: [0.5] });
  assert.equal(
    rows.map(({ setting }) => setting),
    [`seed=${asked.config.sampler.seed + 1}`, `lr=${Number((asked.config.sampler.lr / 2).toPrecision(6))}`],
  );

  for (const { setting, rise } of rows) {
    const own = await Run.open(asked.store.below(`sweep/${setting}`));
    const rises: number[] = [];
    for (const name of ["l0h1", "l1h2"]) rises.push(mean(await (await openUnit(own, name)).phi()));
    assert.ok(
      Math.abs(rise[0] - Math.min(...rises)) < 1e-9 && Math.abs(rise[1] - Math.max(...rises)) < 1e-9,
      `${rise}`,
    );
    assert.ok(rise[0] < rise[1]);
  }
});

test("a calibration keeps no activations that its next components do not use", async () => {
  // Activations before the second layer are kept for heads of it; before the first there are none.
  const asked = await request("weight_restrictions=l1h2,embed");
  const bytes: number[] = [];
  const { components, trials } = await calibrate({ ...asked, on: () => bytes.push(memory.bytes) });
  assert.equal(components, ["l1h2", "embed"]);
  assert.is(bytes.length, trials.length * 2);
  // At the first setting weights come besides.
  for (let i = 2; i < bytes.length; i += 2) {
    const [head, embed] = bytes.slice(i);
    assert.ok(embed < head, `${embed} bytes after embed, ${head} after a head`);
  }
  for (const { components: tried } of trials) {
    for (const { meanRise, lag1 } of tried)
      assert.ok(meanRise === undefined || Number.isFinite(meanRise + (lag1 ?? 0)));
  }
});

test("a search for scales says which component it is at, and of how many", async () => {
  const labels: string[] = [];
  const on = (event: MeasureEvent) =>
    event.kind === "work" && labels.push(`${event.label} ${event.done}/${event.total}`);
  await calibrateScales({ ...(await request()), on }, 0.1);
  assert.equal(labels, ["scales: l0h1 (1/2) 0/2", "scales: l1h2 (2/2) 1/2"]);
});

test.run();
