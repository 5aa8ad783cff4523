import * as assert from "uvu/assert";
import { refusedAtOnce } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { gaussianMatrix } from "../cluster/controls";
import type { Matrix } from "../statistics/matrix";
import { columnAgreement, pearson, spearman, splitHalf } from "./agreement";

const test = suite("runtime/susceptibility/agreement");

const near = (actual: number, expected: number, bound: number, what: string) =>
  assert.ok(Math.abs(actual - expected) <= bound, `${what}: ${actual}, expected ${expected}`);

// With ties on both sides. scipy 1.17.1: stats.pearsonr, stats.spearmanr.
const a = [1.5, -2, 0.25, 3, 3, -1, 0.25, 8];
const b = [2, -1, 0.5, 1, 4, -1, -3, 5];
const SCIPY = { pearson: 0.8230952933841568, spearman: 0.8485004317396408 };

test("correlations of two series are scipy's", () => {
  near(pearson(a, b), SCIPY.pearson, 1e-14, "Pearson");
  near(spearman(a, b), SCIPY.spearman, 1e-14, "Spearman");
});

test("closed cases: lines, monotone curves, reversed order, series that do not vary", () => {
  const line = a.map((x) => 3 * x - 2);
  // A series that ends where it began varies all the same: deviations -1, 2, -1 beside -1, 0, 1, and beside themselves.
  near(pearson([1, 4, 1], [1, 2, 3]), 0, 1e-15, "no line");
  near(pearson([1, 4, 1], [0, 6, 0]), 1, 1e-15, "a peak");
  near(pearson(a, line), 1, 1e-15, "a line");
  near(spearman(a, Array.from(a, Math.exp)), 1, 1e-15, "a monotone curve");
  near(
    spearman(
      a,
      a.map((x) => -(x ** 3)),
    ),
    -1,
    1e-15,
    "a falling curve",
  );
  // Ranks 1 to 4 against 2, 1, 4, 3: 1 - 6 * 4 / (4 * 15).
  near(spearman([10, 20, 30, 40], [2, 1, 4, 3]), 0.6, 1e-15, "two neighbours swapped");
  assert.ok(Number.isNaN(pearson(a, new Array<number>(8).fill(0.3))));
  assert.ok(Number.isNaN(spearman(new Float64Array(8).fill(0.1), a)));
  refusedAtOnce(() => pearson(a, [1, 2]), /8 values beside 2/);
});

test("agreement of matrices is that of their columns", () => {
  const one: Matrix = { rows: 8, cols: 2, data: Float64Array.from(a.flatMap((x, i) => [x, b[i]])) };
  const two: Matrix = { rows: 8, cols: 2, data: Float64Array.from(b.flatMap((x, i) => [x, 2 * b[i]])) };
  const { pearson: linear, spearman: ranks } = columnAgreement(one, two);
  near(linear[0], SCIPY.pearson, 1e-14, "Pearson");
  near(ranks[0], SCIPY.spearman, 1e-14, "Spearman");
  near(linear[1], 1, 1e-14, "a column and its double");
  refusedAtOnce(() => columnAgreement(one, { ...two, rows: 4, cols: 4 }), /matrix 1 is 4 x 4, matrix 0 8 x 2/);
});

/** One matrix a chain: a signal that all share, and noise of this deviation. */
function measured(chains: number, noise: number, rows: number): Matrix[] {
  const signal = gaussianMatrix(rows, 2, 81).data;
  return Array.from({ length: chains }, (_, m) => {
    const own = gaussianMatrix(rows, 2, 100 + m).data;
    return { rows, cols: 2, data: own.map((value, at) => (at % 2 === 0 ? signal[at] : 0) + noise * value) };
  });
}

test("split halves of M chains: every split up to 8, seeded ones beyond, half of the chains in each", () => {
  const counts: [number, number][] = [
    [2, 1],
    [3, 3],
    [4, 3],
    [5, 10],
    [8, 35],
    [9, 64],
  ];
  for (const [M, expected] of counts) assert.is(splitHalf(measured(M, 1, 10)).splits, expected, `${M} chains`);
  const many = measured(12, 1, 40);
  assert.equal(splitHalf(many, { seed: 3 }), splitHalf(many, { seed: 3 }));
  assert.not.equal(splitHalf(many, { seed: 3 }), splitHalf(many, { seed: 4 }));
  refusedAtOnce(() => splitHalf(measured(1, 1, 10)), /split halves of 1 chain/, /num_chains/);
});

test("reliability is what a second run of as many chains would correlate; pure noise has none", (t) => {
  const [M, noise, rows] = [8, 2, 4000];
  const { halves, reliability } = splitHalf(measured(M, noise, rows));
  // Signal 1 beside noise 4 / 4 in a half, 4 / 8 in all.
  t.note(`halves ${halves[0].toFixed(3)}, all ${reliability[0].toFixed(3)}; noise ${halves[1].toFixed(3)}`);
  // Deviation of a correlation about (1 - r^2) / sqrt(4000) = 0.012: four of them.
  near(halves[0], 1 / 2, 0.05, "halves");
  near(reliability[0], 2 / 3, 0.05, "all");
  near(halves[1], 0, 0.05, "halves of noise");
  assert.ok(reliability[1] >= 0 && reliability[1] < 0.1);
  near(splitHalf(measured(M, noise, rows), { by: "spearman" }).halves[0], 0.483, 0.05, "6/pi asin(r/2), of ranks");
  // By hand: two chains have one split, and the correction is 2 r / (1 + r).
  const pair: Matrix[] = [a, b].map((data) => ({ rows: 8, cols: 1, data: Float64Array.from(data) }));
  near(splitHalf(pair).halves[0], SCIPY.pearson, 1e-14, "one split");
  near(splitHalf(pair).reliability[0], (2 * SCIPY.pearson) / (1 + SCIPY.pearson), 1e-14, "corrected");
  const opposed: Matrix[] = [pair[0], { ...pair[0], data: pair[0].data.map((x) => -x) }];
  assert.is(splitHalf(opposed).reliability[0], 0);
});

test.run();
