import * as assert from "uvu/assert";
import { caseInputs, runCase, testKernel } from "../../harness/test/kernel";
import { checkStrides } from "../../harness/test/strides";
import { suite } from "../../harness/test/suite";
import type { Case } from "../kernel";
import { forward } from "./forward";
import * as reference from "./reference";

const test = suite("kernels/layernorm/forward", { gpu: true });
testKernel(test, forward);

test("groups that do not lie densely", async () => {
  for (const D of [5, 8]) {
    await checkStrides(forward, { name: "strides", dims: { G: 3, R: 3, D }, params: { eps: 1e-5 } });
  }
});

test("a constant row gives the bias", async () => {
  const D = 8;
  const c: Case = { name: "constant", dims: { G: 1, R: 3, D }, params: { eps: 1e-5 } };
  const x = Float64Array.from({ length: 3 * D }, (_, i) => [0, 512, -3e5][Math.floor(i / D)]);
  const { weight, bias } = caseInputs(forward, c, 2);
  const inputs = { x, weight, bias };
  for (const variant of Object.keys(forward.variants)) {
    const { y, rstd } = await runCase(forward, c, inputs, variant);
    for (let i = 0; i < y.length; i++) assert.is(y[i], bias[i % D], `${variant}, element ${i}`);
    for (const value of rstd) assert.ok(Math.abs(value - 316.2278) < 1e-3, `${variant}: rstd ${value}`);
  }
});

test("a large mean costs the digits f32 input has lost, no more; large and small rows stay finite", async (t) => {
  const D = 64;
  const c: Case = { name: "adversarial", dims: { G: 1, R: 4, D }, params: { eps: 1e-5 } };
  const inputs = caseInputs(forward, c, 3);
  const [offset, scale] = [
    [1000, 0, 0, 1e4],
    [1, 1e15, 1e-15, 1],
  ];
  const x = Float64Array.from(inputs.x, (v, i) =>
    Math.fround(offset[Math.floor(i / D)] + scale[Math.floor(i / D)] * v),
  );
  const expected = reference.forward({ ...inputs, x }, c.dims, c.params!, new Set());
  for (const variant of Object.keys(forward.variants)) {
    const { y } = await runCase(forward, c, { ...inputs, x }, variant);
    // The mean of numbers near m is off by an ulp or two of m: 1e-7 m against a spread of 1.
    for (let r = 0; r < 4; r++) {
      let worst = 0;
      for (let i = r * D; i < (r + 1) * D; i++) worst = Math.max(worst, Math.abs(y[i] - expected.y[i]));
      t.note(`${variant}, row ${r}: ${worst.toExponential(1)}`);
      assert.ok(worst < 5e-6 + 1e-6 * offset[r], `${variant}, row ${r}: ${worst}`);
    }
  }
});

test("rows have mean 0 and variance 1 before weight and bias", async () => {
  const [R, D] = [9, 132];
  const c: Case = { name: "moments", dims: { G: 1, R, D }, params: { eps: 0 } };
  const ones = { weight: new Float64Array(D).fill(1), bias: new Float64Array(D) };
  const inputs = { ...caseInputs(forward, c, 4), ...ones };
  for (const variant of Object.keys(forward.variants)) {
    const { y } = await runCase(forward, c, inputs, variant);
    for (let r = 0; r < R; r++) {
      const row = Array.from(y.subarray(r * D, (r + 1) * D));
      const mean = row.reduce((a, b) => a + b, 0) / D;
      const variance = row.reduce((a, b) => a + b * b, 0) / D;
      assert.ok(Math.abs(mean) < 1e-6 && Math.abs(variance - 1) < 2e-6, `${variant}, row ${r}: ${mean}, ${variance}`);
    }
  }
});

test.run();
