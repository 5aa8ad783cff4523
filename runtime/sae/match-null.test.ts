import * as assert from "uvu/assert";
import { firingsFrom, tokensWhere } from "../../harness/test/firing-lists";
import { seededRandom } from "../../harness/test/random";
import { suite, type TestContext } from "../../harness/test/suite";
import { nullMaxima, nullPercentile } from "./match-null";
import { bestPairs, setsOf } from "./match-overlap";
import { movementOf, permuteLabels, type Strata, strataOf } from "./match-strata";

const test = suite("runtime/sae/match-null");

const TOKENS = 480;
const IDS = 8;
const positions = Int32Array.from({ length: TOKENS }, (_, t) => t % 16);
type Random = ReturnType<typeof seededRandom>;

/** Features of ids, of positions, of both, and of nothing. Those of ids fire on a share of their tokens. */
function features(ids: Int32Array, random: Random, share = 1) {
  const noisy = (rule: (t: number) => boolean, noise: number, some = 1) =>
    tokensWhere(TOKENS, (t) => (rule(t) && random.uniform() < some) !== random.uniform() < noise);
  return firingsFrom(TOKENS, [
    ...Array.from({ length: IDS }, (_, id) => noisy((t) => ids[t] === id, 0.02, share)),
    ...Array.from({ length: 8 }, (_, p) => noisy((t) => positions[t] >> 1 === p, 0.02)),
    ...Array.from({ length: 8 }, (_, k) => noisy((t) => ids[t] === k && positions[t] < 8, 0.01)),
    ...Array.from({ length: 16 }, () => noisy(() => false, 0.02 + 0.2 * random.uniform())),
  ]);
}

/** Clusters that owe all to ids: a label drawn by the id alone, and random halves of the tokens of given ids. */
function clustersOf(ids: Int32Array, random: Random): Int32Array {
  return ids.map((id) => {
    if (id % 2 === 0) return random.uniform() < 0.7 ? id >> 1 : random.integer(5) - 1;
    return random.uniform() < 0.5 ? 4 + (id >> 1) : -1;
  });
}

const PERMUTATIONS = 99;
/**
 * How many sets are above the 95th percentile of their null, and of how many; and how many are expected to be when ties are broken
 * by lot, which is 5 % of them exactly if measured and permuted labels are exchangeable.
 */
function above(firings: ReturnType<typeof features>, labels: Int32Array, strata: Strata, seed: number) {
  const sets = setsOf(labels);
  const { bySet, byFeature } = bestPairs(firings, sets);
  const measured = { bySet: bySet.f1, byFeature: byFeature.f1 };
  const options = { permutations: PERMUTATIONS, seed, cuts: [0.5], counted: () => true };
  const { maxima, p, featureP } = nullMaxima(firings, sets, strata, measured, options);
  let count = 0;
  let byLot = 0;
  for (let s = 0; s < sets.sizes.length; s++) {
    const own = maxima.subarray(s * PERMUTATIONS, (s + 1) * PERMUTATIONS);
    const surpassed = bySet.f1[s] > nullPercentile(own, 95);
    assert.is(surpassed, p[s] <= 0.05);
    if (surpassed) count++;
    const higher = own.filter((value) => value > bySet.f1[s]).length;
    const tied = own.filter((value) => value === bySet.f1[s]).length;
    byLot += Math.min(1, Math.max(0, (0.05 * (PERMUTATIONS + 1) - higher) / (tied + 1)));
  }
  const some = featureP.filter((value) => value <= 0.05).length / featureP.length;
  return { count, byLot, of: sets.sizes.length, features: some };
}

/** 200 repeats of clusters that owe all to ids; the last 10 with ids left out of the strata as well. */
function repeats(t: TestContext, seed: number, share: number) {
  const random = seededRandom(seed);
  let [sets, found, lots, naive, ofFeatures] = [0, 0, 0, 0, 0];
  for (let repeat = 0; repeat < 200; repeat++) {
    const ids = Int32Array.from({ length: TOKENS }, () => Math.floor(IDS * random.uniform() ** 1.5));
    const firings = features(ids, random, share);
    const labels = clustersOf(ids, random);
    const { count, byLot, of, features: some } = above(firings, labels, strataOf([ids], positions, 8), repeat);
    found += count;
    lots += byLot;
    sets += of;
    ofFeatures += some / 200;
    if (repeat >= 190) naive += above(firings, labels, strataOf([new Int32Array(TOKENS)], positions, 8), repeat).count;
  }
  const line = `${found} of ${sets} clusters above: ${((100 * found) / sets).toFixed(2)} %, ties by lot ${((100 * lots) / sets).toFixed(2)} %`;
  t.note(`${line}; features ${(100 * ofFeatures).toFixed(2)} %; without ids in the strata ${(100 * naive) / 80} %`);
  const sigma = Math.sqrt((0.05 * 0.95) / sets);
  assert.ok(found / sets <= 0.05 + 3 * sigma, line);
  assert.ok(Math.abs(lots / sets - 0.05) <= 3 * sigma, line);
  assert.ok(ofFeatures <= 0.05 + 3 * Math.sqrt((0.05 * 0.95) / (200 * 40)), `${ofFeatures}`);
  assert.ok(naive > 72, `${naive}`);
}

test("clusters that owe all to ids are above the 95th percentile in at most 5 % of cases: 200 repeats", (t) => {
  repeats(t, 171, 1);
});

test("so they are where features fire on 4 of 10 tokens of their id, and the highest F1 has fewer ties", (t) => {
  repeats(t, 174, 0.4);
});

test("clusters that owe all to positions are held by strata of single positions, not by merged ones", (t) => {
  const random = seededRandom(172);
  let [sets, found, merged] = [0, 0, 0];
  for (let repeat = 0; repeat < 100; repeat++) {
    const ids = Int32Array.from({ length: TOKENS }, () => random.integer(2));
    const firings = features(ids, random);
    const labels = positions.map((position) => (random.uniform() < 0.7 ? position >> 2 : -1));
    const strata = strataOf([ids], positions, 4);
    assert.ok(strata.onePosition > 0.99 * TOKENS);
    const { count, of } = above(firings, labels, strata, repeat);
    found += count;
    sets += of;
    if (repeat < 10) merged += above(firings, labels, strataOf([ids], positions, TOKENS), repeat).count;
  }
  t.note(`${found} of ${sets} above, of 40 with positions merged ${merged}`);
  assert.ok(found / sets <= 0.05 + 3 * Math.sqrt((0.05 * 0.95) / sets));
  assert.is(merged, 40);
});

test("what the null does not hold: labels and features that both follow texts, or runs of neighbors, pass it", (t) => {
  const random = seededRandom(175);
  const some = (count: number) => Array.from({ length: count }, () => random.uniform() < 0.3);
  /** A rule that owes nothing to ids nor to other rules: by whole texts of 16 tokens, by runs of 5 in the mean, by tokens. */
  const rules: Readonly<Record<string, () => (t: number) => boolean>> = {
    texts() {
      const on = some(TOKENS / 16);
      return (t) => on[t >> 4];
    },
    runs() {
      const on = some(TOKENS);
      const begin = on.map((_, t) => t === 0 || random.uniform() < 0.2);
      for (let t = 1; t < TOKENS; t++) if (!begin[t]) on[t] = on[t - 1];
      return (t) => on[t];
    },
    tokens() {
      const on = some(TOKENS);
      return (t) => on[t];
    },
  };
  const shares: Record<string, number> = {};
  for (const [name, rule] of Object.entries(rules)) {
    let [sets, found] = [0, 0];
    for (let repeat = 0; repeat < 40; repeat++) {
      const ids = Int32Array.from({ length: TOKENS }, () => random.integer(IDS));
      const firings = firingsFrom(
        TOKENS,
        Array.from({ length: 40 }, () => tokensWhere(TOKENS, rule())),
      );
      const [a, b] = [rule(), rule()];
      const labels = Int32Array.from(ids, (_, t) => (a(t) ? 0 : b(t) ? 1 : -1));
      const { count, of } = above(firings, labels, strataOf([ids], positions, 8), repeat);
      found += count;
      sets += of;
    }
    shares[name] = found / sets;
  }
  t.note(
    Object.entries(shares)
      .map(([name, share]) => `${name} ${(100 * share).toFixed(0)} %`)
      .join(", "),
  );
  assert.ok(shares.tokens <= 0.05 + 3 * Math.sqrt((0.05 * 0.95) / 80), `${shares.tokens}`);
  // As nullMaxima says. A null that holds these too would be better, and would change these lines.
  assert.ok(shares.texts > 0.8 && shares.runs > 0.4, JSON.stringify(shares));
});

test("a percentile is surpassed just where p is at most its level", () => {
  const values = Float64Array.from({ length: 200 }, (_, i) => i);
  // 9 of 200 are at least 190.5: p = 10 / 201 < 0.05.
  assert.is(nullPercentile(values, 95), 190);
  assert.is(nullPercentile(values, 99), 198);
  assert.is(nullPercentile(values.subarray(0, 99), 99), 98);
  assert.is(nullPercentile(values.subarray(0, 98), 99), Number.POSITIVE_INFINITY);
});

test("strata: single positions where enough tokens have them, else neighbors merged, and no id mixed with another", () => {
  //            id 5: positions 0 0 0 1 2 2 3 9          id 2: 4 4
  const ids = [5, 2, 5, 5, 5, 5, 5, 5, 5, 2];
  const at = [0, 4, 0, 0, 1, 2, 2, 3, 9, 4];
  const groups = (strata: Strata) =>
    [...strata.starts.subarray(1)].map((end, s) => [...strata.order.subarray(strata.starts[s], end)]);
  const three = strataOf([ids], at, 3);
  assert.equal(groups(three), [
    [1, 9],
    [0, 2, 3],
    [4, 5, 6, 7, 8],
  ]);
  assert.is(three.onePosition, 5);
  const two = strataOf([ids], at, 2);
  assert.equal(groups(two), [
    [1, 9],
    [0, 2, 3],
    [4, 5, 6],
    [7, 8],
  ]);
  const both = strataOf([ids, [0, 0, 1, 0, 0, 0, 0, 0, 0, 0]], at, 2);
  assert.equal(groups(both), [[1, 9], [0, 3], [4, 5, 6], [7, 8], [2]]);
  assert.equal(groups(strataOf([], new Int32Array(0), 2)), []);
});

test("permutations keep every stratum's labels, are uniform, and owe all to seed and number", (t) => {
  const ids = [0, 1, 0, 0, 1, 2];
  const strata = strataOf([ids], new Int32Array(6), 2);
  const labels = Int32Array.of(0, 1, 2, -1, -1, 3);
  const out = new Int32Array(6);
  const counts = new Map<string, number>();
  const times = 6000;
  for (let r = 0; r < times; r++) {
    permuteLabels(strata, labels, 3, r, out);
    assert.equal([out[0], out[2], out[3]].sort(), [-1, 0, 2]);
    assert.equal([out[1], out[4]].sort(), [-1, 1]);
    assert.is(out[5], 3);
    counts.set(out.join(), (counts.get(out.join()) ?? 0) + 1);
  }
  assert.is(counts.size, 12);
  const chi = [...counts.values()].reduce((sum, count) => sum + (count - times / 12) ** 2 / (times / 12), 0);
  t.note(`chi-square of 12 arrangements ${chi.toFixed(1)}`);
  // scipy 1.17.1: stats.chi2.ppf(0.999, 11).
  assert.ok(chi < 31.264, `${chi}`);
  const again = new Int32Array(6);
  permuteLabels(strata, labels, 3, times - 1, again);
  assert.equal(again, out);
});

test("movement is what permutations do", () => {
  const random = seededRandom(173);
  const ids = Int32Array.from({ length: 60 }, () => random.integer(5));
  const labels = ids.map((id) => (id === 4 ? 3 : random.integer(3) - 1));
  const sets = setsOf(labels);
  const strata = strataOf([ids], new Int32Array(60), 2);
  const { free, exchanged } = movementOf(strata, sets);
  const left = new Float64Array(sets.sizes.length);
  const out = new Int32Array(60);
  for (let r = 0; r < 2000; r++) {
    permuteLabels(strata, sets.of, 1, r, out);
    for (let t = 0; t < 60; t++) if (sets.of[t] >= 0 && out[t] !== sets.of[t]) left[sets.of[t]] += 1 / 2000;
  }
  for (const [s, size] of sets.sizes.entries()) assert.ok(Math.abs(left[s] / size - exchanged[s]) < 0.01, `${s}`);
  assert.equal(free, Float64Array.of(1, 1, 0));
  assert.is(exchanged[2], 0);
});

test.run();
