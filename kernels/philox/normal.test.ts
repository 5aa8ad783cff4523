import * as assert from "uvu/assert";
import { runCase, testKernel } from "../../harness/test/kernel";
import { suite } from "../../harness/test/suite";
import { normal } from "./normal";
import { deriveKey, normals } from "./philox";

const test = suite("kernels/philox/normal", { gpu: true });
testKernel(test, normal);

test("a million normals are finite and within 2e-6 of the f64 ones, tails included", async (t) => {
  const P = 1 << 20;
  const key = deriveKey(3, "full", 0, "noise");
  const { out } = await runCase(
    normal,
    { name: "large", dims: { G: 1, P }, params: { step: 9 } },
    { keys: Uint32Array.from(key) },
    "plain",
  );
  const expected = normals(key, 9, P);
  let worst = 0;
  let largest = 0;
  for (let i = 0; i < P; i++) {
    worst = Math.max(worst, Number.isFinite(out[i]) ? Math.abs(out[i] - expected[i]) : Number.POSITIVE_INFINITY);
    largest = Math.max(largest, Math.abs(expected[i]));
  }
  t.note(`largest |z| ${largest.toFixed(3)}, max error ${worst.toExponential(1)}`);
  assert.ok(worst < 2e-6, `max error ${worst}`);
});

test.run();
