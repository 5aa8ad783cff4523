import * as assert from "uvu/assert";
import { caseInputs, testKernel } from "../../harness/test/kernel";
import { checkStrides } from "../../harness/test/strides";
import { suite } from "../../harness/test/suite";
import { backward } from "./backward";
import { forward } from "./forward";
import * as reference from "./reference";

const test = suite("kernels/layernorm/backward", { gpu: true });
testKernel(test, backward);

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

test("groups that do not lie densely", async () => {
  for (const D of [5, 8]) {
    const dims = { G: 3, R: 3, D, Ga: 3, Ra: 3, Da: D };
    await checkStrides(backward, { name: "strides", dims, params: { use_add: 1 } });
  }
});

test("the reference is the slope of the forward reference (central differences)", () => {
  const dims = { G: 2, R: 2, D: 5, Ga: 1, Ra: 1, Da: 1 };
  const params = { eps: 1e-3 };
  const shared: ReadonlySet<string> = new Set();
  const inputs = caseInputs(forward, { name: "slopes", dims, params }, 6);
  const dy = Float64Array.from({ length: 20 }, (_, i) => Math.cos(3 * i));
  const { mean, rstd } = reference.forward(inputs, dims, params, shared);
  const x = inputs.x as Float64Array;
  const all = { ...inputs, dy, mean, rstd, add: new Float64Array(1) };
  const { dx } = reference.backward(all, dims, { use_add: 0 }, shared);
  const loss = (at: Float64Array) => dot(reference.forward({ ...inputs, x: at }, dims, params, shared).y, dy);
  const h = 1e-5;
  x.forEach((value, i) => {
    const slope = (loss(x.with(i, value + h)) - loss(x.with(i, value - h))) / (2 * h);
    assert.ok(Math.abs(dx[i] - slope) < 1e-8, `element ${i}: ${dx[i]}, slope ${slope}`);
  });
});

test("the gradient is orthogonal to 1, and nearly to x: a row may be shifted for free and scaled almost so", () => {
  const dims = { G: 1, R: 4, D: 16, Ga: 1, Ra: 1, Da: 1 };
  const params = { eps: 1e-12 };
  const inputs = caseInputs(forward, { name: "free", dims, params }, 7);
  const dy = Float64Array.from({ length: 64 }, (_, i) => Math.sin(i * i));
  const statistics = reference.forward(inputs, dims, params, new Set());
  const all = { ...inputs, ...statistics, dy, add: new Float64Array(1) };
  const { dx } = reference.backward(all, dims, { use_add: 0 }, new Set());
  for (let r = 0; r < 4; r++) {
    let one = 0;
    let scale = 0;
    for (let i = r * 16; i < (r + 1) * 16; i++) {
      one += dx[i];
      scale += dx[i] * inputs.x[i];
    }
    assert.ok(Math.abs(one) < 1e-12 && Math.abs(scale) < 1e-8, `row ${r}: ${one}, ${scale}`);
  }
});

test.run();
