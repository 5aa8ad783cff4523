import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { seededRandom } from "../../harness/test/random";
import { suite } from "../../harness/test/suite";
import { projectRoot } from "../node/root";
import { averageRanks, normalScores, sortedQuantile } from "../statistics/ranks";
import { diagnose, essBulk, essMean, essTail, lag1Autocorrelation, rankRHat } from "./diagnostics";

const test = suite("runtime/susceptibility/diagnostics");

interface Golden {
  readonly madeWith: Readonly<Record<string, string>>;
  readonly cases: readonly {
    readonly name: string;
    readonly expected: Readonly<
      Record<"rHat" | "essBulk" | "essTail" | "essMean" | "errorOfMean" | "lag1", number | null>
    >;
    /** [draws][chains] */
    readonly values: readonly (readonly number[])[];
  }[];
}

const golden: Golden = JSON.parse(
  readFileSync(join(projectRoot(), "goldens", "statistics", "diagnostics.json"), "utf8"),
);

for (const { name, expected, values } of golden.cases) {
  test(`${name}: the numbers of arviz ${golden.madeWith.arviz}`, (t) => {
    const draws = values.length;
    const chains = values[0].length;
    const flat = values.flat();
    const size = essMean(flat, draws, chains);
    const center = flat.reduce((a, b) => a + b) / flat.length;
    const variance = flat.reduce((a, b) => a + (b - center) ** 2, 0) / (flat.length - 1);
    const found = {
      rHat: rankRHat(flat, draws, chains),
      essBulk: essBulk(flat, draws, chains),
      essTail: essTail(flat, draws, chains),
      essMean: size,
      errorOfMean: size && Math.sqrt(variance / size),
      lag1: lag1Autocorrelation(flat, draws, chains),
    };
    let worst = 0;
    for (const [key, value] of Object.entries(found)) {
      const wanted = expected[key as keyof typeof found]!;
      if (draws < 10 && !["rHat", "lag1"].includes(key)) {
        // arviz says n log10(n) here whatever the values are: its bound, reached because no pair of lags was looked at.
        const n = 2 * chains * Math.floor(draws / 2);
        if (key !== "errorOfMean") assert.ok(Math.abs(wanted / (n * Math.log10(n)) - 1) < 1e-12, `${key}: ${wanted}`);
        assert.is(value, undefined, key);
        continue;
      }
      const error = Math.abs(value! / wanted - 1);
      worst = Math.max(worst, error);
      // Both are f64 throughout; arviz takes autocovariances by Fourier transforms, good to some 1e-13.
      assert.ok(error < 1e-9, `${key}: ${value}, expected ${wanted}`);
    }
    t.note(`largest relative error ${worst.toExponential(1)}`);
  });
}

test("what cannot be had is undefined: few draws, equal values, values that are not finite, chains that all stand still", () => {
  const random = seededRandom(51);
  const values = Float64Array.from({ length: 12 * 2 }, () => random.normal());
  assert.equal(Object.keys(diagnose(values, 12, 2)), ["rHat", "essBulk", "essTail", "lag1"]);
  assert.equal(diagnose(values.subarray(0, 6), 3, 2), {});
  assert.equal(Object.keys(diagnose(values.subarray(0, 18), 9, 2)), ["rHat", "lag1"]);
  assert.equal(diagnose(new Float64Array(24).fill(3), 12, 2), {});
  assert.equal(diagnose(Float64Array.from(values).fill(Number.NaN, 5, 6), 12, 2), {});
  const still = Float64Array.from(values, (_, at) => at % 2);
  assert.is(rankRHat(still, 12, 2), undefined);
  assert.is(lag1Autocorrelation(still, 12, 2), undefined);
  // One chain that stands still leaves the other its say.
  const oneStill = values.map((value, at) => (at % 2 === 0 ? 1 : value));
  const other = values.filter((_, at) => at % 2 === 1);
  assert.is(lag1Autocorrelation(oneStill, 12, 2), lag1Autocorrelation(other, 12, 1));
});

test("an autoregressive chain has the effective size of its closed form", (t) => {
  const random = seededRandom(52);
  const [draws, chains, kept] = [4000, 4, 0.6];
  const values = new Float64Array(draws * chains);
  for (let m = 0; m < chains; m++) {
    let state = random.normal();
    for (let s = 0; s < draws; s++) {
      values[s * chains + m] = state;
      state = kept * state + Math.sqrt(1 - kept ** 2) * random.normal();
    }
  }
  const expected = (draws * chains * (1 - kept)) / (1 + kept);
  const { essBulk: bulk, lag1, rHat } = diagnose(values, draws, chains);
  t.note(`effective size ${bulk!.toFixed(0)}, expected ${expected}; lag 1 ${lag1!.toFixed(3)}`);
  // tau from a window of about 12 lags has a relative variance of 2 (2 * 12 + 1) / 16000 (Madras and Sokal): 5.6 %,
  // three of them.
  assert.ok(Math.abs(bulk! / expected - 1) < 0.17, `${bulk}`);
  // Deviation sqrt((1 - 0.36) / 16000) = 0.006.
  assert.ok(Math.abs(lag1! - kept) < 0.02, `${lag1}`);
  assert.ok(rHat! < 1.01, `${rHat}`);
});

test("ranks share the mean of ties, normal scores are odd, quantiles interpolate", () => {
  assert.equal(Array.from(averageRanks([3, 1, 3, 2, 3])), [4, 1, 4, 2, 4]);
  const scores = normalScores([5, 1, 9]);
  assert.is(scores[0], 0);
  assert.ok(Math.abs(scores[1] + scores[2]) < 1e-14);
  // Blom's first of three places: (1 - 3/8) / 3.25 = 0.1923..., quantile -0.8694.
  assert.ok(Math.abs(scores[1] + 0.86942) < 1e-4, `${scores[1]}`);
  assert.is(sortedQuantile([1, 2, 4], 0.75), 3);
  assert.is(sortedQuantile([1, 2, 4], 1), 4);
  assert.is(sortedQuantile([7], 0.3), 7);
});

test.run();
