import * as assert from "uvu/assert";
import { seededRandom } from "../../harness/test/random";
import { suite } from "../../harness/test/suite";
import { correlationScale } from "./correlation";
import { chainSums, sumsFromTraces, susceptibility } from "./estimate";

const test = suite("runtime/susceptibility/correlation");

const shape = { draws: 12, chains: 3, tokens: 5 };
const rows = shape.draws * shape.chains;

/** Random d and phi; chains have levels of their own, so that what lies between them counts. */
function example(seed: number): { traces: Float64Array; phi: Float64Array } {
  const random = seededRandom(seed);
  const level = [-1, 0.5, 2];
  const phi = Float64Array.from({ length: rows }, (_, at) => 3 + level[at % shape.chains] + random.normal());
  const traces = Float64Array.from({ length: rows * shape.tokens }, (_, at) => {
    const row = Math.floor(at / shape.tokens);
    return level[row % shape.chains] * (at % shape.tokens) + 0.4 * phi[row] + random.normal();
  });
  return { traces, phi };
}

const near = (actual: number, expected: number, bound: number, what: string) =>
  assert.ok(Math.abs(actual - expected) <= bound, `${what}: ${actual}, expected ${expected}`);

/** Pearson's correlation by two passes. */
function pearson(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [ma, mb] = [mean(a), mean(b)];
  const sum = (f: (i: number) => number) => a.reduce((total, _, i) => total + f(i), 0);
  const both = sum((i) => (a[i] - ma) * (b[i] - mb));
  return both / Math.sqrt(sum((i) => (a[i] - ma) ** 2) * sum((i) => (b[i] - mb) ** 2));
}

/** Minus the correlation of phi with d - phi over the draws of some chains, by the definition. */
function expected({ traces, phi }: ReturnType<typeof example>, chains: readonly number[]): number[] {
  const kept = Array.from(phi.keys()).filter((at) => chains.includes(at % shape.chains));
  return Array.from({ length: shape.tokens }, (_, i) => {
    const x = kept.map((at) => traces[at * shape.tokens + i] - phi[at]);
    return -pearson(
      kept.map((at) => phi[at]),
      x,
    );
  });
}

const all = [0, 1, 2];

test("minus Pearson's correlation of phi with d - phi over all draws, and each chain's own", () => {
  const draws = example(1);
  const sums = sumsFromTraces(draws.traces, draws.phi, shape);
  const { correlation } = susceptibility(sums);
  expected(draws, all).forEach((value, i) => {
    near(correlation[i], value, 1e-12, `token ${i}`);
  });
  for (const chain of all) {
    const own = susceptibility(chainSums(sums, chain));
    expected(draws, [chain]).forEach((value, i) => {
      near(own.correlation[i], value, 1e-12, `chain ${chain}, token ${i}`);
    });
    assert.ok(own.correlationError.every(Number.isNaN), "one chain has no error");
  }
});

test("m2 of a chain is that of two passes", () => {
  const { traces, phi } = example(2);
  const { m2 } = sumsFromTraces(traces, phi, shape);
  for (const chain of all) {
    for (let i = 0; i < shape.tokens; i++) {
      const at = Array.from({ length: shape.draws }, (_, s) => s * shape.chains + chain);
      const x = at.map((row) => traces[row * shape.tokens + i] - phi[row]);
      const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
      const squares = x.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      near(m2[chain * shape.tokens + i], squares, 1e-11, `chain ${chain}, token ${i}`);
    }
  }
});

test("a planted linear response has the correlation that its noise leaves", () => {
  const random = seededRandom(3);
  const sizes = { draws: 20_000, chains: 2, tokens: 3 };
  const phi = Float64Array.from({ length: sizes.draws * sizes.chains }, () => 0.2 + 0.1 * random.normal());
  // d = slope phi + noise: x = (slope - 1) phi + noise, and the correlation -(slope - 1) 0.1 / sqrt(((slope - 1) 0.1)^2 + noise^2).
  const planted = [
    { slope: 3, noise: 0.2, correlation: -Math.SQRT1_2 },
    { slope: 0.25, noise: 0.1, correlation: 0.6 },
    { slope: 1, noise: 0.3, correlation: 0 },
  ];
  const traces = Float64Array.from({ length: phi.length * 3 }, (_, at) => {
    const { slope, noise } = planted[at % 3];
    return slope * phi[Math.floor(at / 3)] + noise * random.normal();
  });
  const { correlation, correlationError } = susceptibility(sumsFromTraces(traces, phi, sizes));
  planted.forEach((token, i) => {
    // The standard error of a correlation of 40,000 draws is at most 0.005: five of them.
    near(correlation[i], token.correlation, 0.025, `token ${i}`);
    assert.ok(correlationError[i] < 0.05);
  });
});

test("neither the size of a token's contrast nor that of phi, nor constants, change a correlation", () => {
  const { traces, phi } = example(4);
  const { correlation } = susceptibility(sumsFromTraces(traces, phi, shape));
  const row = (at: number) => Math.floor(at / shape.tokens);
  const same = (changed: Float64Array, own: Float64Array, what: string) => {
    const other = susceptibility(sumsFromTraces(changed, own, shape)).correlation;
    correlation.forEach((value, i) => {
      near(other[i], value, 1e-10, `${what}, token ${i}`);
    });
  };
  const stretched = traces.map((d, at) => phi[row(at)] + (1 + (at % shape.tokens)) * (d - phi[row(at)]));
  same(stretched, phi, "d - phi times a number of each token");
  same(
    traces.map((d) => 1e-3 * d),
    phi.map((p) => 1e-3 * p),
    "a smaller perturbation",
  );
  same(
    traces.map((d) => 1e-6 * d),
    phi.map((p) => 1e-6 * p),
    "one a million times smaller",
  );
  same(
    traces.map((d, at) => d + (at % shape.tokens === 2 ? 40 : 0)),
    phi,
    "a constant on one token's loss",
  );
  const raised = phi.map((p) => p + 7);
  same(traces, raised, "a constant on phi");
});

test("what does not move has correlation 0, and what no draw moves 1", () => {
  const { traces, phi } = example(5);
  const still = traces.map((d, at) => {
    const [token, p] = [at % shape.tokens, phi[Math.floor(at / shape.tokens)]];
    return token === 0 ? p + 0.25 : token === 1 ? 0 : d;
  });
  const { correlation, correlationError } = susceptibility(sumsFromTraces(still, phi, shape));
  assert.is(correlation[0], 0, "d - phi is a constant");
  assert.is(correlationError[0], 0);
  near(correlation[1], 1, 1e-12, "d is a constant");
  for (const constant of [0, 0.3]) {
    const nothing = susceptibility(sumsFromTraces(traces, new Float64Array(rows).fill(constant), shape));
    assert.ok(
      nothing.correlation.every((value) => value === 0),
      "the component does not move",
    );
    assert.ok(nothing.correlationError.every((value) => value === 0));
  }
});

test("the jackknife leaves a chain out of chi and of both standard deviations", () => {
  const draws = example(6);
  const { correlation, correlationError } = susceptibility(sumsFromTraces(draws.traces, draws.phi, shape));
  const leftOut = all.map((chain) =>
    expected(
      draws,
      all.filter((other) => other !== chain),
    ),
  );
  correlation.forEach((_, i) => {
    const mean = leftOut.reduce((sum, column) => sum + column[i] / 3, 0);
    const squares = leftOut.reduce((sum, column) => sum + (column[i] - mean) ** 2, 0);
    near(correlationError[i], Math.sqrt((2 / 3) * squares), 1e-12, `error of token ${i}`);
  });
});

test("two_chain has another mean in chi and the component's own standard deviations", () => {
  const [a, b] = [example(7), example(8)];
  const own = sumsFromTraces(a.traces, a.phi, shape);
  const { chi, correlation } = susceptibility(own, sumsFromTraces(b.traces, b.phi, shape));
  const single = susceptibility(own);
  correlation.forEach((value, i) => {
    near(value / chi[i], single.correlation[i] / single.chi[i], 1e-10, `token ${i}`);
  });
});

test("means a thousand deviations from 0 leave the digits that a mean of squares would lose", () => {
  const random = seededRandom(9);
  const sizes = { draws: 500, chains: 2, tokens: 1 };
  const phi = Float64Array.from({ length: 1000 }, () => 1e5 + random.normal());
  const traces = phi.map((p) => 3e5 + 1.5 * (p - 1e5) + random.normal());
  const [scale] = correlationScale(sumsFromTraces(traces, phi, sizes));
  const x = Array.from(phi, (p, at) => traces[at] - p);
  const deviation = (values: readonly number[]) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  };
  near(scale * deviation(x) * deviation(Array.from(phi)), 1, 1e-9, "scale");
});

test.run();
