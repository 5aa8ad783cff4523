import * as assert from "uvu/assert";
import { testKernel } from "../../harness/test/kernel";
import { seededRandom } from "../../harness/test/random";
import { checkStrides } from "../../harness/test/strides";
import { suite } from "../../harness/test/suite";
import type { Kernel } from "../kernel";
import { backwardWeight } from "./backward_weight";
import { forward, backwardWeight as reference } from "./reference";

const test = suite("kernels/loss/backward_weight", { gpu: true });
testKernel(test, backwardWeight);

test("operands spread over a block of parameters", async () => {
  await checkStrides(backwardWeight as Kernel, {
    name: "spread",
    dims: { G: 2, R: 9, V: 18, D: 8 },
    params: { scale: 0.5, first: 2 },
  });
  await checkStrides(backwardWeight as Kernel, {
    name: "odd",
    dims: { G: 3, R: 5, V: 7, D: 5 },
    params: { scale: 0.5, first: 2 },
  });
});

test("the reference's gradient is the central difference of the losses", () => {
  const random = seededRandom(9);
  const dims = { G: 1, R: 4, V: 6, D: 3 };
  const params = { scale: 0.25, first: 0 };
  const none = new Set<string>();
  const x = Float64Array.from({ length: 4 * 3 }, () => random.normal());
  const w = Float64Array.from({ length: 6 * 3 }, () => random.normal());
  const targets = Uint32Array.of(0, 5, 3, 3);
  const objective = (changed: Float64Array) => {
    const { losses } = forward({ x, w: changed, targets }, dims, params, none);
    return params.scale * (losses as Float64Array).reduce((a, b) => a + b, 0);
  };
  const { lse } = forward({ x, w, targets }, dims, params, none);
  const { dw } = reference({ x, w, targets, lse }, dims, params, none);
  const h = 1e-5;
  for (let i = 0; i < w.length; i++) {
    const at = (step: number) => objective(w.map((value, j) => (j === i ? value + step : value)));
    assert.ok(Math.abs((at(h) - at(-h)) / (2 * h) - dw[i]) < 1e-9);
  }
});

test.run();
