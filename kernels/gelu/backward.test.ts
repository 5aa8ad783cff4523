import * as assert from "uvu/assert";
import { caseInputs, runCase, testKernel } from "../../harness/test/kernel";
import { suite } from "../../harness/test/suite";
import { backward } from "./backward";
import * as reference from "./reference";

const test = suite("kernels/gelu/backward", { gpu: true });
testKernel(test, backward);

test("the reference is the slope of the forward reference (central differences)", () => {
  const inputs = caseInputs(backward, { name: "slopes", dims: { N: 200 } }, 5);
  const x = inputs.x as Float64Array;
  const h = 1e-5;
  const above = reference.forward({ x: x.map((v) => v + h) }).y;
  const below = reference.forward({ x: x.map((v) => v - h) }).y;
  const { dx } = reference.backward(inputs);
  dx.forEach((value, i) => {
    const slope = (inputs.dy[i] * (above[i] - below[i])) / (2 * h);
    assert.ok(Math.abs(value - slope) < 1e-9, `at ${x[i]}: ${value}, slope ${slope}`);
  });
});

test("far from 0 the gradient passes or stops exactly", async () => {
  const x = Float64Array.from([20, -20, 1e10, -1e10, 3e38, -3e38, 0, 14], Math.fround);
  const dy = x.map(() => 3);
  for (const variant of Object.keys(backward.variants)) {
    const { dx } = await runCase(backward, { name: "extremes", dims: { N: x.length } }, { x, dy }, variant);
    assert.equal(Array.from(dx), [3, 0, 3, 0, 3, 0, 1.5, 3], variant);
  }
});

test.run();
