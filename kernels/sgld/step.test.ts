import * as assert from "uvu/assert";
import { runCase, testKernel } from "../../harness/test/kernel";
import { checkStrides } from "../../harness/test/strides";
import { suite } from "../../harness/test/suite";
import type { Kernel } from "../kernel";
import { deriveKey, normals } from "../philox/philox";
import { step } from "./step";

const test = suite("kernels/sgld/step", { gpu: true });
testKernel(test, step);

test("centers that lie in a block of all parameters", async () => {
  const spread = step.cases.find((c) => c.name === "center per chain");
  await checkStrides(step as Kernel, { name: "spread", dims: { G: 3, P: 24 }, params: spread?.params });
  await checkStrides(step as Kernel, { name: "odd", dims: { G: 2, P: 13 }, params: spread?.params });
});

/** w of a chain of independent coordinates with loss h/2 * w^2 around w* = 0, after the given steps, on the device. */
async function quadraticChain(
  P: number,
  h: number,
  params: Record<string, number>,
  steps: number,
): Promise<Float64Array> {
  const keys = Uint32Array.from(deriveKey(11, "quadratic", 0, "noise"));
  let w: Float64Array = new Float64Array(P);
  for (let s = 0; s < steps; s++) {
    const c = { name: "quadratic", dims: { G: 1, P }, params: { ...params, step: s }, shared: ["center"] };
    const inputs = { w, g: w.map((x) => h * x), center: new Float64Array(P), keys };
    w = Float64Array.from((await runCase(step, c, inputs, "plain")).w);
  }
  return w;
}

test("stationary variance of a quadratic loss is 1 / Lambda / (1 - lr Lambda / 4)", async (t) => {
  const P = 1 << 16;
  const params = { lr: 4e-3, n_beta: 10, localization: 100, noise_level: 1 };
  const h = 15;
  const Lambda = params.n_beta * h + params.localization;
  const w = await quadraticChain(P, h, params, 30);
  const variance = w.reduce((sum, x) => sum + x * x, 0) / P;
  const expected = 1 / Lambda / (1 - (params.lr * Lambda) / 4);
  const z = (variance / expected - 1) / Math.sqrt(2 / P);
  t.note(`variance ${variance.toExponential(4)}, expected ${expected.toExponential(4)}, ${z.toFixed(2)} sd`);
  assert.ok(Math.abs(z) < 4.5);
  assert.ok(variance > 1.2 / Lambda, "the discretization term must show");
});

test("noise does not depend on the number of chains or on the length of the block", async () => {
  const params = { lr: 1, n_beta: 0, localization: 0, noise_level: 1, step: 3 };
  const key = deriveKey(0, "l0h1", 2, "noise");
  const draw = async (G: number, P: number, chain: number) => {
    const keys = new Uint32Array(2 * G).fill(7);
    keys.set(key, 2 * chain);
    const zeros = new Float64Array(G * P);
    const inputs = { w: zeros, g: zeros, center: new Float64Array(P), keys };
    const c = { name: "noise", dims: { G, P }, params, shared: ["center"] };
    return Array.from((await runCase(step, c, inputs, "plain")).w.subarray(chain * P, chain * P + 5));
  };
  const alone = await draw(1, 5, 0);
  assert.equal(await draw(3, 130, 2), alone);
  for (const [i, x] of normals(key, 3, 5).entries()) assert.ok(Math.abs(x - alone[i]) < 2e-6);
});

test.run();
