import * as assert from "uvu/assert";
import { runCase, testKernel } from "../../harness/test/kernel";
import { checkStrides } from "../../harness/test/strides";
import { suite, type TestContext } from "../../harness/test/suite";
import type { Kernel } from "../kernel";
import { deriveKey, normals } from "../philox/philox";
import { baoab } from "./baoab";
import { step } from "./step";

const test = suite("kernels/sgld/baoab", { gpu: true });
testKernel(test, baoab);

const plain = { weight_decay: 0, bounding_box_size: 0, noise_level: 1 };

test("centers that lie in a block of all parameters", async () => {
  const spread = baoab.cases.find((c) => c.name === "center per chain");
  await checkStrides(baoab as Kernel, { name: "spread", dims: { G: 3, P: 24 }, params: spread?.params });
  await checkStrides(baoab as Kernel, { name: "odd", dims: { G: 2, P: 13 }, params: spread?.params });
});

test("without noise and friction it is the leapfrog: back it comes, and a quadratic's shadow energy stays", async () => {
  // p here is the momentum before the closing half kick of an update. Exact for h/2 w^2: |p - h/2 k w|^2 + k (1 - h^2 k / 4) w^2.
  const P = 64;
  const [lr, k] = [0.01, 50];
  const h = Math.sqrt(lr);
  const w = Float64Array.from({ length: P }, (_, i) => 0.02 * (i - 30));
  const p = Float64Array.from({ length: P }, (_, i) => Math.cos(i));
  const energy = (x: ArrayLike<number>, y: ArrayLike<number>, i: number) =>
    (y[i] - (h / 2) * k * x[i]) ** 2 + k * (1 - (lr * k) / 4) * x[i] ** 2;
  let at = { w: Float64Array.from(w), p: Float64Array.from(p) };
  const steps = 20;
  const go = async () => {
    for (let s = 0; s < steps; s++) {
      const params = { ...plain, lr, n_beta: 1, localization: 0, noise_level: 0, persistence: 1, kick: 1, step: s };
      const inputs = { ...at, g: at.w.map((x) => k * x), center: new Float64Array(P), keys: Uint32Array.of(1, 2) };
      const next = await runCase(
        baoab,
        { name: "free", dims: { G: 1, P }, params, shared: ["center"] },
        inputs,
        "plain",
      );
      at = { w: Float64Array.from(next.w), p: Float64Array.from(next.p) };
    }
  };
  await go();
  for (let i = 0; i < P; i++) {
    const [before, after] = [energy(w, p, i), energy(at.w, at.p, i)];
    // Sixty f32 roundings of numbers of order 1 and 5.
    assert.ok(Math.abs(after - before) < 2e-5 * (1 + before), `element ${i}: ${before} became ${after}`);
  }
  // Turned round at a whole step (a full kick, the sign), it goes the same way back.
  const turn = (x: Float64Array, y: Float64Array) => y.map((value, i) => -(value - h * k * x[i]));
  at = { w: at.w, p: turn(at.w, at.p) };
  await go();
  const back = turn(at.w, at.p);
  for (let i = 0; i < P; i++) {
    assert.ok(Math.abs(at.w[i] - w[i]) < 1e-5, `w ${i}: ${at.w[i]}, began at ${w[i]}`);
    assert.ok(Math.abs(back[i] - p[i]) < 1e-5, `p ${i}: ${back[i]}, began at ${p[i]}`);
  }
});

test("huge gradients stay finite, and a NaN is seen", async () => {
  const P = 4;
  const inputs = {
    w: new Float64Array(P),
    p: new Float64Array(P),
    g: Float64Array.of(0, 1e18, -1e18, Number.NaN),
    center: new Float64Array(P),
    keys: Uint32Array.of(1, 2),
  };
  const params = { ...baoab.cases[0].params };
  for (const variant of ["plain", "plain4"]) {
    const { w, p } = await runCase(
      baoab,
      { name: "huge", dims: { G: 1, P }, params, shared: ["center"] },
      inputs,
      variant,
    );
    assert.ok([...w.slice(0, 3), ...p.slice(0, 3)].every(Number.isFinite), `${variant}: ${w} ${p}`);
    assert.ok(Number.isNaN(w[3]) && Number.isNaN(p[3]), `${variant}: ${w} ${p}`);
  }
});

for (const variant of Object.keys(baoab.variants)) {
  test(`${variant}: a wall turns momenta inwards and only those of weights that came to it`, async () => {
    const [P, size] = [64, 0.25];
    const p = Float64Array.from({ length: P }, (_, i) => (i % 4 === 0 ? 8 : i % 4 === 1 ? -8 : 0.125));
    const ones = new Float64Array(P).fill(1);
    const params = { ...plain, lr: 1, n_beta: 0, localization: 0, bounding_box_size: size, noise_level: 0 };
    const c = { name: "wall", dims: { G: 1, P }, shared: ["center"] };
    const moves = { ...params, persistence: 0.5, kick: 1, step: 0 };
    const inputs = { w: ones, p, g: new Float64Array(P), center: ones, keys: Uint32Array.of(5, 6) };
    const after = await runCase(baoab, { ...c, params: moves }, inputs, variant);
    for (let i = 0; i < P; i++) {
      const expected = i % 4 === 0 ? [1 + size, -4] : i % 4 === 1 ? [1 - size, 4] : [1 + 0.09375, 0.0625];
      assert.equal([after.w[i], after.p[i]], expected, `element ${i}`);
    }
  });
}

/** Weights and momenta of independent coordinates with loss k/2 w^2 around 0, after steps from a stationary momentum. */
async function quadraticChain(kernel: Kernel, k: number, params: Record<string, number>, steps: number, P: number) {
  const keys = Uint32Array.from(deriveKey(11, "quadratic", 0, "noise"));
  const p = normals(deriveKey(11, "quadratic", 0, "momentum"), 0, P);
  let at: Record<string, Float64Array> = { w: new Float64Array(P), p };
  for (let s = 0; s < steps; s++) {
    const c = {
      name: "quadratic",
      dims: { G: 1, P },
      params: { ...params, kick: s === 0 ? 0.5 : 1, step: s },
      shared: ["center"],
    };
    const given = { ...at, g: at.w.map((x) => k * x), center: new Float64Array(P), keys };
    const inputs = Object.fromEntries(
      Object.keys(kernel.bindings).map((name) => [name, given[name as keyof typeof given]]),
    ) as Record<string, Float64Array | Uint32Array>;
    const next = await runCase(kernel, c, inputs, "plain");
    at = Object.fromEntries(Object.entries(next).map(([name, values]) => [name, Float64Array.from(values)]));
  }
  return at;
}

/** Mean square over its expectation, and in standard errors of as many normals. */
function against(t: TestContext, what: string, values: Float64Array, expected: number): number {
  const ratio = values.reduce((sum, x) => sum + x * x, 0) / values.length / expected;
  t.note(`${what}: ${ratio.toFixed(4)} of the truth, ${((ratio - 1) / Math.sqrt(2 / values.length)).toFixed(2)} sd`);
  return ratio;
}

for (const share of [0.3, 0.7, 0.9]) {
  test(`variance on a quadratic loss at ${share} of the stability limit is the posterior's, where SGLD's is wider`, async (t) => {
    const P = 1 << 16;
    const [n_beta, localization, hessian] = [10, 100, 15];
    const Lambda = n_beta * hessian + localization;
    // BAOAB is stable up to h omega = 2, SGLD up to lr Lambda = 4: the same lr.
    const lr = (2 * share) ** 2 / Lambda;
    const pulls = { ...plain, n_beta, localization };
    const persistence = Math.exp(-1.5 * Math.sqrt(lr * localization));
    const steps = Math.ceil(12 / (1 - persistence));
    const { w, p } = await quadraticChain(baoab as Kernel, hessian, { ...pulls, lr, persistence }, steps, P);
    const position = against(t, "positions", w, 1 / Lambda);
    // sqrt(2 / 65536) is 0.0055: 4 % is seven standard errors.
    assert.ok(Math.abs(position - 1) < 0.04, `${position}`);
    assert.ok(Math.abs(against(t, "momenta", p, 1) - 1) < 0.03);
    const h = Math.sqrt(lr);
    const kicked = p.map((value, i) => value - h * Lambda * w[i]);
    assert.ok(Math.abs(against(t, "momenta after the kick", kicked, 1) - 1) < 0.03);
    const sgld = (kernelLr: number) => ({ ...pulls, lr: kernelLr });
    const { w: beside } = await quadraticChain(step as Kernel, hessian, sgld(lr), 60, P);
    const wider = against(t, "SGLD with the same lr", beside, 1 / Lambda);
    // 1 / (1 - lr Lambda / 4): 1.10, 1.96, 5.3.
    assert.ok(Math.abs(wider * (1 - share ** 2) - 1) < 0.04, `${wider}`);
  });
}

test.run();
