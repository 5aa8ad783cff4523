import * as assert from "uvu/assert";
import { runCase, testKernel } from "../../harness/test/kernel";
import { checkStrides } from "../../harness/test/strides";
import { suite } from "../../harness/test/suite";
import type { Kernel } from "../kernel";
import { rmsprop } from "./rmsprop";

const test = suite("kernels/sgld/rmsprop", { gpu: true });
testKernel(test, rmsprop);

test("centers that lie in a block of all parameters", async () => {
  const spread = rmsprop.cases.find((c) => c.name === "center per chain");
  await checkStrides(rmsprop as Kernel, { name: "spread", dims: { G: 3, P: 24 }, params: spread?.params });
  await checkStrides(rmsprop as Kernel, { name: "odd", dims: { G: 2, P: 13 }, params: spread?.params });
});

test("huge and zero gradients stay finite", async () => {
  const P = 4;
  const inputs = {
    w: new Float64Array(P),
    v: new Float64Array(P),
    g: Float64Array.of(0, 1e18, -1e18, 1e-30),
    center: new Float64Array(P),
    keys: Uint32Array.of(1, 2),
  };
  const params = {
    lr: 1e-4,
    n_beta: 10,
    localization: 300,
    weight_decay: 0,
    bounding_box_size: 0,
    noise_level: 1,
    decay: 0.99,
    epsilon: 0.1,
    correction: 100,
    step: 1,
  };
  const c = { name: "huge", dims: { G: 1, P }, params, shared: ["center"] };
  for (const variant of ["plain", "plain4"]) {
    const { w, v } = await runCase(rmsprop, c, inputs, variant);
    assert.ok([...w, ...v].every(Number.isFinite), `${variant}: ${w} ${v}`);
  }
});

test("a constant second moment gives plain SGLD with the effective rate", async () => {
  // v = 1 and g = 1 keep vhat = 1: lr_t = lr / (1 + epsilon).
  const P = 8;
  const params = {
    lr: 0.011,
    n_beta: 2,
    localization: 5,
    weight_decay: 3,
    bounding_box_size: 0,
    noise_level: 0,
    decay: 0.9,
    epsilon: 0.1,
    correction: 1,
    step: 0,
  };
  const ones = new Float64Array(P).fill(1);
  const inputs = { w: ones, v: ones, g: ones, center: new Float64Array(P), keys: Uint32Array.of(0, 0) };
  const { w, v } = await runCase(
    rmsprop,
    { name: "one", dims: { G: 1, P }, params, shared: ["center"] },
    inputs,
    "plain",
  );
  for (const x of v) assert.ok(Math.abs(x - 1) < 1e-6);
  for (const x of w) assert.ok(Math.abs(x - (1 - 0.005 * (2 + 5 + 3))) < 2e-7);
});

test.run();
