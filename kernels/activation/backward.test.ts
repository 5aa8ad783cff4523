import * as assert from "uvu/assert";
import { caseInputs, runCase, testKernel } from "../../harness/test/kernel";
import { suite } from "../../harness/test/suite";
import { backward } from "./backward";
import { activationFunctions, activationNames } from "./functions";

const test = suite("kernels/activation/backward", { gpu: true });
for (const name of activationNames) testKernel(test, backward[name]);

test("the slopes are central differences of the functions", () => {
  const x = caseInputs(backward.gelu, { name: "slopes", dims: { N: 200 } }, 5).x as Float64Array;
  const h = 1e-5;
  for (const name of activationNames) {
    const { value, slope } = activationFunctions[name];
    for (const at of x) {
      const difference = (value(at + h) - value(at - h)) / (2 * h);
      assert.ok(Math.abs(slope(at) - difference) < 1e-9, `${name} at ${at}: ${slope(at)}, slope ${difference}`);
    }
  }
});

test("far from 0 the gradient passes or stops exactly, and at 0 it is what PyTorch says", async () => {
  const x = Float64Array.from([20, -20, 1e10, -1e10, 3e38, -3e38, 0, 14], Math.fround);
  const dy = x.map(() => 3);
  for (const name of activationNames) {
    for (const variant of Object.keys(backward[name].variants)) {
      const { dx } = await runCase(backward[name], { name: "extremes", dims: { N: x.length } }, { x, dy }, variant);
      const atZero = name === "relu" ? 0 : 1.5;
      assert.equal(Array.from(dx), [3, 0, 3, 0, 3, 0, atZero, 3], `${name} ${variant}`);
    }
  }
});

test.run();
