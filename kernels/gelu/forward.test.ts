import * as assert from "uvu/assert";
import { runCase, testKernel } from "../../harness/test/kernel";
import { suite } from "../../harness/test/suite";
import { gelu } from "../common/erf.reference";
import { forward } from "./forward";

const test = suite("kernels/gelu/forward", { gpu: true });
testKernel(test, forward);

test("huge, tiny and zero arguments give finite, right values", async () => {
  const x = Float64Array.from([0, 1e-30, -1e-30, 88, -88, 1e10, -1e10, 3e38, -3e38, 13, -13, -6], Math.fround);
  for (const variant of Object.keys(forward.variants)) {
    const { y } = await runCase(forward, { name: "extremes", dims: { N: x.length } }, { x }, variant);
    x.forEach((value, i) => {
      const want = gelu(value);
      assert.ok(
        Math.abs(y[i] - want) <= 7e-6 * Math.abs(want) + 1e-37,
        `${variant}: gelu(${value}) = ${y[i]}, not ${want}`,
      );
    });
  }
});

test.run();
