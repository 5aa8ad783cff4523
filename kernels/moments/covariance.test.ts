import * as assert from "uvu/assert";
import { runCase, testKernel } from "../../harness/test/kernel";
import { seededRandom } from "../../harness/test/random";
import { suite } from "../../harness/test/suite";
import type { Arrays } from "../kernel";
import { covariance } from "./covariance";

const test = suite("kernels/moments/covariance", { gpu: true });
testKernel(test, covariance);

/** Streams draws through the kernel; returns the sums it ends with. */
async function stream(
  G: number,
  N: number,
  draws: { losses: Float64Array; phi: Float64Array }[],
  baseline: Float64Array,
) {
  let state: Arrays = Object.fromEntries(
    ["sum_d", "sum_phi_d", "c_d", "c_phi_d"].map((name) => [name, new Float64Array(G * N)]),
  );
  for (const draw of draws) {
    const out = await runCase(covariance, { name: "stream", dims: { G, N } }, { ...draw, baseline, ...state }, "plain");
    state = Object.fromEntries(Object.entries(out).map(([name, array]) => [name, Float64Array.from(array)]));
  }
  const total = (sum: string, c: string) => Float64Array.from(state[sum], (value, i) => value + state[c][i]);
  return { sumD: total("sum_d", "c_d"), sumPhiD: total("sum_phi_d", "c_phi_d"), plain: state.sum_d as Float64Array };
}

test("sums of 1,000 draws keep the digits that plain f32 sums lose", async (t) => {
  const random = seededRandom(1);
  const [G, N] = [2, 5];
  const single = (a: Float64Array) => Float64Array.from(Float32Array.from(a));
  const baseline = single(Float64Array.from({ length: N }, () => 3 + random.normal()));
  const draws = Array.from({ length: 1000 }, () => ({
    losses: single(Float64Array.from({ length: G * N }, (_, i) => baseline[i % N] + 0.1 + 0.3 * random.normal())),
    phi: single(Float64Array.from({ length: G }, () => 0.2 + 0.1 * random.normal())),
  }));
  // The terms as the kernel sees them, rounded once each; then every sum is exact in f64 to 1e-13.
  const d = new Float64Array(G * N);
  const phiD = new Float64Array(G * N);
  for (const { losses, phi } of draws) {
    for (let i = 0; i < G * N; i++) {
      const rise = Math.fround(losses[i] - baseline[i % N]);
      d[i] += rise;
      phiD[i] += Math.fround(phi[Math.floor(i / N)] * rise);
    }
  }
  const got = await stream(G, N, draws, baseline);
  const worst = (a: Float64Array, b: Float64Array) => Math.max(...a.map((x, i) => Math.abs(x - b[i])));
  t.note(
    `sum d of about 100: compensated ${worst(got.sumD, d).toExponential(1)}, alone ${worst(got.plain, d).toExponential(1)}`,
  );
  assert.ok(worst(got.sumD, d) < 1e-9, `sum d ${worst(got.sumD, d)}`);
  assert.ok(worst(got.sumPhiD, phiD) < 1e-9, `sum phi d ${worst(got.sumPhiD, phiD)}`);
  assert.ok(worst(got.plain, d) > 1e-7, "the case is too easy to show compensation");
});

test("a constant on a token's loss changes nothing", async () => {
  const [G, N] = [1, 4];
  const baseline = Float64Array.of(0.5, 1, 2, 3);
  const losses = Float64Array.of(0.75, 1.25, 1.5, 3);
  const phi = Float64Array.of(0.5);
  const moved = (a: Float64Array) => a.map((x, i) => x + (i === 2 ? 4 : 0));
  const one = await stream(G, N, [{ losses, phi }], baseline);
  const two = await stream(G, N, [{ losses: moved(losses), phi }], moved(baseline));
  assert.equal(Array.from(one.sumPhiD), Array.from(two.sumPhiD));
  assert.equal(Array.from(one.sumPhiD), [0.125, 0.125, -0.25, 0]);
});

test.run();
