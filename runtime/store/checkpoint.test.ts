/** Checkpoints: what is written is read back, or it is told that it is not what was written. */
import * as assert from "uvu/assert";
import { seededRandom } from "../../harness/test/random";
import { refused } from "../../harness/test/refused";
import { alter, flipped, storeKinds, watched } from "../../harness/test/stores";
import { suite } from "../../harness/test/suite";
import type { SpectroscopeError } from "../../kernels/errors";
import { type Checkpoint, readCheckpoint, writeCheckpoint } from "./checkpoint";
import { need, type Store } from "./store";

const test = suite("runtime/store/checkpoint");

const random = seededRandom(11);
const example = (drawn: number): Checkpoint => ({
  facts: { identity: "l0h1", drawn, lr: 0.1, nested: { list: [1, "two", null] } },
  arrays: new Map([
    ["w", Float32Array.from({ length: 1000 }, () => random.normal())],
    ["empty", new Float32Array(0)],
    // A state may hold what no measurement may: it has to come back all the same, sign of zero too.
    ["odd values", Float32Array.of(-0, 1e-45, 3.4e38, Number.NEGATIVE_INFINITY, Number.NaN)],
  ]),
});
const bits = ({ arrays }: Checkpoint) =>
  [...arrays].map(([name, data]) => [name, Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("hex")]);

async function damaged(store: Store, key: string, line: RegExp): Promise<void> {
  await refused(readCheckpoint(store, key), line, /delete it: its unit begins anew/);
  const error = await readCheckpoint(store, key).catch((thrown: SpectroscopeError) => thrown);
  assert.is((error as SpectroscopeError).code, "damaged");
}

for (const { kind, open } of storeKinds(test)) {
  test(`${kind}: what is written is read back to the bit, in a folder that was not there`, async () => {
    const store = open("new");
    const key = "checkpoints/l0h1.checkpoint";
    const state = example(3);
    await writeCheckpoint(store, key, state);
    const read = (await readCheckpoint(store, key))!;
    assert.equal(read.facts, state.facts);
    assert.equal(bits(read), bits(state));
    assert.equal(await store.list(""), [key]);
  });

  test(`${kind}: a part of a larger array is written alone`, async () => {
    const store = open("checkpoints");
    const key = "part";
    const whole = Float32Array.of(1, 2, 3, 4);
    await writeCheckpoint(store, key, { facts: {}, arrays: new Map([["part", whole.subarray(1, 3)]]) });
    assert.equal((await readCheckpoint(store, key))!.arrays.get("part"), Float32Array.of(2, 3));
  });

  test(`${kind}: a later checkpoint replaces the earlier one, whole or not at all`, async () => {
    const store = open("checkpoints");
    const key = "over";
    const [first, second] = [example(1), example(2)];
    await writeCheckpoint(store, key, first);
    const broken = { facts: { drawn: Number.NaN }, arrays: new Map() };
    await writeCheckpoint(store, key, broken).then(
      () => assert.unreachable("NaN is no JSON"),
      () => {},
    );
    assert.equal(bits((await readCheckpoint(store, key))!), bits(first), "one that fails leaves the earlier");
    await writeCheckpoint(store, key, second);
    const read = (await readCheckpoint(store, key))!;
    assert.is(read.facts.drawn, 2);
    assert.equal(bits(read), bits(second));
    assert.equal(
      (await store.list("")).filter((name) => name.includes("over")),
      ["over"],
    );
  });

  test(`${kind}: where there is none there is nothing, and what cannot be read is told`, async () => {
    const store = open("none");
    assert.is(await readCheckpoint(store, "absent"), undefined);
    assert.is(await readCheckpoint(store, "no folder/absent"), undefined);
    await writeCheckpoint(store, "folder/in it", example(1));
    if (kind === "directory") await refused(readCheckpoint(store, "folder"), /cannot read .*it is a directory/);
  });

  test(`${kind}: any byte that changed, and any end that is missing, is told`, async () => {
    const store = open("checkpoints");
    const key = "damaged";
    await writeCheckpoint(store, key, example(4));
    const whole = await need(store, key);
    const head = whole.indexOf(10) + 1;
    // In the head of the first array, in its values, and the very last byte.
    for (const at of [head + 3, head + 200, head + 3000, whole.length - 1]) {
      await alter(store, key, () => flipped(at, 4)(whole));
      await damaged(store, key, /damaged: array (w|odd values) is not what was written/);
    }
    for (const length of [head, head + 500, whole.length - 1]) {
      await store.set(key, whole.subarray(0, length));
      await damaged(store, key, /damaged: has \d+ bytes, expected \d+/);
    }
    for (const length of [0, 1, head - 1]) {
      await store.set(key, whole.subarray(0, length));
      await damaged(store, key, /damaged: no checkpoint/);
    }
    await store.set(key, whole);
    assert.is((await readCheckpoint(store, key))!.facts.drawn, 4);
  });

  test(`${kind}: every byte of the facts counts: a checkpoint whose counts were altered is not gone on with`, async () => {
    const store = open("checkpoints");
    const key = "facts";
    await writeCheckpoint(store, key, example(4));
    const text = Buffer.from(await need(store, key))
      .toString("latin1")
      .replace('"drawn":4', '"drawn":5');
    await store.set(key, Buffer.from(text, "latin1"));
    await damaged(store, key, /facts are not what was written/);
  });

  test(`${kind}: files of another kind or version are told apart`, async () => {
    const store = open("checkpoints");
    const key = "other";
    await writeCheckpoint(store, key, example(1));
    const bytes = Buffer.from(await need(store, key));
    const replaced = async (before: string, after: string) => {
      const text = bytes.toString("latin1");
      assert.ok(text.includes(before));
      await store.set(key, Buffer.from(text.replace(before, after), "latin1"));
    };
    await replaced('"version":3', '"version":2');
    await damaged(store, key, /other: not a checkpoint of version 3/);
    await replaced("spectroscope-checkpoint", "spectroscope-run");
    await damaged(store, key, /not a checkpoint of version 3/);
    await replaced("{", "[");
    await damaged(store, key, /not a checkpoint of version 3/);
    for (const line of ["null\n", "3\n", "{}\n"]) {
      await store.set(key, Buffer.from(line));
      await damaged(store, key, /not a checkpoint/);
    }
    const form = '"format":"spectroscope-checkpoint","version":3';
    const array = (bytes: unknown) => `"arrays":[{"name":"w","bytes":${bytes},"sha256":"${"0".repeat(64)}"}]`;
    for (const [rest, line] of [
      ["", /arrays is missing, expected a list/],
      [',"arrays":{}', /arrays is an object, expected a list/],
      [',"arrays":[null],"facts":{}', /arrays\[0\] is null, expected an object/],
      [`,"facts":{},${array(-1)}`, /arrays\[0\]\.bytes is -1, expected a whole number/],
      [`,"facts":{},${array('"1"')}`, /arrays\[0\]\.bytes is "1", expected a whole number/],
      [`,"facts":7,${array(1)}`, /facts is 7, expected an object/],
      [`,"facts":{},${array(2e9)},"sha256":"${"0".repeat(64)}"`, /facts are not what was written/],
    ] as const) {
      await store.set(key, Buffer.from(`{${form}${rest}}\n`));
      await damaged(store, key, line);
    }
  });

  test(`${kind}: what was written before it lies on the disk before it does`, async () => {
    const told: string[] = [];
    const store = watched(open("flushed"), (what) => told.push(what));
    await writeCheckpoint(store, "state", example(1));
    assert.equal(told, ["flush", "set state"]);
  });

  test(`${kind}: equal states have equal bytes`, async () => {
    const written: string[] = [];
    for (const name of ["one", "two"]) {
      const store = open("equal");
      await writeCheckpoint(store, name, { facts: { a: 1 }, arrays: new Map([["x", Float32Array.of(1, 2)]]) });
      written.push(Buffer.from(await need(store, name)).toString("hex"));
    }
    assert.is(written[0], written[1]);
  });
}

test.run();
