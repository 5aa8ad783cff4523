/** Items are independent: every kernel gives the same bits whoever computes which of them. */
import * as assert from "uvu/assert";
import { caseInputs, toHost } from "../harness/test/cases";
import { runKernel } from "../harness/test/run-kernel";
import { suite } from "../harness/test/suite";
import { openProcessor } from "../runtime/processor/device";
import { everyKernel } from "./probes";

const test = suite("kernels/items");

test("every kernel gives the same bits at once on one thread, and item by item on three", async (t) => {
  const [one, three] = await Promise.all([openProcessor(1), openProcessor(3)]);
  const { team } = three;
  const run = team.run.bind(team);
  // Calls too small for threads go to them as well, an item at a time.
  team.run = (name, block, items) => run(name, block, items, 1, false);
  let count = 0;
  try {
    for (const kernel of everyKernel) {
      if (!kernel.wasm) continue;
      for (const [index, c] of kernel.cases.entries()) {
        if (c.bench) continue;
        const inputs = Object.fromEntries(
          Object.entries(caseInputs(kernel, c, 500 + index)).map(([name, array]) => [name, toHost(array)]),
        );
        const spec = { dims: c.dims, params: c.params, inputs, shared: c.shared };
        const whole = await runKernel(one, kernel, spec);
        const pieces = await runKernel(three, kernel, spec);
        for (const [name, array] of Object.entries(whole)) {
          const bits = (of: ArrayBufferView) => new Uint8Array(of.buffer, of.byteOffset, of.byteLength);
          assert.equal(bits(pieces[name]), bits(array), `${kernel.name}, ${c.name}: ${name}`);
        }
        count++;
      }
    }
  } finally {
    one.close();
    three.close();
  }
  t.note(`${count} cases`);
  assert.ok(count > 100);
});

test.run();
