import * as assert from "uvu/assert";
import { seededRandom } from "../../harness/test/random";
import { suite } from "../../harness/test/suite";
import { cyclicPermutation, shuffledPairing, shuffledTraces } from "./controls";
import { splitRHat } from "./diagnostics";
import { chainSums, shuffledSusceptibility, sumsFromTraces, susceptibility } from "./estimate";
import { traceColumns } from "./traces";

const test = suite("runtime/susceptibility");

const shape = { draws: 12, chains: 3, tokens: 7 };

/** Random traces whose token mean is phi, as when the probe is the sampling task. */
function example(seed: number): { traces: Float64Array; phi: Float64Array } {
  const random = seededRandom(seed);
  const traces = Float64Array.from({ length: shape.draws * shape.chains * shape.tokens }, () => random.normal());
  const phi = new Float64Array(shape.draws * shape.chains);
  phi.forEach((_, i) => {
    for (let t = 0; t < shape.tokens; t++) phi[i] += traces[i * shape.tokens + t] / shape.tokens;
  });
  return { traces, phi };
}

const near = (actual: number, expected: number, bound: number, what: string) =>
  assert.ok(Math.abs(actual - expected) <= bound, `${what}: ${actual}, expected ${expected}`);

test("single_chain is minus the covariance of phi with d - phi over all draws", () => {
  const { traces, phi } = example(1);
  const { chi } = susceptibility(sumsFromTraces(traces, phi, shape));
  const n = phi.length;
  for (let i = 0; i < shape.tokens; i++) {
    const contrast = Array.from(phi, (p, s) => traces[s * shape.tokens + i] - p);
    const meanPhi = phi.reduce((a, b) => a + b) / n;
    const mean = contrast.reduce((a, b) => a + b) / n;
    let covariance = 0;
    for (let s = 0; s < n; s++) covariance += ((phi[s] - meanPhi) * (contrast[s] - mean)) / n;
    near(chi[i], -covariance, 1e-12, `token ${i}`);
  }
});

test("two_chain takes the contrast's mean from the unrestricted run", () => {
  const a = example(2);
  const b = example(3);
  const own = sumsFromTraces(a.traces, a.phi, shape);
  const full = sumsFromTraces(b.traces, b.phi, shape);
  const { chi } = susceptibility(own, full);
  const n = a.phi.length;
  for (let i = 0; i < shape.tokens; i++) {
    let product = 0;
    let contrast = 0;
    let meanPhi = 0;
    for (let s = 0; s < n; s++) {
      product += (a.phi[s] * (a.traces[s * shape.tokens + i] - a.phi[s])) / n;
      contrast += (b.traces[s * shape.tokens + i] - b.phi[s]) / n;
      meanPhi += a.phi[s] / n;
    }
    near(chi[i], -(product - meanPhi * contrast), 1e-12, `token ${i}`);
  }
});

test("the mean of chi over tokens is 0 when the probe is the sampling task, for both estimators", () => {
  const a = example(4);
  const b = example(5);
  const own = sumsFromTraces(a.traces, a.phi, shape);
  for (const full of [undefined, sumsFromTraces(b.traces, b.phi, shape)]) {
    const { chi } = susceptibility(own, full);
    near(
      chi.reduce((x, y) => x + y),
      0,
      1e-12,
      "sum of chi",
    );
  }
});

test("a constant added to one token's loss changes no chi of single_chain", () => {
  const { traces, phi } = example(6);
  const before = susceptibility(sumsFromTraces(traces, phi, shape));
  const moved = traces.map((value, index) => (index % shape.tokens === 2 ? value + 5 : value));
  const after = susceptibility(sumsFromTraces(moved, phi, shape));
  for (let i = 0; i < shape.tokens; i++) near(after.chi[i], before.chi[i], 1e-12, `token ${i}`);
});

test("the jackknife error is 0 for equal chains and follows the spread of unequal ones", () => {
  const random = seededRandom(7);
  const one = Float64Array.from({ length: shape.draws * shape.tokens }, () => random.normal());
  const traces = new Float64Array(shape.draws * shape.chains * shape.tokens);
  for (let s = 0; s < shape.draws; s++) {
    for (let m = 0; m < shape.chains; m++) {
      traces.set(one.subarray(s * shape.tokens, (s + 1) * shape.tokens), (s * shape.chains + m) * shape.tokens);
    }
  }
  const phi = new Float64Array(shape.draws * shape.chains);
  phi.forEach((_, i) => {
    for (let t = 0; t < shape.tokens; t++) phi[i] += traces[i * shape.tokens + t] / shape.tokens;
  });
  const equal = susceptibility(sumsFromTraces(traces, phi, shape));
  for (const error of equal.error) near(error, 0, 1e-12, "error of equal chains");
  const other = example(8);
  const unequal = susceptibility(sumsFromTraces(other.traces, other.phi, shape));
  assert.ok(
    unequal.error.every((error) => error > 1e-4),
    "error of unequal chains",
  );
  const single = susceptibility(sumsFromTraces(one, phi.slice(0, shape.draws), { ...shape, chains: 1 }));
  assert.ok(single.error.every(Number.isNaN), "one chain has no error");
});

test("runs that do not belong together are refused", () => {
  const a = example(9);
  const own = sumsFromTraces(a.traces, a.phi, shape);
  assert.throws(() => susceptibility(own, { ...own, tokens: 6 }), /two_chain: the full run has/);
});

test("shuffled draws keep the definition: with the identity pairing they give chi back", () => {
  const { traces, phi } = example(10);
  const identity = Array.from({ length: shape.chains }, () => Array.from({ length: shape.draws }, (_, s) => s));
  const { chi } = susceptibility(sumsFromTraces(traces, phi, shape));
  const back = shuffledSusceptibility(traces, phi, shape, identity);
  for (let i = 0; i < shape.tokens; i++) near(back[i], chi[i], 1e-12, `token ${i}`);
});

test("shuffling leaves no draw at its place and is the same for the same seed", () => {
  const pairing = shuffledPairing(3, "l0h1", 4, 9);
  assert.equal(pairing, shuffledPairing(3, "l0h1", 4, 9));
  assert.not.equal(pairing, shuffledPairing(4, "l0h1", 4, 9));
  for (const order of pairing) {
    assert.equal([...order].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    order.forEach((partner, draw) => {
      assert.is.not(partner, draw);
    });
  }
  assert.equal(
    cyclicPermutation(1, () => 0),
    [0],
  );
});

test("shuffled traces keep every token's values within its chain", () => {
  const { traces } = example(11);
  const input = Float32Array.from(traces);
  const out = shuffledTraces(input, shape, 1, "l0h0");
  const values = (array: Float32Array, m: number, i: number) =>
    Array.from({ length: shape.draws }, (_, s) => array[(s * shape.chains + m) * shape.tokens + i]).sort();
  for (let m = 0; m < shape.chains; m++) {
    for (let i = 0; i < shape.tokens; i++) assert.equal(values(out, m, i), values(input, m, i));
  }
});

test("trace columns are centered in every chain, of unit length, and free of what all tokens do together", () => {
  const { traces, phi } = example(12);
  const width = shape.draws * shape.chains;
  const out = new Float32Array(shape.tokens * width);
  traceColumns(traces, shape, out, width, 0);
  const common = Float64Array.from(phi);
  for (let m = 0; m < shape.chains; m++) {
    let mean = 0;
    for (let s = 0; s < shape.draws; s++) mean += common[s * shape.chains + m] / shape.draws;
    for (let s = 0; s < shape.draws; s++) common[s * shape.chains + m] -= mean;
  }
  for (let i = 0; i < shape.tokens; i++) {
    const row = out.subarray(i * width, (i + 1) * width);
    const sum = (f: (value: number, column: number) => number) =>
      row.reduce((total, value, c) => total + f(value, c), 0);
    near(
      sum((value) => value * value),
      1,
      1e-6,
      "length",
    );
    near(
      sum((value, column) => value * common[column]),
      0,
      1e-6,
      "part along the mean trace",
    );
    for (let m = 0; m < shape.chains; m++) {
      near(
        sum((value, column) => (column % shape.chains === m ? value : 0)),
        0,
        1e-6,
        "mean of a chain",
      );
    }
  }
  const doubled = traces.map((value, index) => (index % shape.tokens === 3 ? 2 * value : value));
  const scaled = new Float32Array(out.length);
  traceColumns(doubled, shape, scaled, width, 0);
  assert.not.equal(scaled, out, "the mean trace is that of all tokens");
});

test("split R-hat is near 1 for chains that agree and large for chains that do not", () => {
  const random = seededRandom(13);
  const agree = Float64Array.from({ length: 400 * 4 }, () => random.normal());
  near(splitRHat(agree, 400, 4)!, 1, 0.02, "agreeing chains");
  const apart = agree.map((value, i) => value + (i % 4) * 3);
  assert.ok(splitRHat(apart, 400, 4)! > 2);
  const drifting = agree.map((value, i) => value + Math.floor(i / 4) / 100);
  assert.ok(splitRHat(drifting, 400, 4)! > 1.2, "a drift within chains shows by the split");
  assert.is(splitRHat(agree, 3, 4), undefined);
});

/** The part of an example that some chains make. */
function chainsOf({ traces, phi }: { traces: Float64Array; phi: Float64Array }, chains: readonly number[]) {
  const { draws, tokens } = shape;
  const rows = Array.from({ length: draws }, (_, s) => chains.map((m) => s * shape.chains + m)).flat();
  const part = Float64Array.from(rows.flatMap((row) => Array.from(traces.subarray(row * tokens, (row + 1) * tokens))));
  const ownPhi = Float64Array.from(rows, (row) => phi[row]);
  return sumsFromTraces(part, ownPhi, { draws, chains: chains.length, tokens });
}

test("the jackknife leaves one chain out of both runs and scales by (M - 1) / M", () => {
  const a = example(14);
  const b = example(15);
  const all = Array.from({ length: shape.chains }, (_, m) => m);
  for (const full of [false, true]) {
    const chi = (chains: readonly number[]) =>
      susceptibility(chainsOf(a, chains), full ? chainsOf(b, chains) : undefined).chi;
    const { error } = susceptibility(chainsOf(a, all), full ? chainsOf(b, all) : undefined);
    const leftOut = all.map((m) => chi(all.filter((other) => other !== m)));
    for (let i = 0; i < shape.tokens; i++) {
      const mean = leftOut.reduce((sum, column) => sum + column[i], 0) / shape.chains;
      const squares = leftOut.reduce((sum, column) => sum + (column[i] - mean) ** 2, 0);
      near(error[i], Math.sqrt(((shape.chains - 1) / shape.chains) * squares), 1e-12, `error of token ${i}`);
    }
  }
});

test("a chain's own sums are those of its own draws", () => {
  const a = example(16);
  const sums = sumsFromTraces(a.traces, a.phi, shape);
  for (let m = 0; m < shape.chains; m++) {
    const { chains, sumD, sumPhiD, phi } = chainSums(sums, m);
    const own = chainsOf(a, [m]);
    assert.equal({ chains, sumD, sumPhiD, phi }, { chains: 1, sumD: own.sumD, sumPhiD: own.sumPhiD, phi: own.phi });
  }
});

test("shuffled traces move every draw, and tokens apart from each other", () => {
  const { traces } = example(17);
  // Every token has the draw's number for a value: what comes out is the permutation.
  const numbers = Float32Array.from(traces, (_, index) => Math.floor(index / (shape.chains * shape.tokens)));
  const out = shuffledTraces(numbers, shape, 1, "l0h0");
  const order = (m: number, i: number) =>
    Array.from({ length: shape.draws }, (_, s) => out[(s * shape.chains + m) * shape.tokens + i]);
  const orders = new Set<string>();
  for (let m = 0; m < shape.chains; m++) {
    for (let i = 0; i < shape.tokens; i++) {
      order(m, i).forEach((from, s) => {
        assert.is.not(from, s, `chain ${m}, token ${i}, draw ${s} stayed`);
      });
      orders.add(order(m, i).join());
    }
  }
  assert.is(orders.size, shape.chains * shape.tokens, "no two tokens or chains share a permutation");
});

test.run();
