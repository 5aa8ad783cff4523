import * as assert from "uvu/assert";
import { fullPrecision, runCase, testKernel } from "../../harness/test/kernel";
import { seededRandom } from "../../harness/test/random";
import { checkStrides } from "../../harness/test/strides";
import { suite } from "../../harness/test/suite";
import type { Kernel } from "../kernel";
import { forwardBackward } from "./forward_backward";
import { forwardBackward as reference } from "./reference";

const test = suite("kernels/loss/forward_backward", { gpu: true });
testKernel(test, forwardBackward);

test("operands spread over a block of parameters", async () => {
  await checkStrides(forwardBackward as Kernel, {
    name: "spread",
    dims: { G: 2, R: 9, V: 18, D: 8 },
    params: { scale: 0.5 },
  });
  await checkStrides(forwardBackward as Kernel, {
    name: "odd",
    dims: { G: 3, R: 5, V: 7, D: 5 },
    params: { scale: 0.5 },
  });
});

test("the reference's gradient is the central difference of its losses", () => {
  const random = seededRandom(4);
  const dims = { G: 2, R: 3, V: 7, D: 5 };
  const params = { scale: 0.25 };
  const shared = new Set(["w"]);
  const inputs = {
    x: Float64Array.from({ length: 2 * 3 * 5 }, () => random.normal()),
    w: Float64Array.from({ length: 7 * 5 }, () => random.normal()),
    targets: Uint32Array.of(0, 6, 3, 2, 2, 5),
  };
  const objective = (x: Float64Array) => {
    const { losses } = reference({ ...inputs, x }, dims, params, shared);
    return params.scale * (losses as Float64Array).reduce((a, b) => a + b, 0);
  };
  const { dx } = reference(inputs, dims, params, shared);
  const h = 1e-5;
  for (let i = 0; i < inputs.x.length; i++) {
    const at = (step: number) => objective(inputs.x.map((value, j) => (j === i ? value + step : value)));
    assert.ok(Math.abs((at(h) - at(-h)) / (2 * h) - dx[i]) < 1e-9);
  }
});

test("a running maximum that rises in every tile loses nothing", async () => {
  // Logits grow by 3 an entry, so that every tile rescales what came before, and the last entries hold all the weight.
  const [R, V, D] = [5, 130, 4];
  const inputs = {
    x: Float64Array.from({ length: R * D }, (_, i) => (i % D === 0 ? 3 : 0.5)),
    w: Float64Array.from({ length: V * D }, (_, i) => (i % D === 0 ? Math.floor(i / D) : Math.cos(i))),
    targets: Uint32Array.of(0, 129, 128, 64, 5),
  };
  const dims = { G: 1, R, V, D };
  const params = { scale: 1 };
  const single = (a: Float64Array) => Float64Array.from(Float32Array.from(a));
  const rounded = { ...inputs, w: single(inputs.w) };
  const expected = reference(rounded, dims, params, new Set());
  for (const [variant] of fullPrecision(forwardBackward as Kernel)) {
    const got = await runCase(forwardBackward as Kernel, { name: "rising", dims, params }, rounded, variant);
    for (const name of ["losses", "dx"]) {
      got[name].forEach((value, i) => {
        assert.ok(
          Math.abs(value - expected[name][i]) < 5e-5,
          `${variant} ${name}[${i}]: ${value}, ${expected[name][i]}`,
        );
      });
    }
  }
});

test("a row's bits do not depend on where it lies", async () => {
  const [R, V, D] = [37, 45, 12];
  const random = seededRandom(8);
  const row = Float64Array.from({ length: D }, () => random.normal());
  const inputs = {
    x: Float64Array.from({ length: R * D }, (_, i) => row[i % D]),
    w: Float64Array.from({ length: V * D }, () => random.normal()),
    targets: new Uint32Array(R).fill(11),
  };
  const dims = { G: 1, R, V, D };
  for (const [variant] of fullPrecision(forwardBackward as Kernel)) {
    const c = { name: "same rows", dims, params: { scale: 1 } };
    const { losses, dx } = await runCase(forwardBackward as Kernel, c, inputs, variant);
    assert.equal(new Set(losses).size, 1, variant);
    for (let r = 1; r < R; r++) assert.equal(dx.slice(r * D, (r + 1) * D), dx.slice(0, D), `${variant}, row ${r}`);
  }
});

test.run();
