import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { seededRandom } from "../../harness/test/random";
import { refusedAtOnce } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { projectRoot } from "../node/root";
import { localLearningCoefficient } from "./llc";

const test = suite("runtime/susceptibility/llc");

const near = (actual: number, expected: number, bound: number, what: string) =>
  assert.ok(Math.abs(actual - expected) <= bound, `${what}: ${actual}, expected ${expected}`);

test("the value is n_beta times the mean of phi, the error that of the chains' means", () => {
  // Two draws of three chains; chain means 1, 2, 6, times n_beta 10.
  const llc = localLearningCoefficient([0.5, 1, 8, 1.5, 3, 4], 2, 3, 10);
  near(llc.value, 30, 1e-12, "value");
  assert.equal(Array.from(llc.perChain), [10, 20, 60]);
  // Deviations -20, -10, 30: variance 1400 / 2, over 3 chains.
  near(llc.error!, Math.sqrt(700 / 3), 1e-12, "error");
  assert.is(llc.errorFrom, "chains");
  // t of 2 degrees at 0.975 from any table.
  near(llc.interval!.high - llc.value, 4.30265273 * llc.error!, 1e-6, "interval");
});

test("one chain has the error of its effective sample size: arviz's error of the mean", () => {
  const golden = JSON.parse(readFileSync(join(projectRoot(), "goldens", "statistics", "diagnostics.json"), "utf8"));
  for (const name of ["one chain", "one chain of thousand"]) {
    const { values, expected } = golden.cases.find((c: { name: string }) => c.name === name);
    const llc = localLearningCoefficient(values.flat(), values.length, 1, 7);
    assert.is(llc.errorFrom, "ess");
    near(llc.error!, 7 * expected.errorOfMean, 1e-9, name);
    // Effective sizes of arviz: 9.03 and 41.76. Whole draws less one are the degrees: t of 8 and 40 at 0.975 from any table.
    const t = { "one chain": 2.306004, "one chain of thousand": 2.021075 }[name]!;
    near((llc.interval!.high - llc.value) / llc.error!, t, 1e-5, `${name}: above`);
    near((llc.value - llc.interval!.low) / llc.error!, t, 1e-5, `${name}: below`);
  }
  const short = localLearningCoefficient([1, 2, 3], 3, 1, 2);
  assert.equal({ ...short, perChain: Array.from(short.perChain) }, { value: 4, perChain: [4] });
  assert.is(localLearningCoefficient(new Float64Array(20).fill(2), 20, 1, 0).error, undefined, "equal values");
});

test("a quadratic loss has the LLC of its closed form, d/2 n_beta h / (n_beta h + localization)", (t) => {
  const random = seededRandom(61);
  const [draws, chains, n_beta, localization] = [2000, 4, 10, 5];
  const h = [0.1, 1, 3, 0, 0.5];
  const phi = Float64Array.from({ length: draws * chains }, () =>
    h.reduce(
      (sum, curvature) => sum + (curvature / 2) * (random.normal() ** 2 / (n_beta * curvature + localization)),
      0,
    ),
  );
  const expected = h.reduce((sum, c) => sum + (0.5 * n_beta * c) / (n_beta * c + localization), 0);
  const { value, error, interval } = localLearningCoefficient(phi, draws, chains, n_beta);
  t.note(`${value.toFixed(4)} +- ${error!.toFixed(4)}, expected ${expected.toFixed(4)}`);
  assert.ok(interval!.low < expected && expected < interval!.high);
  // Variance of n_beta phi = sum of squares / 2 of the terms' shares: below 1.3, over 8000 draws; five deviations.
  near(value, expected, 5 * Math.sqrt(1.3 / 8000), "value");
});

test("phi that does not fit its sizes is refused", () => {
  refusedAtOnce(() => localLearningCoefficient([1, 2, 3], 2, 2, 1), /3 values of phi for 2 draws of 2 chains/);
  refusedAtOnce(() => localLearningCoefficient([], 0, 1, 1), /0 values of phi/);
});

test.run();
