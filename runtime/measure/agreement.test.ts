/** How alike two runs are: by the columns that both have, whatever their order, and by clusters. */
import * as assert from "uvu/assert";
import { seededRandom } from "../../harness/test/random";
import { suite } from "../../harness/test/suite";
import { pearson, spearman } from "../susceptibility/agreement";
import { agreementOf, type Findings } from "./agreement";

const test = suite("runtime/measure/agreement");
const TOKENS = 30;
const random = seededRandom(8);
const column = () => Array.from({ length: TOKENS }, () => random.normal());

function findings(columns: Record<string, readonly number[]>, labels: readonly number[]): Findings {
  const components = Object.keys(columns);
  const data = Float32Array.from({ length: TOKENS * components.length }, (_, at) => {
    return columns[components[at % components.length]][Math.floor(at / components.length)];
  });
  const error = new Float32Array(data.length);
  const byChain = new Float32Array(0);
  const correlation = { values: data, error, byChain };
  return { chi: { tokens: TOKENS, components, chi: data, error, byChain, correlation }, labels };
}

const base = { a: column(), b: column(), c: column() };
const noisy = (values: readonly number[]) => values.map((value) => value + 0.3 * random.normal());
const labels = Array.from({ length: TOKENS }, (_, i) => (i % 5 === 0 ? -1 : i % 3));

test("a run agrees with itself wholly", () => {
  const one = findings(base, labels);
  const found = agreementOf(one, one);
  assert.equal(
    found.columns.map(({ name }) => name),
    ["a", "b", "c"],
  );
  for (const { pearson: r, spearman: rank } of found.columns) assert.ok(r > 1 - 1e-12 && rank > 1 - 1e-12);
  assert.ok(found.medianSpearman > 1 - 1e-12 && found.lowestSpearman > 1 - 1e-12);
  assert.ok(Math.abs(found.ari - 1) < 1e-12 && Math.abs(found.nmi - 1) < 1e-12);
});

test("columns are found by name, in another order and among others", () => {
  const other = { d: column(), c: noisy(base.c), a: noisy(base.a), e: column() };
  const found = agreementOf(findings(base, labels), findings(other, labels));
  assert.equal(
    found.columns.map(({ name }) => name),
    ["a", "c"],
  );
  for (const { name, ...got } of found.columns) {
    const [x, y] = [base[name as "a"], other[name as "a"]].map((values) => Float32Array.from(values));
    assert.ok(Math.abs(got.pearson - pearson(x, y)) < 1e-12, name);
    assert.ok(Math.abs(got.spearman - spearman(x, y)) < 1e-12, name);
    assert.ok(got.spearman > 0.7, "the right columns are beside each other");
  }
  const ranks = found.columns.map((one) => one.spearman);
  assert.ok(Math.abs(found.medianSpearman - (ranks[0] + ranks[1]) / 2) < 1e-12, "of two the middle is between them");
  assert.is(found.lowestSpearman, Math.min(...ranks));
  assert.equal(agreementOf(findings({ a: base.a }, labels), findings({ d: other.d }, labels)).columns, []);
});

test("a column that does not vary has no correlation, and the rest is told all the same", () => {
  const flat = Array.from({ length: TOKENS }, () => 0.5);
  const found = agreementOf(findings(base, labels), findings({ ...base, b: flat }, labels));
  assert.ok(Number.isNaN(found.columns[1].spearman));
  assert.ok(found.medianSpearman > 1 - 1e-12 && found.lowestSpearman > 1 - 1e-12);
});

test("clusters agree whatever their numbers, and tokens in none are no cluster", () => {
  const renamed = labels.map((label) => (label < 0 ? -1 : 7 - label));
  const same = agreementOf(findings(base, labels), findings(base, renamed));
  assert.ok(Math.abs(same.ari - 1) < 1e-12);
  const none = labels.map(() => -1);
  assert.ok(Math.abs(agreementOf(findings(base, labels), findings(base, none)).ari) < 1e-12);
  assert.ok(Number.isNaN(agreementOf(findings(base, none), findings(base, none)).ari), "no clusters agree on nothing");
  const turned = labels.map((_, i) => i % 4);
  const other = agreementOf(findings(base, labels), findings(base, turned));
  assert.ok(other.ari < 0.2, `${other.ari}`);
});

test.run();
