import * as assert from "uvu/assert";
import { firingsFrom } from "../../harness/test/firing-lists";
import { seededRandom } from "../../harness/test/random";
import { suite } from "../../harness/test/suite";
import { bestPairs, firingsOf, highestF1, overlapOf, setsOf } from "./match-overlap";

const test = suite("runtime/sae/match-overlap");

// scikit-learn 1.9.1 of indicators: feature, cluster, then precision_score, recall_score, f1_score, jaccard_score, matthews_corrcoef.
const LABELS = [2, 3, -1, -1, 1, 1, 2, 0, -1, 0, 1, 0, 3, 1, 2, 2, -1, 2, -1, -1, 1, 0, 0, 2];
const FEATURES = [
  [0, 3, 6, 8, 9, 11, 21, 22],
  [4, 5, 6, 8, 13, 22],
  [6, 14, 15, 17, 19, 22, 23],
  [11, 12, 17, 23],
  [3, 6, 7, 9, 11, 18, 19, 21, 22, 23],
  [0, 4, 5, 9, 10, 13],
];
const SCIKIT = [
  [0, 0, 0.5, 0.8, 0.6153846153846154, 0.4444444444444444, 0.5078333750770082],
  [0, 1, 0, 0, 0, 0, -0.36273812505500586],
  [0, 2, 0.25, 0.3333333333333333, 0.2857142857142857, 0.16666666666666666, 0],
  [1, 0, 0.16666666666666666, 0.2, 0.18181818181818182, 0.1, -0.05923488777590923],
  [1, 1, 0.5, 0.6, 0.5454545454545454, 0.375, 0.4146442144313646],
  [2, 2, 0.7142857142857143, 0.8333333333333334, 0.7692307692307693, 0.625, 0.6880329612324521],
  [3, 0, 0.25, 0.2, 0.2222222222222222, 0.125, 0.04588314677411235],
  [3, 2, 0.5, 0.3333333333333333, 0.4, 0.25, 0.25819888974716115],
  [3, 3, 0.25, 0.5, 0.3333333333333333, 0.2, 0.26967994498529685],
  [4, 0, 0.5, 1, 0.6666666666666666, 0.5, 0.606976978666884],
  [4, 3, 0, 0, 0, 0, -0.2548235957188128],
  [5, 1, 0.6666666666666666, 0.8, 0.7272727272727273, 0.5714285714285714, 0.6515837655350015],
];

/** Of two sets by what each token is in. */
function confusion(a: ReadonlySet<number>, s: ReadonlySet<number>, tokens: number) {
  const cells = [0, 0, 0, 0];
  for (let t = 0; t < tokens; t++) cells[(a.has(t) ? 1 : 0) + (s.has(t) ? 2 : 0)]++;
  const [tn, fp, fn, tp] = cells;
  const root = Math.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn));
  return {
    f1: (2 * tp) / (2 * tp + fp + fn),
    jaccard: tp / (tp + fp + fn),
    matthews: root > 0 ? (tp * tn - fp * fn) / root : 0,
    tp,
  };
}

test("scores of pairs are scikit-learn's", () => {
  const size = (cluster: number) => LABELS.filter((label) => label === cluster).length;
  for (const [f, c, ...expected] of SCIKIT) {
    const shared = FEATURES[f].filter((t) => LABELS[t] === c).length;
    const found = overlapOf(shared, FEATURES[f].length, size(c), LABELS.length);
    const values = [found.precision, found.recall, found.f1, found.jaccard, found.matthews];
    for (const [i, value] of values.entries())
      assert.ok(Math.abs(value - expected[i]) < 1e-15, `feature ${f}, cluster ${c}, score ${i}: ${value}`);
  }
  // scikit-learn: 0 where one side is constant; F1 of cluster 1 and all tokens.
  assert.is(overlapOf(5, 24, 5, 24).matthews, 0);
  assert.is(overlapOf(5, 5, 24, 24).matthews, 0);
  assert.is(overlapOf(5, 24, 5, 24).f1, 0.3448275862068966);
  assert.equal(overlapOf(0, 0, 5, 24), { shared: 0, precision: 0, recall: 0, f1: 0, jaccard: 0, matthews: 0 });
});

test("best pairs of both directions are those of brute force over all pairs, ties to the lower number", (t) => {
  const random = seededRandom(170);
  let ties = 0;
  let others = 0;
  for (let round = 0; round < 60; round++) {
    const tokens = 10 + random.integer(50);
    const labels = Int32Array.from({ length: tokens }, () => random.integer(7) - 1);
    const lists = Array.from({ length: 25 }, () => {
      const share = random.uniform() ** 3;
      return Array.from({ length: tokens }, (_, i) => i).filter(() => random.uniform() < share);
    });
    const firings = firingsFrom(tokens, lists);
    const sets = setsOf(labels);
    const { bySet, byFeature, byMatthews } = bestPairs(firings, sets);
    const members = sets.labels.map((label) => new Set([...labels.keys()].filter((i) => labels[i] === label)));
    const pairs = members.map((s) => lists.map((list) => confusion(new Set(list), s, tokens)));
    const highest = { bySet: new Float64Array(members.length), byFeature: new Float64Array(lists.length) };
    highestF1(firings, sets, highest.bySet, highest.byFeature);
    assert.equal(highest.bySet, bySet.f1);
    assert.equal(highest.byFeature, byFeature.f1);
    for (const [s, row] of pairs.entries()) {
      const top = Math.max(...row.map(({ f1 }) => f1 || 0));
      const first = top > 0 ? row.findIndex(({ f1 }) => f1 === top) : -1;
      if (row.filter(({ f1 }) => f1 === top).length > 1) ties++;
      assert.is(bySet.partner[s], first);
      assert.is(bySet.f1[s], top);
      assert.is(bySet.shared[s], first < 0 ? 0 : row[first].tp);
      // The same feature is first by Jaccard's index.
      const jaccard = Math.max(...row.map((pair) => pair.jaccard || 0));
      if (top > 0)
        assert.is(
          row.findIndex((pair) => pair.jaccard === jaccard),
          first,
        );
      const matthews = Math.max(...row.map((pair) => pair.matthews));
      const found = byMatthews.partner[s];
      if (matthews > 1e-12) assert.ok(Math.abs(row[found].matthews - matthews) < 1e-12);
      else assert.is(found, -1);
      if (found >= 0 && found !== first) others++;
    }
    for (const f of lists.keys()) {
      const column = pairs.map((row) => row[f].f1 || 0);
      const top = Math.max(...column);
      assert.is(byFeature.f1[f], top);
      assert.is(byFeature.partner[f], top > 0 ? column.indexOf(top) : -1);
    }
  }
  t.note(`${ties} ties, ${others} sets with another feature by Matthews' coefficient`);
  assert.ok(ties > 10 && others > 10);
});

test("numbers become sets by ascending number, and negative ones none", () => {
  const { firings, values } = firingsOf([7, -1, 3, 7, 3, 9]);
  assert.equal(values, [3, 7, 9]);
  assert.equal(firings, firingsFrom(6, [[2, 4], [0, 3], [5]]));
  const sets = setsOf([7, -1, 3, 7, 3, -2]);
  assert.equal(sets.labels, [3, 7]);
  assert.equal(sets.of, Int32Array.of(1, -1, 0, 1, 0, -1));
  assert.equal(sets.sizes, Int32Array.of(2, 2));
});

test.run();
