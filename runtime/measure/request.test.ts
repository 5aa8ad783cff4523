/** What a caller of the library may hand over by mistake is told before anything is sampled, written, or taken for results. */
import * as assert from "uvu/assert";
import { wasmDevice } from "../../harness/test/device";
import { bytesOf, quickSubject } from "../../harness/test/quick-run";
import { refused, refusedAsUsage } from "../../harness/test/refused";
import { stopAfter } from "../../harness/test/stop-after";
import { watched } from "../../harness/test/stores";
import { suite } from "../../harness/test/suite";
import { MemoryStore } from "../store/memory-store";
import { Run } from "../store/run";
import { compareRuns } from "./compare";
import type { Corpus } from "./corpus";
import type { MeasureEvent } from "./events";
import { analyze, measure, sample } from "./measure";
import { mergeShards } from "./merge";
import type { MeasureRequest } from "./request";
import { readResults } from "./run-files";

const test = suite("runtime/measure/request");

const ROWS = 2;
const COLUMNS = 9;
const corpus = (changes: Partial<Corpus> = {}): Corpus => ({
  ids: Uint32Array.from({ length: ROWS * COLUMNS }, (_, i) => i),
  ...{ rows: ROWS, columns: COLUMNS, nameOf: (id) => `#${id}` },
  ...changes,
});
const withId = (id: number) => corpus({ ids: corpus().ids.with(12, id) });

/** Two heads over two rows, two chains, without what is not asked for here. */
async function request(
  changes: Partial<MeasureRequest["corpora"]> = {},
  ...sets: string[]
): Promise<MeasureRequest & { store: MemoryStore }> {
  const subject = await quickSubject(
    ...[
      "weight_restrictions=l0h1,l1h2",
      "sampler.num_draws=4",
      "sampler.num_chains=2",
      "controls.n_beta_zero=false",
      "controls.equal_rise=false",
    ],
    ...["sampler.num_burnin_steps=0", "sampler.num_steps_bw_draws=1", "acceptance_checks=0", "keep_traces=false"],
    ...sets,
  );
  const corpora = { probe: corpus(), pool: corpus(), ...changes };
  return { ...subject, corpora, device: await wasmDevice(), store: new MemoryStore() };
}

/** Components whose chi a sampling tells. */
async function told(asked: MeasureRequest): Promise<string[]> {
  const columns: string[] = [];
  const on = (event: MeasureEvent) => {
    if (event.kind === "column") columns.push(event.component);
  };
  await sample({ ...asked, on });
  return columns;
}

test("a text that is no rows of the model's ids is refused, and nothing is written", async () => {
  const labels = (count: number, number: number) => {
    const labelling = { numbers: new Int32Array(count).fill(number), names: ["a"] };
    return corpus({ labels: { roles: labelling, modes: labelling } });
  };
  const wrong: [RegExp, Corpus][] = [
    [/row 1, column 3 is 104, outside the vocabulary of 104; ids go from 0 to 103/, withId(104)],
    [/row 1, column 3 is 4294967295, outside/, withId(2 ** 32 - 1)],
    [/18 ids are no 3 rows of 9/, corpus({ rows: 3 })],
    [/18 ids are no 1 rows of 9/, corpus({ rows: 1 })],
    [/0 rows of 9 ids; give a row or more/, corpus({ rows: 0, ids: new Uint32Array(0) })],
    [/18 rows of 1 ids/, corpus({ rows: 18, columns: 1 })],
    [/2 rows of NaN ids/, corpus({ columns: Number.NaN })],
    [/rows of 66 ids read 65 positions, the model has 64/, corpus({ columns: 66, ids: new Uint32Array(132) })],
    [/15 roles of 16 targets/, labels(15, 0)],
    [/roles: number 1 of target 0 has no name/, labels(16, 1)],
  ];
  for (const [said, text] of wrong) {
    for (const name of ["probe", "pool"] as const) {
      const asked = await request({ [name]: text });
      for (const work of [measure, sample]) await refused(work(asked), new RegExp(`^${name}: `), said);
      assert.equal(await asked.store.list(""), []);
    }
  }
  const good = await request({ probe: withId(103) });
  await sample(good);
});

test("shards: only those that are, only to sample, and merged where there are some", async () => {
  const asked = await request();
  for (const [index, count] of [
    [0, 0],
    [0, 2],
    [3, 2],
    [1.5, 2],
  ]) {
    await refusedAsUsage(
      sample({ ...asked, shard: { index, count } }),
      new RegExp(`shard is ${index}/${count}; give whole`),
    );
  }
  const shard = { index: 1, count: 2 };
  const isShard = /memory: is a shard of a run; put its shards together first/;
  await refusedAsUsage(measure({ ...asked, shard }), isShard);
  assert.equal(await asked.store.list(""), []);
  await refusedAsUsage(analyze(await sample({ ...asked, shard }), asked), isShard);
  await refused(mergeShards(new MemoryStore(), []), /merge: no shards; name the directories/);
});

test("a fixed batch of the pool has the probe's columns", async () => {
  const pool = corpus({ rows: 3, columns: 6 });
  const sets = ["sampling_task=pool", "sampling_sequences=2"];
  const asked = await request({ pool }, ...sets);
  await refusedAsUsage(sample(asked), /sampling_task is pool: its sequences have 6 ids, those of the probe 9/);
  await sample(await request({ pool }));
  await sample(await request({}, ...sets));
});

test("an n_beta above the tokens that gradients come from is refused unless it is asked for", async () => {
  const asked = await request({}, "sampler.n_beta=16.5");
  const said =
    /sampler\.n_beta is 16\.5, and gradients come from 16 tokens: .*lower n_beta to 16 .*sampler\.allow_memorizing=true/;
  for (const work of [measure, sample]) await refusedAsUsage(work(asked), said);
  assert.equal(await asked.store.list(""), []);
  for (const sets of [["sampler.n_beta=16"], ["sampler.n_beta=17", "sampler.allow_memorizing=true"]]) {
    await sample(await request({}, "weight_restrictions=l0h1", ...sets));
  }
});

test("chi is told of components that are done, at once of those that were; not of a shard, nor before it can be", async () => {
  const asked = await request();
  assert.equal(await told(asked), ["l0h1", "l1h2"]);
  assert.equal(await told(asked), ["l0h1", "l1h2"]);
  assert.equal(await told({ ...asked, store: new MemoryStore(), shard: { index: 1, count: 2 } }), []);
  // The second shard has all chains of a component, and none of the whole model's.
  const two = await request({}, "estimator=two_chain", "sampler.num_chains=1");
  assert.equal(await told({ ...two, shard: { index: 2, count: 3 } }), []);
  assert.equal(await told({ ...two, store: new MemoryStore() }), ["l0h1", "l1h2"]);
});

test("who asks to stop after the last draw has a whole unit", async () => {
  const asked = await request({}, "weight_restrictions=l0h1");
  const stop = stopAfter(1, (event) => event.kind === "draw" && event.draw === 4);
  assert.equal((await sample({ ...asked, ...stop })).units("done"), ["l0h1"]);
  assert.ok(stop.signal.aborted);
});

test("what changes no result is no other run: components at once, clustering, whose buffer ids lie in", async () => {
  const asked = await request();
  const { run } = await measure(asked);
  const { store } = asked;
  const before = await bytesOf(store);
  const within = new Uint32Array(50);
  within.set(corpus().ids, 7);
  const other = await request({ pool: corpus({ ids: within.subarray(7, 7 + ROWS * COLUMNS) }) });
  const cluster = { ...asked.config.cluster, k: 4 };
  const again = await sample({ ...other, store, config: { ...asked.config, components_at_once: 1, cluster } });
  assert.equal(again.units("pending"), []);
  assert.equal(await bytesOf(store), before, "the clustering is that of the results");
  const shaped = await request({ pool: corpus({ rows: 3, columns: 6 }) });
  await refused(sample({ ...shaped, store }), /was begun with another pool than what is read now/);
  assert.equal(run.units("pending"), []);
});

test("a run is not analyzed as one of another text, nor anew over results that it then keeps half of", async () => {
  const asked = await request();
  const { run } = await measure(asked);
  const { store } = asked;
  const before = await bytesOf(store);
  const other = await request({ probe: withId(50) });
  await refused(analyze(run, other), /memory: was sampled on another probe; give the text that the run was begun with/);
  assert.equal(await bytesOf(store), before);
  const cluster = { ...asked.config.cluster, k: 4 };
  const changed = { ...asked, config: { ...asked.config, cluster } };
  const killed = new Error("killed");
  for (const last of ["cluster-config.json", "susceptibilities.zarr/zarr.json", "labels.npy", "results.json"]) {
    const dying = watched(store, (what) => {
      if (what === `set ${last}`) throw killed;
    });
    await analyze(await Run.open(dying), changed).then(
      () => assert.unreachable(last),
      (error) => assert.is(error, killed),
    );
    const there = await Run.open(store);
    await refused(
      readResults(there),
      /memory: its results are half-written; run `npx spectroscope cluster memory( --set \S+=\S+)*`/,
    );
    await refused(compareRuns(there, there), /memory: its results are half-written/);
    await analyze(there, asked);
    assert.equal(await bytesOf(store), before, "what is made again has the same bytes");
  }
});

test.run();
