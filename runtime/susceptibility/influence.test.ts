import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { refusedAtOnce } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { projectRoot } from "../node/root";
import { type InfluenceOptions, type InfluenceUnit, influences } from "./influence";

const test = suite("runtime/susceptibility/influence");

const golden = JSON.parse(readFileSync(join(projectRoot(), "goldens", "statistics", "influence.json"), "utf8"));
const { draws, chains, sequences, positions } = golden.shape;
const shape = { draws, chains, tokens: sequences * positions };
const traces: number[] = golden.traces.flat(2);

for (const unit of ["token", "sequence"] as const) {
  for (const measure of ["covariance", "correlation"] as const) {
    test(`${measure} by ${unit} is that of devinterp ${golden.madeWith.devinterp}`, (t) => {
      const expected: number[] = golden.influences[`${unit} ${measure}`].flat();
      const { values } = influences(traces, shape, { unit, positions, measure });
      assert.is(values.data.length, expected.length);
      let worst = 0;
      for (const [i, value] of values.data.entries()) worst = Math.max(worst, Math.abs(value - expected[i]));
      t.note(`largest error ${worst.toExponential(1)}`);
      // By token devinterp keeps f32, and covariances go up to 8: half a unit in the last place is 2.4e-7.
      assert.ok(worst < (unit === "token" ? 5e-7 : 1e-12), `${worst}`);
    });
  }
}

/** The plain definition for one pair of series. */
function plain(a: readonly number[], b: readonly number[], measure: "covariance" | "correlation"): number {
  const mean = (x: readonly number[]) => x.reduce((p, q) => p + q) / x.length;
  const cross = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, value, k) => sum + (value - mean(x)) * (y[k] - mean(y)), 0) / (x.length - 1);
  return measure === "covariance" ? cross(a, b) : cross(a, b) / Math.sqrt(cross(a, a) * cross(b, b));
}

/** A unit's series over the draws of the chains that are kept. */
function series(unit: InfluenceUnit, index: number, without: number): number[] {
  const width = unit === "token" ? 1 : positions;
  const out: number[] = [];
  for (let at = 0; at < draws * chains; at++) {
    if (at % chains === without) continue;
    let sum = 0;
    for (let t = 0; t < width; t++) sum += traces[at * shape.tokens + index * width + t];
    out.push(sum / width);
  }
  return out;
}

test("a block of rows and columns is that of the plain definition, its error the jackknife over chains", () => {
  for (const unit of ["token", "sequence"] as const) {
    for (const measure of ["covariance", "correlation"] as const) {
      const rows = { start: 1, end: 3 };
      const columns = { start: 0, end: unit === "token" ? 7 : 4 };
      const options: InfluenceOptions = { unit, positions, measure, rows, columns, error: true };
      const { values, error } = influences(Float64Array.from(traces), shape, options);
      const count = columns.end;
      assert.equal([values.rows, values.cols], [2, count]);
      for (let i = 0; i < 2; i++) {
        for (let j = 0; j < count; j++) {
          const without = (m: number) => plain(series(unit, i + 1, m), series(unit, j, m), measure);
          const at = i * count + j;
          assert.ok(Math.abs(values.data[at] - without(-1)) < 1e-12, `${unit} ${measure} ${i}, ${j}`);
          const left = [0, 1, 2].map(without);
          const mean = left.reduce((a, b) => a + b) / 3;
          const expected = Math.sqrt((2 / 3) * left.reduce((sum, value) => sum + (value - mean) ** 2, 0));
          assert.ok(Math.abs(error!.data[at] - expected) < 1e-12, `error, ${unit} ${measure} ${i}, ${j}`);
        }
      }
    }
  }
});

test("constants on traces change nothing", () => {
  const raised = Float64Array.from(traces, (value, at) => value + 1e4 * (at % shape.tokens));
  const before = influences(traces, shape, { measure: "correlation" }).values.data;
  const after = influences(raised, shape, { measure: "correlation" }).values.data;
  // Inputs of 1e5 are rounded to 1e-11.
  for (const [i, value] of after.entries()) assert.ok(Math.abs(value - before[i]) < 1e-9, `${i}`);
});

test("two draws are enough for a covariance, two chains for its error", () => {
  // Of a, 0 and 2, and b, 5 and 1: deviations -1, 1 and 2, -2; covariance -4, correlation -1, variances 2 and 8.
  const two = { draws: 2, chains: 1, tokens: 2 };
  assert.equal(Array.from(influences([0, 5, 2, 1], two).values.data), [2, -4, -4, 8]);
  assert.equal(Array.from(influences([0, 5, 2, 1], two, { measure: "correlation" }).values.data), [1, -1, -1, 1]);
  // A correlation has no unit: the same of traces that hardly move.
  const small = influences([0, 0.005, 0.002, 0.001], two, { measure: "correlation" }).values.data;
  assert.equal(
    Array.from(small, (value) => Number(value.toFixed(12))),
    [1, -1, -1, 1],
  );
  refusedAtOnce(() => influences([0, 5], { ...two, draws: 1 }), /1 draw of 1 chain; at least 2 draws vary/);
  // Chains of a alone: 0, 2 and 0, 6, whose variances are 2 and 18. Of two values the jackknife is half their distance.
  const { values, error } = influences([0, 0, 2, 6], { draws: 2, chains: 2, tokens: 1 }, { error: true });
  // Of all four the mean is 2, squares 4 + 4 + 0 + 16, over 3.
  assert.equal([values.data[0], error!.data[0]], [8, 8]);
  assert.is(influences([0, 0, 2, 6], { draws: 2, chains: 2, tokens: 1 }).error, undefined);
});

test("what does not move correlates with nothing, and what cannot be had is refused", () => {
  const still = traces.map((value, at) => (at % shape.tokens === 4 ? 0.1 : value));
  const { values } = influences(still, shape, { measure: "correlation", rows: { start: 4, end: 5 } });
  assert.ok(Array.from(values.data).every(Number.isNaN));
  // Means of equal values are not always that value: what is left must not pass for movement.
  const many = { draws: 101, chains: 3, tokens: 60 };
  const constants = Float64Array.from({ length: 101 * 3 * 60 }, (_, at) => 0.1 + 0.37 * (at % 60));
  const none = influences(constants, many, { measure: "correlation" }).values.data;
  assert.ok(none.every(Number.isNaN));
  const covariance = influences(still, shape, { rows: { start: 4, end: 5 } }).values.data;
  assert.ok(Array.from(covariance).every((value) => value === 0));
  const one = { draws: draws * chains, chains: 1, tokens: shape.tokens };
  refusedAtOnce(() => influences(traces, one, { error: true }), /an error over 1 chain/, /num_chains/);
  refusedAtOnce(() => influences(traces, shape, { rows: { start: 3, end: 13 } }), /rows 3 to 13 of 12/);
  for (const [start, end] of [
    [0.5, 2],
    [0, 1.5],
    [-1, 2],
    [5, 4],
  ])
    refusedAtOnce(
      () => influences(traces, shape, { rows: { start, end } }),
      new RegExp(`rows ${start} to ${end} of 12`),
    );
  refusedAtOnce(() => influences(traces, shape, { columns: { start: 3, end: 3 } }), /columns 3 to 3 of 12/);
  refusedAtOnce(
    () => influences(traces, shape, { unit: "sequence", positions, columns: { start: 0, end: sequences + 1 } }),
    new RegExp(`columns 0 to ${sequences + 1} of ${sequences}`),
  );
  refusedAtOnce(() => influences(traces, shape, { unit: "sequence", positions: 5 }), /5 positions do not fill 12/);
  refusedAtOnce(() => influences(traces, shape, { unit: "sequence" }), /positions of a sequence/);
  refusedAtOnce(() => influences(traces.slice(1), shape), /values for 9 draws/);
});

test.run();
