/** Our own side of the comparison is checked as the peers are: every kind of operation, values and gradients, on both devices. */
import * as assert from "uvu/assert";
import { openGpu } from "../../../runtime/node/open-device";
import type { Device } from "../../../runtime/plan/device";
import { openProcessor } from "../../../runtime/processor/device";
import { suite } from "../../test/suite";
import { compareOperation } from "./compare";
import { operation } from "./operation";
import { ours } from "./ours";

const test = suite("harness/bench/peers/ours", { gpu: true });

/** Gradients give the values too; only the loss has another kernel for values alone. */
const all = [
  operation("matmul", "matmul", { M: 12, N: 20, K: 8 }, true),
  operation("layernorm", "layernorm", { R: 9, D: 16 }, true),
  operation("loss", "loss", { R: 10, D: 8, V: 36 }),
  operation("loss", "loss", { R: 10, D: 8, V: 36 }, true),
  operation("attention", "attention", { T: 17, H: 2, K: 8 }, true),
];

async function check(device: Device): Promise<void> {
  try {
    for (const one of all) {
      const [row] = await compareOperation(one, [ours(device)], { budgetMs: 1 });
      assert.is(row.status, "timed", `${one.name}, gradient ${one.gradient}: ${JSON.stringify(row)}`);
    }
  } finally {
    device.close();
  }
}

test("WebGPU", async () => check(await openGpu({ adapter: "gpu" })));
test("the processor", async () => check(await openProcessor()));

test.run();
