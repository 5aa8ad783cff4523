/** Plans on the processor: slots, calls, parameters, threads. */
import * as assert from "uvu/assert";
import { caseInputs, toHost } from "../../harness/test/cases";
import { withFewThreads } from "../../harness/test/failing-threads";
import { refused } from "../../harness/test/refused";
import { runKernel } from "../../harness/test/run-kernel";
import { suite } from "../../harness/test/suite";
import { sum } from "../../kernels/add/sum";
import { SpectroscopeError } from "../../kernels/errors";
import { forward as knn } from "../../kernels/knn/forward";
import { sumRows } from "../../kernels/reduce/sum_rows";
import { kernels } from "../../kernels/registry";
import type { Device } from "../plan/device";
import { tensor } from "../plan/plan";
import { type Thread, threadPlatform, useThreads } from "../threads/platform";
import { openProcessor } from "./device";

const test = suite("runtime/processor/memory");

const shape = [3, 700, 50];
const count = shape.reduce((a, b) => a * b);

/** y = (a + b) + (a + b), by a slot that lives for one run only. */
function doubled() {
  const [a, b, y] = ["a", "b", "y"].map((name) => tensor(name, shape, "kept"));
  const between = tensor("between", shape, "local");
  const add = (label: string, from: typeof a, other: typeof a, to: typeof a) => ({
    label,
    kernel: sum,
    tensors: { a: from, b: other, y: to },
  });
  const calls = [add("first", a, b, between), add("second", between, between, y)];
  return { plan: { name: "doubled", calls }, a, b, y };
}

test("where threads share no memory there is one", async () => {
  const platform = threadPlatform();
  useThreads({ ...platform, shares: () => false });
  try {
    const device = await openProcessor(3);
    assert.is(device.team.threads, 1);
    assert.match(device.banner!, "1 thread");
    assert.is(device.team.memory.buffer instanceof ArrayBuffer, true);
    device.close();
  } finally {
    useThreads(platform);
  }
});

test("where the system gives fewer threads than asked for, the processor computes with those", async () => {
  for (const count of [0, 2]) {
    const device = await withFewThreads(count, () => openProcessor(4));
    assert.is(device.team.threads, 1 + count);
    const bound = await device.openMemory().bind(doubled().plan);
    await bound.run();
    device.close();
  }
});

test("a thread that is ended from outside is an error, also where this one waits for it and lets no event in", async (t) => {
  if (process.platform !== "linux") t.skip("only Linux says whether a thread still runs");
  for (const heard of [true, false]) {
    const started: Thread[] = [];
    const device = await withFewThreads(9, () => openProcessor(3), started);
    const memory = device.openMemory();
    const bound = await memory.bind(doubled().plan);
    await bound.run();
    const stopped = started[1].stop();
    if (heard) await stopped;
    await refused(
      bound.run(),
      /a thread of the processor ended: .*; run the same command again; with SPECTROSCOPE_THREADS=1/,
    );
    await refused(bound.run(), /a thread of the processor ended/);
    await stopped;
    device.close();
  }
});

for (const threads of [1, 2]) {
  test(`a device that is closed says so, where its ${threads} threads would never be done`, async () => {
    const device = await openProcessor(threads);
    const memory = device.openMemory();
    const { plan } = doubled();
    const bound = await memory.bind(plan);
    await bound.run();
    device.close();
    await refused(bound.run(), /the processor was closed and is asked to compute; close a device when/);
    memory.destroy();
    assert.is(memory.bytes, 0);
  });
}

for (const threads of [1, 2, 3]) {
  test(`a plan runs, again with other parameters, on ${threads} threads`, async () => {
    const device = await openProcessor(threads);
    try {
      assert.is(device.team.threads, threads);
      const memory = device.openMemory();
      const { plan, a, b, y } = doubled();
      const [one, two] = [Float32Array.from({ length: count }, (_, i) => i % 1000), new Float32Array(count).fill(0.5)];
      memory.write(a, one);
      memory.write(b, two);
      const bound = await memory.bind(plan);
      for (let again = 0; again < 50; again++) {
        memory.write(a, one);
        await bound.run();
        const [got] = await memory.read([y]);
        const wrong = got.findIndex((value, i) => value !== 2 * (one[i] + 0.5));
        assert.is(wrong, -1, `run ${again}: element ${wrong} is ${got[wrong]}`);
        one[again] = -again;
      }
      bound.destroy();
      const held = memory.bytes;
      memory.release(a.slot);
      assert.ok(memory.bytes < held);
      memory.destroy();
      assert.is(memory.bytes, 0);
    } finally {
      device.close();
    }
  });
}

test("twelve threads give the bits of one: each has working memory of its own", async (t) => {
  const [one, twelve] = await Promise.all([openProcessor(1), openProcessor(12)]);
  try {
    assert.is(twelve.team.threads, 12);
    const run = twelve.team.run.bind(twelve.team);
    // Calls too small for threads go to them as well, an item at a time.
    twelve.team.run = (name, block, items) => run(name, block, items, 1, false);
    let count = 0;
    for (const kernel of kernels.filter(({ wasm }) => wasm?.scratch)) {
      for (const c of kernel.cases.filter(({ bench }) => !bench)) {
        const inputs = Object.fromEntries(
          Object.entries(caseInputs(kernel, c, 12)).map(([name, array]) => [name, toHost(array)]),
        );
        const spec = { dims: c.dims, params: c.params, inputs, shared: c.shared };
        const bits = async (device: Device) =>
          Object.values(await runKernel(device, kernel, spec)).map(({ buffer }) => new Uint8Array(buffer));
        assert.equal(await bits(twelve), await bits(one), `${kernel.name}, ${c.name}`);
        count++;
      }
    }
    t.note(`${count} cases`);
    assert.ok(count > 30);
  } finally {
    one.close();
    twelve.close();
  }
});

test("a changed parameter holds for the runs after it", async () => {
  const device = await openProcessor(2);
  const memory = device.openMemory();
  const [x, out] = [tensor("x", [1, 8], "kept"), tensor("out", [1], "kept")];
  memory.write(x, Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8));
  const call = { label: "sum", kernel: sumRows, tensors: { x, out }, params: { scale: 1 } };
  const bound = await memory.bind({ name: "sum", calls: [call] });
  bound.submit();
  const [once] = await memory.read([out]);
  bound.setParams("sum", { scale: 2 });
  bound.submit();
  const [twice] = await memory.read([out]);
  assert.equal([once[0], twice[0]], [36, 72]);
  memory.destroy();
  device.close();
});

test("a kernel without WebAssembly is refused by name, and so are shapes that disagree", async () => {
  const device = await openProcessor(1);
  const memory = device.openMemory();
  const wrong = (error: unknown, text: string) => {
    assert.instance(error, SpectroscopeError);
    assert.match((error as SpectroscopeError).line, text);
  };
  const [a, b, y] = [8, 8, 9].map((size, i) => tensor(`t${i}`, [1, 1, size], "kept"));
  const call = { label: "add", kernel: sum, tensors: { a, b, y } };
  await memory.bind({ name: "add", calls: [call] }).then(
    () => assert.unreachable("shapes disagree"),
    (error) => wrong(error, "add/sum, binding y"),
  );
  const { wasm: _, ...bare } = sum;
  const without = { ...call, kernel: { ...bare, name: knn.name }, tensors: { a, b, y: a } };
  await memory.bind({ name: "none", calls: [without] }).then(
    () => assert.unreachable("no such kernel"),
    (error) => wrong(error, "knn/forward has no WebAssembly"),
  );
  memory.destroy();
  device.close();
});

test.run();
