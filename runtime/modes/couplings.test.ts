import * as assert from "uvu/assert";
import {
  goldenColumns,
  goldenLaw,
  goldenWeights,
  K,
  largestDifference,
  modesGolden,
  N,
  V,
} from "../../harness/test/modes-golden";
import { seededRandom } from "../../harness/test/random";
import { refusedAtOnce } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { normalize } from "../cluster/normalize";
import { completeBasis, randomBasis } from "./basis";
import { CouplingMaker, couplings, expand, expansionRows, pairValues } from "./couplings";
import { innerProduct } from "./inner-products";
import { clusterLoads, extremesOf, modeCoordinates } from "./loads";
import { modesOf } from "./modes";
import type { PairChi } from "./pair-chi";

const test = suite("runtime/modes/couplings");
const golden = modesGolden();
const random = seededRandom(8);
const everyPair = {
  contexts: Array.from({ length: N * V }, (_, i) => Math.floor(i / V)),
  tokens: Array.from({ length: N * V }, (_, i) => i % V),
};
const modes = (count: number) => modesOf(goldenLaw(), { weights: goldenWeights, count });

test("couplings and their jackknife errors are NumPy's, from whole tables", async () => {
  const basis = await modes(K);
  for (const [c, column] of goldenColumns().entries()) {
    const { name, values, errors } = couplings(column, basis);
    assert.is(name, `c${c}`);
    assert.ok(largestDifference(values, golden.couplings[c]) < 1e-13);
    assert.ok(largestDifference(errors, golden.errors[c]) < 1e-13);
  }
  const [{ name, all }] = goldenColumns();
  const alone = couplings({ name, all, without: [] }, basis);
  assert.ok(alone.errors.every(Number.isNaN));
});

test("the expansion over complete bases sums back to chi, whatever the bases", async (t) => {
  const law = completeBasis(await modes(K));
  const any = randomBasis(law.q, law.q0, N, 4);
  let worst = 0;
  for (const basis of [law, any]) {
    const maker = new CouplingMaker(basis);
    for (const { all } of goldenColumns()) {
      const chi = pairValues(all, everyPair);
      worst = Math.max(worst, largestDifference(expand(maker.of(all), basis, everyPair), chi));
      // Parseval.
      const norm = maker.of(all).reduce((sum, x) => sum + x * x, 0);
      assert.ok(Math.abs(norm / innerProduct(all, all, basis) - 1) < 1e-12);
    }
  }
  t.note(`largest difference ${worst.toExponential(1)}`);
  assert.ok(worst < 1e-12);
  const cut = expansionRows([new CouplingMaker(law).ofColumn(goldenColumns()[0])], law, everyPair, 2);
  assert.ok(largestDifference(cut.data, pairValues(goldenColumns()[0].all, everyPair)) > 0.01);
});

test("chi of losses less the law's mean loss has mean 0 under the law, and couples by s_a so", async () => {
  // -Cov(phi, l - L) from draws of logits that are hidden(x) · unembedding(y), hidden states moving with phi; L the law's mean.
  const law = await goldenLaw().rows(0, N);
  const rank = 3;
  const right = Float64Array.from({ length: V * rank }, () => random.normal());
  const left = Float64Array.from({ length: N * rank }, () => random.normal());
  const offset = Float64Array.from({ length: N }, () => random.normal());
  const chi: PairChi = { contexts: N, tokens: V, rank, offset, left, right };
  const lawMean = (of: PairChi) => {
    const values = pairValues(of, everyPair);
    return values.reduce((sum, value, i) => sum + goldenWeights[everyPair.contexts[i]] * law[i] * value, 0);
  };
  const mean = lawMean(chi);
  const contrast = { ...chi, offset: offset.map((x) => x - mean) };
  assert.ok(Math.abs(mean) > 0.01);
  // sum q(x) q(y|x) chi_xy = sum_a s_a chi_aa, for q(y|x) = q0(y) sum_a s_a v_a(x) u_a(y).
  const all = await modes(V);
  const sumOf = (of: PairChi) => {
    const values = new CouplingMaker(all).of(of);
    return all.values.reduce((sum, s, a) => sum + s * values[a * V + a], 0);
  };
  assert.ok(Math.abs(lawMean(contrast)) < 1e-14 && Math.abs(sumOf(contrast)) < 1e-14);
  assert.ok(Math.abs(sumOf(chi) - mean) < 1e-14);
});

test("what is added to all components of a row alike, row standardization removes", async () => {
  const basis = await modes(V);
  const pairs = { contexts: everyPair.contexts.slice(0, 60), tokens: everyPair.tokens.slice(0, 60) };
  const told = Array.from({ length: 5 }, (_, c) => ({
    name: `${c}`,
    values: Float64Array.from({ length: V * V }, () => random.normal()),
    errors: new Float64Array(V * V),
  }));
  const shared = Float64Array.from({ length: V * V }, () => random.normal());
  const moved = told.map((one) => ({ ...one, values: one.values.map((x, i) => x + shared[i]) }));
  const points = (rows: "none" | "standardize", of: typeof told) =>
    normalize(expansionRows(of, basis, pairs, V), { columns: "none", rows }).data;
  assert.ok(largestDifference(points("standardize", told), points("standardize", moved)) < 1e-12);
  assert.ok(largestDifference(points("none", told), points("none", moved)) > 0.1);
});

test("a cluster's loads are means of the modes' functions, the strongest first; coordinates and ends are theirs", async () => {
  const { count, v, u, values, ...rest } = await modes(4);
  const basis = { count, v, u, values, ...rest };
  const pairs = { contexts: [0, 3, 6, 9, 4], tokens: [1, 2, 1, 5, 7] };
  const members = [0, 2, 3];
  const loads = clusterLoads(basis, pairs, members);
  assert.is(loads.length, 2 * 3);
  for (const { mode, side, mean, z } of loads) {
    const sum = members.reduce(
      (sum, i) => sum + (side === "context" ? v[pairs.contexts[i] * 4 + mode] : u[pairs.tokens[i] * 4 + mode]),
      0,
    );
    assert.ok(Math.abs(mean - sum / 3) < 1e-15 && Math.abs(z - mean * Math.sqrt(3)) < 1e-15);
  }
  for (let i = 1; i < loads.length; i++) assert.ok(Math.abs(loads[i - 1].z) >= Math.abs(loads[i].z));
  const rows = modeCoordinates(basis, pairs, 3);
  assert.equal([rows.rows, rows.cols], [5, 4]);
  assert.equal(Array.from(rows.data.subarray(4, 8)), [
    ...[values[1] * v[3 * 4 + 1], values[2] * v[3 * 4 + 2]],
    ...[values[1] * u[2 * 4 + 1], values[2] * u[2 * 4 + 2]],
  ]);
  const { contexts, tokens } = extremesOf(basis, 2, 3);
  const all = Array.from({ length: N }, (_, x) => v[x * 4 + 2]);
  assert.is(contexts.positive[0].value, Math.max(...all));
  assert.is(contexts.negative[0].value, Math.min(...all));
  assert.is(all[contexts.negative[0].index], contexts.negative[0].value);
  assert.ok(tokens.positive.length === 3 && tokens.positive[0].value > tokens.positive[2].value);
  // The sign rule: the largest |u| is positive.
  assert.ok(tokens.positive[0].value >= -tokens.negative[0].value);
  refusedAtOnce(() => modeCoordinates(basis, pairs, 9), /first 9 of 4 modes/);
  refusedAtOnce(() => extremesOf(basis, 4, 3), /mode 4 of 4/);
});

test("chi of another probe, and pairs outside it, are refused", async () => {
  const basis = await modes(3);
  const [{ all }] = goldenColumns();
  const maker = new CouplingMaker(basis);
  refusedAtOnce(() => maker.of({ ...all, contexts: 3 }), /chi of 3 contexts and 12 tokens, modes of 30 and 12/);
  refusedAtOnce(() => maker.of({ ...all, rank: 3 }), /rank 3 has 30, 120 and 48 values/);
  refusedAtOnce(() => pairValues(all, { contexts: [0, 30], tokens: [0, 0] }), /pair 1 is \(30, 0\)/);
  refusedAtOnce(() => expand([1], basis, everyPair), /1 couplings for 3 × 3/);
});

test.run();
