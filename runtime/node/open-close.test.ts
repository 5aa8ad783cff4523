/** A process that opens and closes devices all day stays as large as it is. */
import * as assert from "uvu/assert";
import { collectGarbage, residentMiB } from "../../harness/test/residence";
import { runKernel } from "../../harness/test/run-kernel";
import { suite } from "../../harness/test/suite";
import { sumRows } from "../../kernels/reduce/sum_rows";
import { openGpu } from "./open-device";

const test = suite("runtime/node/open-close", { gpu: true });

/** Opens, uses and closes devices; the process's size at the end, MiB. */
async function openAndClose(times: number): Promise<number> {
  for (let i = 0; i < times; i++) {
    const device = await openGpu();
    // A pipeline takes much longer to compile than a device to open: now and then shows that they work.
    if (i % 10 === 0) {
      const inputs = { x: Float32Array.of(1, 2, 3, 4, 5, 6) };
      const { out } = await runKernel(device, sumRows, { dims: { G: 2, R: 3 }, params: { scale: 1 }, inputs });
      assert.equal(Array.from(out), [6, 15]);
    }
    device.close();
    // What JavaScript lets go of, Dawn frees between turns of the event loop.
    if (i % 20 === 19) await settle();
  }
  return residentMiB();
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    collectGarbage();
    await new Promise((next) => setTimeout(next, 5));
  }
}

test("500 devices opened and closed leave no more than a small part of one each", async (t) => {
  const early = await openAndClose(100);
  const late = await openAndClose(400);
  const each = ((late - early) / 400) * 1024;
  t.note(
    `resident after 100: ${early.toFixed(1)} MiB, after 500: ${late.toFixed(1)} MiB, ${each.toFixed(0)} KiB a device`,
  );
  // Measured 15 to 40 KiB with SwiftShader, which are the driver's compiled shaders; a device that is left open leaves 640.
  assert.ok(each < 100, `${each.toFixed(0)} KiB a device stay behind`);
});

test.run();
