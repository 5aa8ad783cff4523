/** What is said of a comparison: the numbers it holds, and no more than they tell. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { saidOf } from "./prior-words";
import type { AlikeInfo, IntervalOf, PriorComparison } from "./report-data";

const test = suite("runtime/measure/prior-words");

const interval = (value: number, off: number): IntervalOf => ({
  value,
  error: off / 2,
  low: value - off,
  high: value + off,
});
const unknown: IntervalOf = { value: 0, error: null, low: null, high: null };
const BASE = { features: "chi", against: "its prior", chains: 8, parts: 8, draws: [20, 20] as const };

function said(own: Partial<Omit<PriorComparison, "said">>): string[] {
  return saidOf({ ...BASE, scores: [], ...own });
}
const score = (measure: string, difference: IntervalOf) => ({
  measure,
  means: [0.5, 0.4] as [number, number],
  difference,
});

test("scores: which is higher by how much, in thousandths, with its interval; the rest cannot tell", () => {
  assert.equal(said({ scores: [score("F1", interval(0.12345, 0.02)), score("kNN", interval(-0.01, 0.02))] }), [
    "chi and its prior differ by known roles (8 chains x 20 draws, chains scored one by one, 95 % intervals): " +
      "F1 of chi is higher by 0.123 (+0.103 to +0.143); kNN cannot tell them apart (-0.010, -0.030 to +0.010)",
  ]);
  assert.match(
    said({ scores: [score("F1", interval(-0.2, 0.1))] })[0],
    "F1 of chi is lower by 0.200 (-0.300 to -0.100)",
  );
  assert.equal(said({ parts: 4, draws: [20, 30], scores: [score("F1", interval(0.1, 0.2)), score("kNN", unknown)] }), [
    "chi and its prior cannot be told apart by known roles at these settings (8 chains x 20 draws against 30, chains " +
      "scored in 4 parts, 95 % intervals): F1 differs by +0.100, -0.100 to +0.300",
  ]);
  assert.equal(said({ scores: [score("F1", unknown)] }), []);
});

test("clusters differ where less agrees than by noise, with all of the interval", () => {
  const clusters = (excess: IntervalOf): AlikeInfo => ({ within: [0.9, 0.8], between: 0.4, excess });
  const found = "ARI 0.400 between chains of the two, 0.900 and 0.800 among those of each";
  const words = (excess: IntervalOf) => said({ clusters: clusters(excess) });
  assert.equal(words(interval(-0.45, 0.1)), [
    `Clusters of chi and its prior differ by more than their noise: ${found} (difference -0.450, -0.550 to -0.350)`,
  ]);
  assert.equal(words(interval(-0.05, 0.1)), [
    `Clusters of chi and its prior cannot be told apart: ${found} (difference -0.050, -0.150 to +0.050)`,
  ]);
  assert.equal(words(unknown), [`Clusters of chi and its prior: ${found}; what they differ by cannot be told`]);
});

test("columns: how many of how many, all together, and what is left of their correlation", () => {
  const column = {
    name: "l0h1",
    apart: false,
    correlation: 1,
    within: [1, 1] as [number, number],
    between: 1,
    excess: unknown,
  };
  const columns = { apart: 1, correlation: 0.98765, together: interval(-0.3, 0.1), each: [column, column, column] };
  assert.equal(said({ columns }), [
    "Columns of chi and its prior differ by more than their noise, all together by -0.300, -0.400 to -0.200: 1 of 3 " +
      "columns can be told apart (5 % for all of them); correlation freed of noise 0.988 (median)",
  ]);
  assert.equal(said({ columns: { ...columns, together: interval(0, 0.1) } }), [
    "Columns of chi and its prior, taken together, cannot be told apart (all together by +0.000, -0.100 to +0.100): 1 of 3 " +
      "columns can be told apart (5 % for all of them); correlation freed of noise 0.988 (median)",
  ]);
  assert.equal(said({ columns: { ...columns, together: unknown, correlation: null } }), [
    "Columns of chi and its prior: 1 of 3 columns can be told apart (5 % for all of them); " +
      "no column is measured well enough to compare",
  ]);
});

test.run();
