import * as assert from "uvu/assert";
import { runCase, testKernel } from "../../harness/test/kernel";
import { checkStrides } from "../../harness/test/strides";
import { suite } from "../../harness/test/suite";
import type { Kernel } from "../kernel";
import { deriveKey, normals } from "../philox/philox";
import { gaussian } from "./gaussian";
import { step } from "./step";

const test = suite("kernels/sgld/step", { gpu: true });
testKernel(test, step);

test("centers that lie in a block of all parameters", async () => {
  const spread = step.cases.find((c) => c.name === "center per chain");
  await checkStrides(step as Kernel, { name: "spread", dims: { G: 3, P: 24 }, params: spread?.params });
  await checkStrides(step as Kernel, { name: "odd", dims: { G: 2, P: 13 }, params: spread?.params });
});

const plain = { weight_decay: 0, bounding_box_size: 0, noise_level: 1 };

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
  const params = { ...plain, lr: 4e-3, n_beta: 10, localization: 100 };
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

test("without a loss a chain ends in the law that gaussian draws", async (t) => {
  const P = 1 << 16;
  const law = { localization: 100, weight_decay: 60, noise_level: 0.5 };
  const lr = 1e-3;
  const center = new Float64Array(P).fill(0.75);
  const keys = Uint32Array.from(deriveKey(12, "prior", 0, "noise"));
  const dims = { G: 1, P };
  let w: ArrayLike<number> = center;
  // The start is forgotten as (1 - lr * 160 / 2)^s: to 2e-6 of itself.
  for (let s = 0; s < 160; s++) {
    const params = { ...law, lr, n_beta: 0, bounding_box_size: 0, step: s };
    const inputs = { w: Float64Array.from(w), g: new Float64Array(P), center, keys };
    w = (await runCase(step, { name: "prior", dims, params, shared: ["center"] }, inputs, "plain4")).w;
  }
  const { localization: pulled, ...params } = { ...law, step: 999 };
  const localization = Float64Array.of(pulled);
  const drawn = { name: "prior", dims, params, shared: ["center"] };
  const direct = (await runCase(gaussian, drawn, { center, keys, localization }, "plain4")).w;
  const pull = law.localization + law.weight_decay;
  const mean = (law.localization * center[0]) / pull;
  // The chain's variance is larger by the step's length.
  const variances = { chain: law.noise_level ** 2 / pull / (1 - (lr * pull) / 4), direct: law.noise_level ** 2 / pull };
  for (const [name, values] of Object.entries({ chain: w, direct })) {
    const variance = variances[name as keyof typeof variances];
    const got = Array.from(values).reduce((sum, x) => sum + x / P, 0);
    const spread = Array.from(values).reduce((sum, x) => sum + (x - got) ** 2 / P, 0);
    const z = [(got - mean) / Math.sqrt(variance / P), (spread / variance - 1) / Math.sqrt(2 / P)];
    t.note(`${name}: mean ${got.toFixed(5)}, ${z[0].toFixed(2)} sd off; variance ${z[1].toFixed(2)} sd off`);
    assert.ok(
      z.every((x) => Math.abs(x) < 4.5),
      name,
    );
  }
});

test("noise does not depend on the number of chains or on the length of the block", async () => {
  const params = { ...plain, lr: 1, n_beta: 0, localization: 0, step: 3 };
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
