import * as assert from "uvu/assert";
import { runCase, testKernel } from "../../harness/test/kernel";
import { WASM } from "../../harness/test/run-kernel";
import { suite } from "../../harness/test/suite";
import { ACTIVATION_KIND, activate } from "./activate";

const test = suite("kernels/sae/activate", { gpu: true });
testKernel(test, activate);

test("by hand: every kind, at its thresholds", async () => {
  const inputs = {
    bias: Float64Array.of(1, -1, 0.5, 0.5),
    gate: Float64Array.of(2, -3, 0, -1),
    scale: Float64Array.of(2, 2, -1, 4),
    codes: Float64Array.of(1, 2, -0.5, 1),
  };
  const expected = {
    relu: [2, 1, 0, 1.5],
    // 2 is not above 2; -0.5 + 0.5 is 0, not above 0.
    jumprelu: [0, 1, 0, 1.5],
    // 2 - 3 and 1 - 1 leave the gate shut, and so does -0.5 + 0.
    gated: [3, 0, 0, 0],
    score: [4, 2, 0, 6],
    plain: [2, 1, 0, 1.5],
  };
  for (const [name, want] of Object.entries(expected)) {
    const kind = ACTIVATION_KIND[name as keyof typeof ACTIVATION_KIND];
    const c = { name, dims: { T: 1, F: 4, Fg: 4, Fs: 4 }, params: { kind } };
    for (const variant of [...Object.keys(activate.variants), WASM]) {
      const { codes } = await runCase(activate, c, inputs, variant);
      assert.equal(Array.from(codes), want, `${name}, ${variant}`);
    }
  }
});

test.run();
