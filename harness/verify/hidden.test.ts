/** Activations at hook points against transformers' own, on both kinds of devices. */
import * as assert from "uvu/assert";
import type { Device } from "../../runtime/plan/device";
import { testDevice, wasmDevice } from "../test/device";
import { suite, type TestContext } from "../test/suite";
import { verifyHidden } from "./hidden";
import { rowLine } from "./kernels";
import { readManifest } from "./manifest";

async function verify(t: TestContext, device: Device): Promise<void> {
  const rows = await verifyHidden(device, await readManifest());
  // Four points a layer, embedding and final norm: of three models of two layers, two of three; read before and at targets.
  assert.is(rows.length, 2 * (3 * 10 + 2 * 14));
  const failures = rows.filter(({ pass }) => !pass).map(rowLine);
  if (failures.length > 0) throw new Error(failures.join("\n"));
  t.note(`${rows.length} tensors; the closest: ${rowLine(rows.reduce((a, b) => (b.share > a.share ? b : a)))}`);
}

const gpu = suite("goldens/hidden", { gpu: true });
gpu("activations of every point on WebGPU", async (t) => verify(t, await testDevice()));
gpu.run();

const processor = suite("goldens/hidden on the processor");
processor("activations of every point on the processor", async (t) => verify(t, await wasmDevice()));
processor.run();
