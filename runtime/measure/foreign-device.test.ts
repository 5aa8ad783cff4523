/**
 * The whole measurement on a `GPUDevice` of its caller's, made with nothing but WebGPU's defaults: nano's quick run over a store in
 * memory has the bytes that it has in a folder, and the device stays open.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { differingFiles } from "../../harness/test/folder-bytes";
import { bytesOf, isChiOrCluster, quickSubject } from "../../harness/test/quick-run";
import { suite } from "../../harness/test/suite";
import { loadDawn } from "../node/dawn";
import { DirectoryStore } from "../node/directory-store";
import { projectRoot } from "../node/root";
import { waitFor } from "../node/wait";
import { MemoryStore } from "../store/memory-store";
import { webgpuDevice } from "../webgpu/device";
import { measure } from "./measure";

const test = suite("runtime/measure/foreign-device", { gpu: true });

async function foreignDevice(): Promise<GPUDevice> {
  const adapter = await waitFor(loadDawn(projectRoot()).gpu().requestAdapter());
  assert.ok(adapter, "no adapter");
  return waitFor(adapter.requestDevice());
}

test("a run of nano on a foreign GPUDevice: chi and clusters in memory are those in a folder", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "spectroscope-foreign-"));
  try {
    const gpu = await foreignDevice();
    const device = webgpuDevice(gpu, { wait: waitFor });
    // Every kind of component, a piece of a head among them, and all three kinds of units; all of nano's would take too long here.
    const subject = await quickSubject(
      "weight_restrictions=embed,l0h1,l1h0,l1h2.q,l1h5.v,l1 mlp,unembed",
      "sampler.num_draws=4",
    );
    const [memory, directory] = [new MemoryStore(), new DirectoryStore(join(folder, "run"))];
    const { results } = await measure({ ...subject, device, store: memory });
    await measure({ ...subject, device, store: directory });
    const [a, b] = [await bytesOf(memory), await bytesOf(directory)];
    assert.ok(Object.keys(a).filter(isChiOrCluster).length > 10);
    assert.equal(differingFiles(a, b), []);
    assert.ok(results.clusters.length > 3, "there is something to compare");
    device.close();
    const buffer = gpu.createBuffer({ size: 16, usage: 8 });
    await waitFor(gpu.queue.onSubmittedWorkDone());
    buffer.destroy();
    const lost = await Promise.race([waitFor(gpu.lost).then(() => true), Promise.resolve(false)]);
    assert.not(lost, "a caller's device is never destroyed");
    t.note(`${Object.keys(a).length} values, ${results.clusters.length} clusters`);
    gpu.destroy();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test.run();
