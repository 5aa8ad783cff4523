import * as assert from "uvu/assert";
import { runCase, testKernel } from "../../harness/test/kernel";
import { checkStrides } from "../../harness/test/strides";
import { suite } from "../../harness/test/suite";
import { sum } from "./sum";

const test = suite("kernels/add/sum", { gpu: true });
testKernel(test, sum);

test("groups that do not lie densely", async () => {
  for (const D of [5, 8]) {
    const dims = { G: 3, R: 3, D, Gc: 3, Rc: 3, Dc: D };
    await checkStrides(sum, { name: "strides", dims, params: { use_c: 1 } });
  }
});

test("(a + b) + c, in this order, whatever the variant", async () => {
  const dims = { G: 1, R: 1, D: 4, Gc: 1, Rc: 1, Dc: 4 };
  const inputs = {
    a: Float64Array.of(1e8, 1, -1e8, 0),
    b: Float64Array.of(-1e8, 2 ** -24, 1, 0),
    c: Float64Array.of(1, 2 ** -24, 1e8, -0),
  };
  for (const variant of Object.keys(sum.variants)) {
    const { y } = await runCase(sum, { name: "order", dims, params: { use_c: 1 } }, inputs, variant);
    assert.equal(Array.from(y), [1, 1, 0, 0], variant);
  }
});

test.run();
