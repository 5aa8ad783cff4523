import * as assert from "uvu/assert";
import { caseInputs, runCase, testKernel } from "../../harness/test/kernel";
import { seededRandom } from "../../harness/test/random";
import { checkStrides } from "../../harness/test/strides";
import { suite } from "../../harness/test/suite";
import type { Arrays, Kernel } from "../kernel";
import { backwardInput } from "./backward_input";
import { forwardBackward } from "./forward_backward";
import * as reference from "./reference";

const test = suite("kernels/loss/backward_input", { gpu: true });
testKernel(test, backwardInput);

const none: ReadonlySet<string> = new Set();
const unused = { Ga: 1, Ra: 1, Da: 1 };
const nothing = new Float64Array(1);

test("operands spread over a block of parameters", async () => {
  const params = { scale: 0.5, first: 2, use_add: 1 };
  for (const dims of [
    { G: 2, R: 9, V: 18, D: 8 },
    { G: 3, R: 5, V: 7, D: 5 },
  ]) {
    const added = { ...dims, Ga: dims.G, Ra: dims.R, Da: dims.D };
    await checkStrides(backwardInput as Kernel, { name: "spread", dims: added, params });
  }
});

test("the reference's gradient is the central difference of the losses, part by part", () => {
  const random = seededRandom(14);
  const [R, V, D] = [4, 7, 3];
  const scale = 0.25;
  const x = Float64Array.from({ length: R * D }, () => random.normal());
  const w = Float64Array.from({ length: V * D }, () => random.normal());
  const targets = Uint32Array.of(0, 6, 2, 3);
  const whole = (moved: Float64Array) => {
    const inputs = { x: moved, w, targets };
    const { losses } = reference.forward(inputs, { G: 1, R, V, D }, { first: 0 }, none);
    return scale * (losses as Float64Array).reduce((a, b) => a + b, 0);
  };
  const { lse } = reference.forward({ x, w, targets }, { G: 1, R, V, D }, { first: 0 }, none);
  let dx: Float64Array | undefined;
  for (const [first, to] of [
    [0, 3],
    [3, 4],
    [4, V],
  ]) {
    const inputs: Arrays = { x, w: w.subarray(first * D, to * D), targets, lse, add: dx ?? nothing };
    const dims = { G: 1, R, V: to - first, D };
    ({ dx } = reference.backwardInput(inputs, dims, { scale, first, use_add: dx ? 1 : 0 }, none) as {
      dx: Float64Array;
    });
  }
  const h = 1e-5;
  for (let i = 0; i < x.length; i++) {
    const at = (step: number) => whole(x.map((value, j) => (j === i ? value + step : value)));
    assert.ok(Math.abs((at(h) - at(-h)) / (2 * h) - dx![i]) < 1e-9, `element ${i}`);
  }
});

test("a vocabulary in parts, one entry and uneven ones among them, has the gradient of the whole one", async (t) => {
  const [G, R, V] = [2, 21, 90];
  const scale = 1 / R;
  const edges = [0, 1, 20, 21, 70, V];
  for (const D of [5, 8]) {
    const whole = { name: "whole", dims: { G, R, V, D }, params: { scale, first: 0 } };
    const inputs = caseInputs(forwardBackward as Kernel, whole, 6);
    const expected = reference.forwardBackward(inputs, whole.dims, whole.params, none);
    for (const [variant, { accepts }] of Object.entries(backwardInput.variants)) {
      if (accepts && !accepts({ ...whole.dims, ...unused }, { use_add: 0 })) continue;
      let dx: Float64Array | undefined;
      for (const [i, to] of edges.slice(1).entries()) {
        const first = edges[i];
        const size = (to - first) * D;
        const w = Float64Array.from({ length: G * size }, (_, at) => {
          return inputs.w[(Math.floor(at / size) * V + first) * D + (at % size)];
        });
        const dims = { G, R, V: to - first, D, ...(dx ? { Ga: G, Ra: R, Da: D } : unused) };
        const c = { name: `${first} to ${to}`, dims, params: { scale, first, use_add: dx ? 1 : 0 } };
        const own = { x: inputs.x, targets: inputs.targets, w, lse: expected.lse, add: dx ?? nothing };
        const out = await runCase(backwardInput as Kernel, c, own, variant);
        dx = Float64Array.from(out.dx);
      }
      const worst = dx!.reduce((most, value, i) => Math.max(most, Math.abs(value - expected.dx[i])), 0);
      const size = (expected.dx as Float64Array).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      t.note(`${variant}, D ${D}: off by ${worst.toExponential(1)} of ${size.toExponential(1)}`);
      // The tolerance of one part: the parts' sums are no longer than the whole's.
      assert.ok(worst < 4e-6 * size, `${variant}, D ${D}: off by ${worst}, of ${size}`);
    }
  }
});

test("a row's bits do not depend on where it lies", async () => {
  const [R, V, D] = [37, 45, 12];
  const random = seededRandom(8);
  const row = Float64Array.from({ length: D }, () => random.normal());
  const inputs: Arrays = {
    x: Float64Array.from({ length: R * D }, (_, i) => row[i % D]),
    w: Float64Array.from({ length: V * D }, () => random.normal()),
    targets: new Uint32Array(R).fill(11),
    lse: new Float64Array(R).fill(6),
    add: nothing,
  };
  const dims = { G: 1, R, V, D, ...unused };
  for (const variant of Object.keys(backwardInput.variants)) {
    const c = { name: "same rows", dims, params: { scale: 1, first: 0, use_add: 0 } };
    const { dx } = await runCase(backwardInput as Kernel, c, inputs, variant);
    for (let r = 1; r < R; r++) assert.equal(dx.slice(r * D, (r + 1) * D), dx.slice(0, D), `${variant}, row ${r}`);
  }
});

test.run();
