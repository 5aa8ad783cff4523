import * as assert from "uvu/assert";
import { firingsFrom, tokensWhere } from "../../harness/test/firing-lists";
import { seededRandom } from "../../harness/test/random";
import { suite } from "../../harness/test/suite";
import { bestPairs, setsOf } from "./match-overlap";
import { bestUnions } from "./match-unions";

const test = suite("runtime/sae/match-unions");

const unionsOf = (tokens: number, lists: readonly Iterable<number>[], labels: ArrayLike<number>) => {
  const firings = firingsFrom(tokens, lists);
  const sets = setsOf(labels);
  return bestUnions(firings, sets, bestPairs(firings, sets).bySet);
};
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

test("three features that cover a cluster are found, past a decoy that greedy takes", () => {
  const labels = Int32Array.from({ length: 60 }, (_, t) => (t < 30 ? 0 : -1));
  // F1 of the decoy 36 / 52, of a third 20 / 40.
  const decoy = [...range(0, 6), ...range(10, 16), ...range(20, 26), 40, 41, 42, 43];
  const [union] = unionsOf(60, [decoy, range(40, 60), range(0, 10), range(10, 20), range(20, 30)], labels);
  assert.equal(union, { parts: [2, 3, 4], tokens: 30, shared: 30, f1: 1, greedyF1: 52 / 60 });
});

test("a feature that is the cluster is a union by itself; one that shares nothing is none", () => {
  const labels = [0, 0, 1, 1, 1, -1];
  const [first, second] = unionsOf(6, [[5], [0, 1], [0], [1]], labels);
  assert.equal(first, { parts: [1], tokens: 2, shared: 2, f1: 1, greedyF1: 1 });
  assert.equal(second, { parts: [], tokens: 0, shared: 0, f1: 0, greedyF1: 0 });
});

test("three planted features in noise cover their cluster with an F1 near 1", (t) => {
  const random = seededRandom(175);
  const tokens = 5000;
  const labels = Int32Array.from({ length: tokens }, () => random.integer(20) - 1);
  const part = Int32Array.from({ length: tokens }, () => random.integer(3));
  const noise = Array.from({ length: 300 }, () => {
    const share = 0.2 * random.uniform() ** 2;
    return tokensWhere(tokens, () => random.uniform() < share);
  });
  const planted = range(0, 57).map((f) =>
    tokensWhere(
      tokens,
      (i) => (labels[i] === f % 19 && part[i] === Math.floor(f / 19)) !== random.uniform() < 0.02 / 57,
    ),
  );
  const unions = unionsOf(tokens, [...noise, ...planted], labels);
  for (const [c, { parts, f1 }] of unions.entries()) {
    assert.equal(parts, [300 + c, 319 + c, 338 + c], `cluster ${c}`);
    assert.ok(f1 > 0.97, `${f1}`);
  }
  t.note(`lowest F1 ${Math.min(...unions.map(({ f1 }) => f1)).toFixed(3)}`);
});

test("against all unions of up to three: never above the best, never below greedy, nearly always the best", (t) => {
  const random = seededRandom(176);
  let best = 0;
  let greedyBest = 0;
  let all = 0;
  for (let round = 0; round < 40; round++) {
    const tokens = 80;
    const labels = Int32Array.from({ length: tokens }, () => random.integer(4) - 1);
    const lists = range(0, 14).map((f) => {
      const cluster = f % 3;
      return tokensWhere(tokens, (i) => random.uniform() < (labels[i] === cluster ? 0.4 : 0.06));
    });
    for (const [c, union] of unionsOf(tokens, lists, labels).entries()) {
      const inside = tokensWhere(tokens, (i) => labels[i] === c);
      const f1 = (parts: readonly number[]) => {
        const any = new Set(parts.flatMap((f) => lists[f]));
        return (2 * inside.filter((i) => any.has(i)).length) / (inside.length + any.size);
      };
      let top = 0;
      for (let a = 0; a < 14; a++)
        for (let b = a; b < 14; b++) for (let d = b; d < 14; d++) top = Math.max(top, f1([a, b, d]));
      assert.is(union.f1, f1(union.parts));
      assert.ok(union.f1 <= top && union.f1 >= union.greedyF1);
      // Greedy by hand, over all features.
      let taken: number[] = [];
      let greedy = 0;
      for (let step = 0; step < 3; step++) {
        const next = range(0, 14).filter((f) => !taken.includes(f));
        const scores = next.map((f) => f1([...taken, f]));
        const highest = Math.max(...scores);
        const ties = next.filter((_, i) => scores[i] === highest).map((f) => [...taken, f].sort((x, y) => x - y));
        taken = ties.sort((x, y) => compareLists(x, y))[0];
        greedy = Math.max(greedy, highest);
      }
      assert.is(union.greedyF1, greedy);
      all++;
      if (union.f1 === top) best++;
      if (greedy === top) greedyBest++;
    }
  }
  t.note(`the best union for ${best} of ${all}, by greedy for ${greedyBest}`);
  assert.ok(best >= 0.97 * all && best > greedyBest);
});

function compareLists(x: readonly number[], y: readonly number[]): number {
  for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) return x[i] - y[i];
  return 0;
}

test.run();
