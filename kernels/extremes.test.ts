/** What the cases of a kernel cannot show, on the processor: huge, tiny and missing numbers, long sums, many normals. */
import * as assert from "uvu/assert";
import { caseInputs, checkCase, runCase } from "../harness/test/kernel";
import { seededRandom } from "../harness/test/random";
import { WASM } from "../harness/test/run-kernel";
import { suite } from "../harness/test/suite";
import { backward as activationBackward } from "./activation/backward";
import { forward as activationForward } from "./activation/forward";
import { activationFunctions, activationNames } from "./activation/functions";
import { backward as attentionBackward } from "./attention/backward";
import { interleaved } from "./attention/cases";
import { forward as attentionForward } from "./attention/forward";
import { forward as attentionReference } from "./attention/reference";
import { gelu, geluDerivative } from "./common/erf.reference";
import type { Case, Kernel } from "./kernel";
import { forward as layernormForward } from "./layernorm/forward";
import { forward as layernormReference } from "./layernorm/reference";
import { normal } from "./philox/normal";
import { deriveKey, normals } from "./philox/philox";
import { sumRows } from "./reduce/sum_rows";
import { baoab } from "./sgld/baoab";
import { rmsprop } from "./sgld/rmsprop";
import { step } from "./sgld/step";

const test = suite("kernels/extremes");

const single = (values: ArrayLike<number>) => Float64Array.from(Float32Array.from(values));

test("activations of huge, tiny and zero numbers are finite and right, and of NaN are NaN", async () => {
  const x = single([0, 1e-30, -1e-30, 89, -89, 1e10, -1e10, 3e38, -3e38, 13, -13, -6, 20, Number.NaN]);
  const c: Case = { name: "extremes", dims: { N: x.length } };
  for (const name of activationNames) {
    const { y } = await runCase(activationForward[name], c, { x }, WASM);
    const { dx } = await runCase(activationBackward[name], c, { x, dy: x.map(() => 3) }, WASM);
    for (let i = 0; i < x.length - 1; i++) {
      const { value, slope } = activationFunctions[name];
      // exp of an argument of some tens, rounded once, in the lower tail.
      const near = (got: number, want: number) => Math.abs(got - want) <= 2e-5 * Math.abs(want) + 1e-37;
      assert.ok(near(y[i], value(x[i])), `${name}(${x[i]}) = ${y[i]}`);
      assert.ok(Math.abs(dx[i] - 3 * slope(x[i])) < 1e-6, `${name}'(${x[i]}) = ${dx[i] / 3}`);
      if (Math.abs(x[i]) >= 13) assert.is(Math.abs(dx[i]), x[i] > 0 ? 3 : 0, `${name}'(${x[i]})`);
    }
    if (name !== "relu") assert.ok(Number.isNaN(y[x.length - 1]) && Number.isNaN(dx[x.length - 1]), name);
  }
});

test("the bounds that common/erf.wgsl states hold for the GELU on a grid from -14 to 14", async (t) => {
  const x = Float64Array.from({ length: 1 << 16 }, (_, i) => Math.fround(-14 + (28 * i) / 65535));
  const c: Case = { name: "grid", dims: { N: x.length } };
  const { y } = await runCase(activationForward.gelu, c, { x }, WASM);
  const { dx } = await runCase(activationBackward.gelu, c, { x, dy: x.map(() => 1) }, WASM);
  let phi = 0;
  let tail = 0;
  let slope = 0;
  x.forEach((value, i) => {
    phi = Math.max(phi, Math.abs(y[i] - gelu(value)) / Math.max(1, Math.abs(value)));
    slope = Math.max(slope, Math.abs(dx[i] - geluDerivative(value)));
    if (value < 0 && value > -12.5) {
      tail = Math.max(tail, Math.abs(y[i] / gelu(value) - 1) / (1e-6 + 1.5e-7 * value * value));
    }
  });
  t.note(`gelu/max(1, |x|) ${phi.toExponential(1)}, slope ${slope.toExponential(1)}, tail ${tail.toFixed(2)}`);
  assert.ok(phi < 1.2e-7 && slope < 3e-7 && tail < 1);
});

test("layer norm: a large mean costs the digits f32 input has lost, no more; large and small rows stay finite", async () => {
  const D = 64;
  const c: Case = { name: "adversarial", dims: { G: 1, R: 4, D }, params: { eps: 1e-5 } };
  const inputs = caseInputs(layernormForward, c, 3);
  const offset = [1000, 0, 0, 1e4];
  const scale = [1, 1e15, 1e-15, 1];
  const x = single(inputs.x.map((v, i) => offset[Math.floor(i / D)] + scale[Math.floor(i / D)] * v) as Float64Array);
  const expected = layernormReference({ ...inputs, x }, c.dims, { eps: 1e-5 }, new Set());
  const { y } = await runCase(layernormForward, c, { ...inputs, x }, WASM);
  // The mean of numbers near m is off by an ulp or two of m: 1e-7 m against a spread of 1.
  y.forEach((value, i) => {
    const row = Math.floor(i / D);
    assert.ok(Math.abs(value - expected.y[i]) < 5e-6 + 1e-6 * offset[row], `row ${row}: ${value}`);
  });
});

test("attention: scores in the thousands, rising and falling: one key takes all, and nothing overflows", async (t) => {
  for (const K of [8, 5]) {
    const c = interleaved(`K = ${K}`, [1, 1, 20, 1, K], 1);
    const random = seededRandom(8);
    const qkv = single(Array.from({ length: 60 * K }, () => 30 * random.normal()));
    await checkCase(t, attentionForward, c, { qkv }, WASM);
    const { out, lse } = attentionReference({ qkv }, c.dims, c.params!);
    const dout = single(Array.from({ length: 20 * K }, () => random.normal()));
    const reason = "scores of 1e4 are good to 1e-3, and p with them";
    const loose = { ...attentionBackward, tolerance: { absolute: 1e-3, relative: 1e-3, reason } };
    await checkCase(t, loose, c, { qkv, dout, out: single(out), lse: single(lse) }, WASM);
  }
});

test("attention: later keys and values do not reach a row, to the bit, past a block as well", async () => {
  const [T, K] = [150, 8];
  const c = interleaved("causal", [1, 1, T, 1, K], 0.35);
  const { qkv } = caseInputs(attentionForward, c, 4);
  for (const t of [1, 18, 64, 79, 130]) {
    const changed = qkv.slice() as Float64Array;
    changed.fill(1e4, t * 3 * K);
    const before = await runCase(attentionForward, c, { qkv }, WASM);
    const after = await runCase(attentionForward, c, { qkv: changed }, WASM);
    assert.equal(after.out.slice(0, t * K), before.out.slice(0, t * K), `row ${t}`);
    assert.equal(after.lse.slice(0, t), before.lse.slice(0, t));
    assert.ok(after.out.every(Number.isFinite));
  }
});

test("attention over several blocks of keys, forward and backward", async (t) => {
  for (const [T, K] of [
    [200, 8],
    [133, 20],
  ]) {
    const c = interleaved(`T = ${T}`, [1, 1, T, 2, K]);
    await checkCase(t, attentionForward, c, caseInputs(attentionForward, c, 5), WASM);
    await checkCase(t, attentionBackward, c, caseInputs(attentionBackward, c, 6), WASM);
  }
});

test("the mean of 40,000 losses near 11 keeps seven digits, where a plain f32 sum would lose two", async (t) => {
  const R = 40000;
  const x = single(Array.from({ length: R }, (_, i) => 11 + Math.sin(i)));
  const exact = x.reduce((a, b) => a + b, 0) / R;
  const { out } = await runCase(sumRows, { name: "losses", dims: { G: 1, R }, params: { scale: 1 / R } }, { x }, WASM);
  t.note(`error ${Math.abs(out[0] - exact).toExponential(1)}`);
  assert.ok(Math.abs(out[0] - exact) < 1e-5, `${out[0]}, expected ${exact}`);
});

test("a million normals are finite and within 2e-6 of the f64 ones, tails included", async (t) => {
  const P = 1 << 20;
  const key = deriveKey(3, "full", 0, "noise");
  const c: Case = { name: "large", dims: { G: 1, P }, params: { step: 9 } };
  const { out } = await runCase(normal, c, { keys: Uint32Array.from(key) }, WASM);
  const expected = normals(key, 9, P);
  let worst = 0;
  for (let i = 0; i < P; i++) {
    worst = Math.max(worst, Number.isFinite(out[i]) ? Math.abs(out[i] - expected[i]) : Number.POSITIVE_INFINITY);
  }
  t.note(`max error ${worst.toExponential(1)}`);
  assert.ok(worst < 2e-6, `max error ${worst}`);
});

for (const kernel of [step, rmsprop, baoab] as Kernel[]) {
  test(`${kernel.name}: the box holds, and hides no NaN`, async () => {
    const [P, size] = [66, 0.25];
    const slopes = new Float64Array(P);
    slopes[5] = Number.NaN;
    const params = {
      ...kernel.cases[0].params,
      lr: 1,
      n_beta: 1,
      localization: 0,
      bounding_box_size: size,
      noise_level: 1,
    };
    const ones = new Float64Array(P).fill(1);
    const all = { w: ones, v: ones, p: new Float64Array(P), g: slopes, center: ones, keys: Uint32Array.of(5, 6) };
    const names = Object.keys(kernel.bindings) as (keyof typeof all)[];
    const given = Object.fromEntries(names.map((name) => [name, all[name]]));
    const { w } = await runCase(kernel, { name: "box", dims: { G: 1, P }, params, shared: ["center"] }, given, WASM);
    assert.ok(w.includes(1 - size) && w.includes(1 + size), "no weight reached a face");
    w.forEach((value, i) => {
      assert.ok(i === 5 ? Number.isNaN(value) : Math.abs(value - 1) <= size, `element ${i}: ${value}`);
    });
  });
}

test.run();
