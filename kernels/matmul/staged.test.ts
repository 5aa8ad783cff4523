/** What testKernel cannot see of products in half precision: what f16 cannot hold. */
import * as assert from "uvu/assert";
import { testDevice } from "../../harness/test/device";
import { runCase } from "../../harness/test/kernel";
import { suite } from "../../harness/test/suite";
import { refusal } from "../../runtime/webgpu/variants";
import { nt } from "./nt";

const test = suite("kernels/matmul/staged", { gpu: true });

test("in half precision, what is too large is held at 65504 and what is too small is nothing", async (t) => {
  const { facts } = await testDevice();
  const dims = { G: 1, M: 2, N: 2, K: 2, Nb: 1, Mr: 1, Nr: 1 };
  const c = { name: "extremes", dims, params: { use_bias: 0, use_residual: 0 } };
  const inputs = {
    x: Float64Array.of(1e6, 0, 1e-9, 2),
    w: Float64Array.of(1, 0, 0, 1),
    bias: new Float64Array(1),
    residual: new Float64Array(1),
  };
  let ran = 0;
  for (const name of ["f16", "matrix8", "matrix16"]) {
    if (refusal(nt.variants[name], facts, dims, c.params)) continue;
    assert.equal([...(await runCase(nt, c, inputs, name)).y], [65504, 0, 0, 2], name);
    ran++;
  }
  if (ran === 0) t.skip(`${facts.name}: no variant of half precision`);
});

test.run();
