/** What chains say of what is clustered: numbers that can be reckoned by hand. */
import * as assert from "uvu/assert";
import { settledConfig } from "../../harness/cli/run-config";
import { suite } from "../../harness/test/suite";
import { type ChiTable, emptyTable } from "../susceptibility/chi-table";
import { clusterProfiles, evidenceOf, meanOf } from "./chi-clusters";

const test = suite("runtime/measure/chi-clusters");

const plain = settledConfig({}, "test", ["cluster.columns=none", "cluster.column_weights=none"]);
const components = ["l0h0", "l0h1"];

/** chi of three tokens and two components, as each chain has it. */
function tableOf(...chains: number[][]): ChiTable {
  const table = emptyTable(3, components, chains.length);
  for (const [m, own] of chains.entries()) {
    table.byChain.set(own, m * 6);
    table.correlation.byChain.set(
      own.map((x) => -x),
      m * 6,
    );
    for (const [i, x] of own.entries()) {
      table.chi[i] += x / chains.length;
      table.correlation.values[i] -= x / chains.length;
    }
  }
  return table;
}
/** Means of tokens 0 and 2 are 1, 2 and 6 of the first column, and 5 of the second. */
const chains = [
  [0, 5, 90, 90, 2, 5],
  [2, 4, 90, 90, 2, 6],
  [12, 0, 90, 90, 0, 10],
];

test("a profile is the members' mean, its error the chains' standard deviation over the root of their number", () => {
  const clusters = [{ members: [0, 2] }, { members: [1] }];
  const [{ profile, error }, other] = clusterProfiles(clusters, tableOf(...chains), plain);
  assert.ok(Math.abs(profile[0] - 3) < 1e-6 && Math.abs(profile[1] - 5) < 1e-6, `${profile}`);
  // About 3 the chains lie -2, -1 and 3: 14 / 2 is their variance.
  assert.ok(Math.abs(error[0] - Math.sqrt(7 / 3)) < 1e-9, `${error}`);
  assert.ok(error[1] < 1e-12);
  assert.equal(other, { profile: [90, 90], error: [0, 0] });
  assert.equal(clusterProfiles([{ members: [0, 2] }], tableOf(chains[2]), plain), [{ profile: [6, 5], error: [0, 0] }]);
});

test("the mean of matrices is that of every entry", () => {
  const matrices = chains.map((data) => ({ rows: 3, cols: 2, data: Float64Array.from(data) }));
  const { rows, cols, data } = meanOf([matrices[0], matrices[1]]);
  assert.equal({ rows, cols, data: Array.from(data) }, { rows: 3, cols: 2, data: [1, 4.5, 90, 90, 2, 5.5] });
});

test("chi is clustered as it is, or as correlations; halves are the even and the odd chains", () => {
  const own = evidenceOf(tableOf(...chains), plain);
  assert.is(own.columns, "none");
  assert.equal(
    own.chains.map(({ data }) => Array.from(data)),
    chains,
  );
  const [even, odd] = own.halves!.map(({ data }) => Array.from(data));
  assert.equal(even, [6, 2.5, 90, 90, 1, 7.5]);
  assert.equal(odd, chains[1]);
  assert.is(own.weights, undefined);
  const alone = evidenceOf(tableOf(chains[0]), settledConfig({}, "test", []));
  assert.equal([alone.halves, alone.weights], [undefined, undefined]);
  assert.is(alone.columns, "zscore");
  assert.equal(
    Array.from(alone.matrix.data),
    chains[0].map((x) => 0 - x),
  );
  const weighed = evidenceOf(tableOf(chains[0], chains[0]), settledConfig({}, "test", []));
  assert.is(weighed.weights?.length, 2);
});

test.run();
