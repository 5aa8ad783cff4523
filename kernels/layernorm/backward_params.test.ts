import * as assert from "uvu/assert";
import { testDevice } from "../../harness/test/device";
import { caseInputs, runCase, testKernel } from "../../harness/test/kernel";
import { checkStrides } from "../../harness/test/strides";
import { suite } from "../../harness/test/suite";
import { backwardParams } from "./backward_params";
import { forward } from "./forward";
import * as reference from "./reference";

const test = suite("kernels/layernorm/backward_params", { gpu: true });
testKernel(test, backwardParams);

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

test("groups that do not lie densely", async () => {
  for (const D of [5, 8]) await checkStrides(backwardParams, { name: "strides", dims: { G: 3, R: 35, D } });
});

test("the reference is the slope of the forward reference (central differences)", () => {
  const dims = { G: 2, R: 3, D: 5 };
  const params = { eps: 1e-3 };
  const shared: ReadonlySet<string> = new Set();
  const inputs = caseInputs(forward, { name: "slopes", dims, params }, 6);
  const dy = Float64Array.from({ length: 30 }, (_, i) => Math.cos(3 * i));
  const { mean, rstd } = reference.forward(inputs, dims, params, shared);
  const gradients = reference.backwardParams({ ...inputs, dy, mean, rstd }, dims, {}, shared);
  const loss = (name: string, at: Float64Array) =>
    dot(reference.forward({ ...inputs, [name]: at }, dims, params, shared).y, dy);
  const h = 1e-3;
  for (const name of ["weight", "bias"]) {
    const array = inputs[name] as Float64Array;
    array.forEach((value, i) => {
      const slope = (loss(name, array.with(i, value + h)) - loss(name, array.with(i, value - h))) / (2 * h);
      const got = gradients[`d${name}`][i];
      assert.ok(Math.abs(got - slope) < 1e-10, `${name} ${i}: ${got}, slope ${slope}`);
    });
  }
});

test("plain and plain4 give the same bits", async (t) => {
  if (!(await testDevice()).facts.software)
    t.skip("a GPU's compiler may fuse products and sums in one and not the other");
  const c = { name: "bits", dims: { G: 2, R: 100, D: 36 } };
  const inputs = caseInputs(backwardParams, c, 9);
  const plain = await runCase(backwardParams, c, inputs, "plain");
  const plain4 = await runCase(backwardParams, c, inputs, "plain4");
  assert.equal(Array.from(plain4.dweight), Array.from(plain.dweight));
  assert.equal(Array.from(plain4.dbias), Array.from(plain.dbias));
});

test("row counts add up exactly", async () => {
  const [R, D] = [3000, 5];
  const ones = (n: number) => new Float64Array(n).fill(1);
  const inputs = { dy: ones(R * D), x: new Float64Array(R * D).fill(3), mean: ones(R), rstd: ones(R) };
  for (const variant of ["plain", "tiled"]) {
    const out = await runCase(backwardParams, { name: "counts", dims: { G: 1, R, D } }, inputs, variant);
    assert.equal(Array.from(out.dweight), new Array(D).fill(2 * R), variant);
    assert.equal(Array.from(out.dbias), new Array(D).fill(R), variant);
  }
});

test.run();
