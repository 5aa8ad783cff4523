/** A `GPUDevice` that somebody else made: used as it is, and left open. */
import * as assert from "uvu/assert";
import { refused } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { sum } from "../../kernels/add/sum";
import { loadDawn } from "../node/dawn";
import { projectRoot } from "../node/root";
import { waitFor } from "../node/wait";
import { tensor } from "../plan/plan";
import { openProcessor } from "../processor/device";
import { isWebGpu, roomBeside, webgpuDevice } from "./device";
import { factsOf } from "./facts";

const test = suite("runtime/webgpu/device", { gpu: true });

/** A device with nothing asked for, by Dawn alone. */
async function foreign(): Promise<GPUDevice> {
  const adapter = await waitFor(loadDawn(projectRoot()).gpu().requestAdapter());
  if (!adapter) throw new Error("no adapter");
  return waitFor(adapter.requestDevice());
}

/** y = a + a on a device. */
async function doubled(device: ReturnType<typeof webgpuDevice>, values: Float32Array): Promise<number[]> {
  const memory = device.openMemory();
  const [a, y] = ["a", "y"].map((name) => tensor(name, [1, 1, values.length], "kept"));
  memory.write(a, values);
  const call = { label: "add", kernel: sum, tensors: { a, b: a, y } };
  const bound = await memory.bind({ name: "doubled", calls: [call] });
  await bound.run();
  const [got] = await memory.read([y]);
  bound.destroy();
  memory.destroy();
  assert.is(memory.bytes, 0);
  return Array.from(got);
}

test("a foreign device runs a plan, awaited plainly or by Node's nap, and close leaves it open", async () => {
  const gpu = await foreign();
  let lost = false;
  void gpu.lost.then(() => {
    lost = true;
  });
  for (const options of [{}, { wait: waitFor }]) {
    const device = webgpuDevice(gpu, options);
    assert.ok(isWebGpu(device));
    assert.ok(device.facts.name.length > 0);
    assert.is(device.bindingBytes, gpu.limits.maxStorageBufferBindingSize);
    assert.equal(await doubled(device, Float32Array.of(1, 2, 3, 4)), [2, 4, 6, 8]);
    device.close();
    device.close();
  }
  assert.is(lost, false);
  const last = webgpuDevice(gpu, { wait: waitFor });
  assert.equal(await doubled(last, Float32Array.of(5, 6)), [10, 12]);
  last.check();
  last.close();
  gpu.destroy();
  await waitFor(gpu.lost);
  assert.is(lost, true, "a destroyed device says so: above it had not been");
});

test("an error that no scope caught is thrown by this device's next wait, and not heard once it is closed", async () => {
  const gpu = await foreign();
  const [device, closed] = [webgpuDevice(gpu, { wait: waitFor }), webgpuDevice(gpu, { wait: waitFor })];
  closed.close();
  // Storage and map usage exclude each other.
  gpu.createBuffer({ size: 16, usage: 0x1 | 0x80 });
  await refused(device.wait(gpu.queue.onSubmittedWorkDone()), /GPU error: /);
  closed.check();
  gpu.destroy();
});

test("an owned device is destroyed by close, which is no failure of its", async () => {
  const gpu = await foreign();
  const device = webgpuDevice(gpu, { wait: waitFor, owned: true });
  device.close();
  assert.is((await waitFor(gpu.lost)).reason, "destroyed");
  device.check();
});

test("a device tells of its adapter what the adapter tells itself", async () => {
  const adapter = (await waitFor(loadDawn(projectRoot()).gpu().requestAdapter()))!;
  const told = factsOf(adapter);
  const gpu = await waitFor(adapter.requestDevice());
  const { facts, banner } = webgpuDevice(gpu, { wait: waitFor });
  assert.equal([facts.name, facts.vendor, facts.software], [told.name, told.vendor, told.software]);
  assert.is(banner !== undefined, told.software);
  gpu.destroy();
});

test("a device that is gone while it computes is an error that says so, whoever ended it", async () => {
  for (const [owned, said] of [
    [true, /the GPU was closed and is asked to compute; close a device when all that runs on it is done/],
    [false, /GPU device lost: ./],
  ] as const) {
    const gpu = await foreign();
    const device = webgpuDevice(gpu, { wait: waitFor, owned });
    const memory = device.openMemory();
    const view = tensor("a", [4], "kept");
    memory.write(view, Float32Array.of(1, 2, 3, 4));
    const read = memory.read([view]);
    if (owned) device.close();
    else gpu.destroy();
    await refused(read, said);
    await refused(memory.read([view]), said);
    memory.destroy();
    assert.is(memory.bytes, 0);
  }
});

test("a tuning is told in a line, whenever it is given", async () => {
  const gpu = await foreign();
  const tuning = { overrides: [{ kernel: "matmul/nt", variant: "plain4" }] };
  const device = webgpuDevice(gpu, { wait: waitFor, tuning });
  assert.is(device.variants, "matmul/nt=plain4");
  device.tuning = undefined;
  assert.is(device.variants, undefined);
  device.close();
  gpu.destroy();
});

test("a GPU has room for components beside each other, a processor or a GPU that is one has none", async () => {
  const gpu = await foreign();
  const { facts, bindingBytes, roomBeside: own } = webgpuDevice(gpu, { wait: waitFor });
  gpu.destroy();
  assert.is(own, roomBeside(facts, bindingBytes));
  const of = (software: boolean, maxBufferSize: number) => ({ ...facts, software, limits: { maxBufferSize } });
  assert.is(roomBeside(of(false, 2 ** 40), 2 ** 40), 2 ** 28);
  assert.is(roomBeside(of(false, 1024), 2 ** 40), 256);
  assert.is(roomBeside(of(false, 2 ** 40), 4096), 4096);
  assert.is(roomBeside(of(true, 2 ** 40), 2 ** 40), 0);
  const processor = await openProcessor(1);
  assert.is(processor.roomBeside, 0);
  assert.not.ok(isWebGpu(processor));
  processor.close();
});

test.run();
