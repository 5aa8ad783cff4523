import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { pointAdvice } from "./advice";
import { DEFAULT_CLUSTER_CONFIG } from "./config";
import { gaussianMatrix } from "./controls";
import { normalize, type RowRule } from "./normalize";

const test = suite("runtime/cluster/advice");

/** Advice on 20 rows of as many columns as there are weights; -1 for a column of one value. */
function adviceOf(weights: readonly number[], rows: RowRule): string[] {
  const matrix = gaussianMatrix(20, weights.length, 1);
  const data = Float64Array.from(matrix.data, (x, at) => (weights[at % weights.length] < 0 ? 1 : x));
  const given = { ...matrix, data };
  const points = normalize(given, { columns: "zscore", rows, weights: weights.map((w) => Math.max(w, 0)) });
  return pointAdvice(given, points, { ...DEFAULT_CLUSTER_CONFIG, rows });
}

const CHAINS = /raise sampler\.num_draws or sampler\.num_chains, or set column_weights=none/;

test("no column with weight: the chains do not agree, and rows are not to blame", () => {
  for (const rows of ["none", "center", "standardize"] as const)
    for (const weights of [[0], [0, 0, 0], [0, -1, 0]]) {
      const line = adviceOf(weights, rows).at(-1) ?? "";
      assert.match(
        line,
        /^nothing was clustered: none of the [123] columns that vary has weight, for the chains do not agree/,
      );
      assert.match(line, CHAINS);
      assert.not.match(line, /measure more columns|rows=none/);
    }
});

test("few columns with weight beside others without: more agreement comes before more columns", () => {
  const none = adviceOf([1, 0, 0], "standardize").at(-1) ?? "";
  assert.match(none, /^nothing was clustered: standardized rows of 1 columns with weight/);
  assert.match(none, CHAINS);
  assert.match(none, /or rows=none$/);
  const [few] = adviceOf([1, 1, 0], "none");
  assert.match(few, /have 2 dimensions/);
  assert.match(few, CHAINS);
  assert.not.match(few, /rows=none/);
});

test("where all have weight, or none varies, chains are not spoken of", () => {
  assert.match(adviceOf([1, 1], "standardize")[0], /nothing was clustered.*set rows=none, or measure more columns/);
  assert.match(adviceOf([1, 1], "none")[0], /2 dimensions.*; measure more columns/);
  const constant = adviceOf([-1, -1], "none");
  assert.match(constant[0], /columns of one value are left out: 2 of 2/);
  assert.match(constant[1], /nothing was clustered: rows of 0 columns.*measure more columns/);
  for (const line of constant) assert.not.match(line, /chains/);
  assert.equal(adviceOf([1, 1, 1, 1, 1, 0], "none"), []);
});

test.run();
