import * as assert from "uvu/assert";
import { runCase, testKernel } from "../../harness/test/kernel";
import { seededRandom } from "../../harness/test/random";
import { suite } from "../../harness/test/suite";
import type { Arrays } from "../kernel";
import { covariance } from "./covariance";
import { deviation } from "./deviation";

const test = suite("kernels/moments/deviation", { gpu: true });
testKernel(test, deviation);

interface Draw {
  /** [G, N] and [G], numbers of f32. */
  readonly losses: Float64Array;
  readonly phi: Float64Array;
}

/** Streams draws through both kernels, as chains do; m2 as the host reads it. */
async function stream(G: number, N: number, draws: readonly Draw[], baseline: Float64Array): Promise<Float64Array> {
  const names = ["sum_d", "sum_phi_d", "c_d", "c_phi_d", "m2", "c_m2"];
  let state: Arrays = Object.fromEntries(names.map((name) => [name, new Float64Array(G * N)]));
  const phiSum = new Float64Array(G);
  for (const [count, { losses, phi }] of draws.entries()) {
    const phi_mean = phiSum.map((sum) => Math.fround(sum / Math.max(1, count)));
    const inputs = { losses, baseline, phi, phi_mean };
    const params = { draws: count };
    const squares = await runCase(
      deviation,
      { name: "stream", dims: { G, N }, params },
      { ...inputs, ...state },
      "plain",
    );
    const sums = await runCase(covariance, { name: "stream", dims: { G, N } }, { ...inputs, ...state }, "plain");
    const after = Object.entries({ ...sums, ...squares });
    state = Object.fromEntries(after.map(([name, array]) => [name, Float64Array.from(array)]));
    phi.forEach((value, g) => {
      phiSum[g] += value;
    });
  }
  return state.m2.map((value, i) => value + state.c_m2[i]) as Float64Array;
}

/** By two passes in f64. */
function twoPass(G: number, N: number, draws: readonly Draw[], baseline: Float64Array): Float64Array {
  return Float64Array.from({ length: G * N }, (_, i) => {
    const x = draws.map(({ losses, phi }) => losses[i] - baseline[i % N] - phi[Math.floor(i / N)]);
    const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
    return x.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  });
}

const single = (values: Float64Array) => Float64Array.from(Float32Array.from(values));
const worst = (a: Float64Array, b: Float64Array) => Math.max(...a.map((x, i) => Math.abs(x / b[i] - 1)));

test("four draws by hand, exactly", async () => {
  const baseline = Float64Array.of(1, 2);
  // d - phi: 1, 3, 2, 6 of the first token, whose mean is 3; of the second -phi + 1.
  const phi = [0.5, 0.25, 1, 0.25];
  const draws = [1, 3, 2, 6].map((x, s) => ({
    losses: Float64Array.of(1 + x + phi[s], 3),
    phi: Float64Array.of(phi[s]),
  }));
  const [first, second] = await stream(1, 2, draws, baseline);
  assert.ok(Math.abs(first - 14) < 1e-5, `${first} is not 14`);
  assert.ok(Math.abs(second - 0.375) < 1e-6, `${second} is not 0.375`);
});

test("1,000 draws with a mean of 300 deviations keep the digits that a mean of squares loses", async (t) => {
  const random = seededRandom(5);
  const [G, N] = [2, 5];
  const baseline = single(Float64Array.from({ length: N }, () => 3 + random.normal()));
  const draws = Array.from({ length: 1000 }, () => ({
    losses: single(Float64Array.from({ length: G * N }, (_, i) => baseline[i % N] + 3.3 + 0.01 * random.normal())),
    phi: single(Float64Array.from({ length: G }, () => 0.3 + 0.001 * random.normal())),
  }));
  const expected = twoPass(G, N, draws, baseline);
  const got = await stream(G, N, draws, baseline);
  const squares = Float64Array.from({ length: G * N }, (_, i) => {
    let [sum, square] = [0, 0];
    for (const { losses, phi } of draws) {
      const x = Math.fround(losses[i] - baseline[i % N] - phi[Math.floor(i / N)]);
      sum = Math.fround(sum + x);
      square = Math.fround(square + Math.fround(x * x));
    }
    return square - sum ** 2 / draws.length;
  });
  t.note(
    `m2 of 0.1: ${worst(got, expected).toExponential(1)} of it lost, by mean of squares ${worst(squares, expected).toExponential(1)}`,
  );
  // A deviation of 0.01 is of losses of up to 8, whose half unit in the last place is 2.4e-7: its square is good to 5e-5, and
  // 1,000 of them, rounded independently, to a thirtieth of that.
  assert.ok(worst(got, expected) < 5e-6, `m2 ${worst(got, expected)}`);
  assert.ok(worst(squares, expected) > 1e-3, "the case is too easy to show cancellation");
});

test("constants on a token's loss and on all draws of phi change nothing", async () => {
  const baseline = Float64Array.of(0.5, 1, 2, 3);
  const draws = [0.25, 0.5, 0.125].map((size) => ({
    losses: baseline.map((loss, n) => loss + size * n),
    phi: Float64Array.of(size),
  }));
  const moved = (a: Float64Array) => a.map((x, i) => x + (i === 2 ? 4 : 0));
  const one = await stream(1, 4, draws, baseline);
  const apart = draws.map(({ losses, phi }) => ({ losses: moved(losses), phi: phi.map((value) => value + 8) }));
  const two = await stream(1, 4, apart, moved(baseline));
  one.forEach((value, n) => {
    assert.ok(Math.abs(value - two[n]) < 1e-6, `token ${n}: ${value}, ${two[n]}`);
  });
});

test.run();
