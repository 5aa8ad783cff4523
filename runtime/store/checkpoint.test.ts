/** Checkpoints: what is written is read back, or it is told that it is not what was written. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { seededRandom } from "../../harness/test/random";
import { refused } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import type { SpectroscopeError } from "../../kernels/errors";
import { type Checkpoint, readCheckpoint, writeCheckpoint } from "./checkpoint";

const test = suite("runtime/store/checkpoint");
let folder = "";
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectroscope-"));
});
test.after(() => rm(folder, { recursive: true }));

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

async function damaged(path: string, line: RegExp): Promise<void> {
  await refused(readCheckpoint(path), line, /delete it: its unit begins anew/);
  const error = await readCheckpoint(path).catch((thrown: SpectroscopeError) => thrown);
  assert.is((error as SpectroscopeError).code, "damaged");
}

test("what is written is read back to the bit, in a folder that was not there", async () => {
  const path = join(folder, "new", "l0h1.checkpoint");
  const state = example(3);
  await writeCheckpoint(path, state);
  const read = (await readCheckpoint(path))!;
  assert.equal(read.facts, state.facts);
  assert.equal(bits(read), bits(state));
  assert.equal(await readdir(join(folder, "new")), ["l0h1.checkpoint"]);
});

test("a part of a larger array is written alone", async () => {
  const path = join(folder, "part");
  const whole = Float32Array.of(1, 2, 3, 4);
  await writeCheckpoint(path, { facts: {}, arrays: new Map([["part", whole.subarray(1, 3)]]) });
  assert.equal((await readCheckpoint(path))!.arrays.get("part"), Float32Array.of(2, 3));
});

test("a later checkpoint replaces the earlier one, whole or not at all", async () => {
  const path = join(folder, "over");
  const [first, second] = [example(1), example(2)];
  await writeCheckpoint(path, first);
  const broken = { facts: { drawn: Number.NaN }, arrays: new Map() };
  await writeCheckpoint(path, broken).then(
    () => assert.unreachable("NaN is no JSON"),
    () => {},
  );
  assert.equal(bits((await readCheckpoint(path))!), bits(first), "one that fails leaves the earlier");
  await writeCheckpoint(path, second);
  const read = (await readCheckpoint(path))!;
  assert.is(read.facts.drawn, 2);
  assert.equal(bits(read), bits(second));
  assert.equal(
    (await readdir(folder)).filter((name) => name.includes("over")),
    ["over"],
  );
});

test("where there is none there is nothing, and what cannot be read is told", async () => {
  assert.is(await readCheckpoint(join(folder, "absent")), undefined);
  assert.is(await readCheckpoint(join(folder, "no folder", "absent")), undefined);
  await refused(readCheckpoint(folder), /cannot read .*it is a directory/);
});

test("any byte that changed, and any end that is missing, is told", async () => {
  const path = join(folder, "damaged");
  await writeCheckpoint(path, example(4));
  const whole = await readFile(path);
  const head = whole.indexOf(10) + 1;
  const altered = async (at: number) => {
    const bytes = Buffer.from(whole);
    bytes[at] ^= 4;
    await writeFile(path, bytes);
  };
  // In the head of the first array, in its values, and the very last byte.
  for (const at of [head + 3, head + 200, head + 3000, whole.length - 1]) {
    await altered(at);
    await damaged(path, /damaged: array (w|odd values) is not what was written/);
  }
  for (const length of [head, head + 500, whole.length - 1]) {
    await writeFile(path, whole.subarray(0, length));
    await damaged(path, /array .* is not what was written/);
  }
  for (const length of [0, 1, head - 1]) {
    await writeFile(path, whole.subarray(0, length));
    await damaged(path, /damaged: no checkpoint/);
  }
  await writeFile(path, whole);
  assert.is((await readCheckpoint(path))!.facts.drawn, 4);
});

test("every byte of the facts counts: a checkpoint whose counts were altered is not gone on with", async () => {
  const path = join(folder, "facts");
  await writeCheckpoint(path, example(4));
  const text = (await readFile(path)).toString("latin1").replace('"drawn":4', '"drawn":5');
  await writeFile(path, Buffer.from(text, "latin1"));
  await damaged(path, /facts are not what was written/);
});

test("files of another kind or version are told apart", async () => {
  const path = join(folder, "other");
  await writeCheckpoint(path, example(1));
  const bytes = await readFile(path);
  const replaced = async (before: string, after: string) => {
    const text = bytes.toString("latin1");
    assert.ok(text.includes(before));
    await writeFile(path, Buffer.from(text.replace(before, after), "latin1"));
  };
  await replaced('"version":1', '"version":2');
  await damaged(path, /other: not a checkpoint of version 1/);
  await replaced("spectroscope-checkpoint", "spectroscope-run");
  await damaged(path, /not a checkpoint of version 1/);
  await replaced("{", "[");
  await damaged(path, /not a checkpoint of version 1/);
  for (const line of ["null\n", "3\n", "{}\n"]) {
    await writeFile(path, line);
    await damaged(path, /not a checkpoint/);
  }
  await writeFile(path, '{"format":"spectroscope-checkpoint","version":1}\n');
  await damaged(path, /facts are not what was written/);
});

test("equal states have equal bytes", async () => {
  const written: string[] = [];
  for (const name of ["one", "two"]) {
    const path = join(folder, name);
    await writeCheckpoint(path, { facts: { a: 1 }, arrays: new Map([["x", Float32Array.of(1, 2)]]) });
    written.push((await readFile(path)).toString("hex"));
  }
  assert.is(written[0], written[1]);
});

test.run();
