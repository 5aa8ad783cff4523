import * as assert from "uvu/assert";
import { runCase, testKernel } from "../../harness/test/kernel";
import { suite } from "../../harness/test/suite";
import { kernel, linearGrid } from "../kernel";
import { erf as chunk } from "./erf";
import probeSource from "./erf.probe.wgsl";
import { erf, erfc, gelu, geluDerivative } from "./erf.reference";

const test = suite("kernels/common/erf", { gpu: true });

const probe = kernel({
  name: "common/erf.probe",
  dims: ["N"],
  bindings: {
    x: { access: "read", type: "f32", dims: ["N"] },
    y: { access: "write", type: "f32", dims: ["3", "N"] },
  },
  params: {},
  variants: {
    plain: {
      file: "common/erf.probe.wgsl",
      source: probeSource,
      chunks: [chunk],
      workgroup: [64, 1, 1],
      grid: ({ N }) => linearGrid(N, 64),
      suits: "any",
    },
  },
  work: ({ N }) => ({ flops: 120 * N, bytes: 16 * N }),
  tolerance: { absolute: 2e-7, relative: 1e-7, reason: "Phi to 1.2e-7, times |x| below 5" },
  cases: [{ name: "normals", dims: { N: 1000 } }],
  reference: ({ x }) => ({
    y: Float64Array.from([...Array.from(x, erf), ...Array.from(x, gelu), ...Array.from(x, geluDerivative)]),
  }),
});
testKernel(test, probe);

/** Probe values of `x`, as [erf, gelu, gelu']. */
async function values(x: readonly number[]): Promise<[Float32Array, Float32Array, Float32Array]> {
  const N = x.length;
  const { y } = await runCase(probe, { name: "values", dims: { N } }, { x: Float64Array.from(x) }, "plain");
  const all = y as Float32Array;
  return [all.subarray(0, N), all.subarray(N, 2 * N), all.subarray(2 * N)];
}

test("the f64 reference agrees with tabulated values", () => {
  // Abramowitz and Stegun, table 7.1, and the asymptotic value of erfc(10).
  const table: [number, number][] = [
    [0, 0],
    [0.5, 0.5204998778130465],
    [1, 0.8427007929497149],
    [1.5, 0.9661051464753108],
    [2, 0.9953222650189527],
    [3, 0.9999779095030014],
  ];
  for (const [x, expected] of table) {
    assert.ok(Math.abs(erf(x) - expected) < 3e-16, `erf(${x}) = ${erf(x)}`);
    assert.is(erf(-x), -erf(x));
  }
  assert.ok(Math.abs(erfc(10) / 2.088487583762545e-45 - 1) < 1e-13, `erfc(10) = ${erfc(10)}`);
});

test("the series and the continued fraction agree where they meet", () => {
  for (const x of [1.5, 1.6, 1.8]) {
    const below = erf(x - 1e-9);
    const slope = (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * 1e-9;
    assert.ok(Math.abs(erf(x) - below - slope) < 1e-15);
  }
});

test("the stated bounds hold on a grid from -14 to 14", async (t) => {
  const grid = Array.from({ length: 1 << 16 }, (_, i) => Math.fround(-14 + (28 * i) / 65535));
  const [e, g, d] = await values(grid);
  let erfAbsolute = 0;
  let erfRelative = 0;
  let phi = 0;
  let tail = 0;
  let derivative = 0;
  grid.forEach((x, i) => {
    erfAbsolute = Math.max(erfAbsolute, Math.abs(e[i] - erf(x)));
    if (Math.abs(x) < 0.7) erfRelative = Math.max(erfRelative, Math.abs(e[i] / erf(x) - 1));
    phi = Math.max(phi, Math.abs(g[i] - gelu(x)) / Math.max(1, Math.abs(x)));
    derivative = Math.max(derivative, Math.abs(d[i] - geluDerivative(x)));
    if (x < 0 && x > -12.5) tail = Math.max(tail, Math.abs(g[i] / gelu(x) - 1) / (1e-6 + 1.5e-7 * x * x));
  });
  t.note(`erf ${erfAbsolute.toExponential(1)} absolute, ${erfRelative.toExponential(1)} relative near 0`);
  t.note(
    `gelu/max(1, |x|) ${phi.toExponential(1)}, gelu' ${derivative.toExponential(1)}, tail ${tail.toFixed(2)} of its bound`,
  );
  assert.ok(erfAbsolute < 1.6e-7 && erfRelative < 3e-7, "erf");
  assert.ok(phi < 1.2e-7 && derivative < 3e-7, "gelu");
  assert.ok(tail < 1, "relative error of gelu in the lower tail");
});

test("huge and tiny arguments give finite, right values", async () => {
  const x = [0, 1e-30, -1e-30, 1e10, -1e10, 3e38, -3e38, 13, -13, 30, -30].map(Math.fround);
  const [e, g, d] = await values(x);
  x.forEach((value, i) => {
    const want = Math.fround(gelu(value));
    assert.ok(Math.abs(g[i] - want) <= 2e-7 * Math.abs(want) + 1e-37, `gelu(${value}) = ${g[i]}, expected ${want}`);
    assert.ok(Math.abs(d[i] - geluDerivative(value)) < 2e-7, `gelu'(${value}) = ${d[i]}`);
    assert.ok(Math.abs(e[i] - erf(value)) < 2e-7, `erf(${value}) = ${e[i]}`);
  });
});

test("gelu grows where its derivative says so: central differences of the f64 reference", () => {
  for (let x = -6; x <= 6; x += 0.37) {
    const h = 1e-5;
    const slope = (gelu(x + h) - gelu(x - h)) / (2 * h);
    assert.ok(Math.abs(slope - geluDerivative(x)) < 1e-9, `at ${x}`);
  }
});

test.run();
