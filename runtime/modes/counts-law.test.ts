import * as assert from "uvu/assert";
import { refusedAtOnce } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { countsLaw } from "./counts-law";

const test = suite("runtime/modes/counts law");

// Two rows; targets are 1 0 2 and 1 2 1. Over the border "2 | 0" nothing is counted.
const pool = { ids: [0, 1, 0, 2, 0, 1, 2, 1], columns: 4 };
const near = (a: ArrayLike<number>, b: readonly number[]) =>
  assert.ok(a.length === b.length && b.every((x, i) => Math.abs(a[i] - x) < 1e-15), `${Array.from(a)} for ${b}`);
const rowsOf = async (order: number, probe = { ids: [0, 1, 3, 0], columns: 4 }) => {
  const law = countsLaw({ pool, probe, tokens: 4, order });
  const rows = await law.rows(0, law.contexts);
  return Array.from({ length: law.contexts }, (_, i) => Array.from(rows).slice(4 * i, 4 * i + 4));
};

// By hand: counts of targets 0, 1, 2, 3 are 1, 3, 2, 0 of 6 in 3 kinds, so unigrams are (count + 3/4) / 9.
const unigram = [1.75 / 9, 3.75 / 9, 2.75 / 9, 0.75 / 9];

test("order 0 is the smoothed unigram law for every context", async () => {
  for (const row of await rowsOf(0)) near(row, unigram);
});

test("a context of one id is mixed with the unigram by its kinds; one that never occurs backs off to it", async () => {
  const [afterZero, afterOne, afterThree] = await rowsOf(1);
  // After 0: 1, 2, 1. After 1: 0, 2.
  near(
    afterZero,
    [2 * unigram[0], 2 + 2 * unigram[1], 1 + 2 * unigram[2], 2 * unigram[3]].map((x) => x / 5),
  );
  near(
    afterOne,
    [1 + 2 * unigram[0], 2 * unigram[1], 1 + 2 * unigram[2], 2 * unigram[3]].map((x) => x / 4),
  );
  near(afterThree, unigram);
});

test("longer contexts rest on shorter ones, and never cross the start of a row", async () => {
  const one = await rowsOf(1);
  const two = await rowsOf(2);
  near(two[0], one[0]);
  // After "0 1": 0 once, 2 once.
  near(
    two[1],
    [1 + 2 * one[1][0], 2 * one[1][1], 1 + 2 * one[1][2], 2 * one[1][3]].map((x) => x / 4),
  );
  near(two[2], unigram);
  // "2 0" stands only over the border of the rows: it never occurs, so the context 0 decides.
  const border = await rowsOf(2, { ids: [2, 0, 1], columns: 3 });
  near(border[1], one[0]);
});

test("rows are told from any context on, and sum to 1", async () => {
  const law = countsLaw({ pool, probe: pool, tokens: 4, order: 3 });
  assert.is(law.contexts, 6);
  const all = await law.rows(0, 6);
  assert.equal(Array.from(await law.rows(2, 5)), Array.from(all).slice(8, 20));
  for (let x = 0; x < 6; x++) {
    let sum = 0;
    for (let y = 0; y < 4; y++) sum += all[4 * x + y];
    assert.ok(Math.abs(sum - 1) < 1e-15);
  }
});

test("ids outside the vocabulary, split rows and bad orders are refused", () => {
  const probe = { ids: [0, 1], columns: 2 };
  refusedAtOnce(() => countsLaw({ pool, probe, tokens: 2, order: 1 }), /pool has id 2 at 3, the vocabulary 2/);
  refusedAtOnce(
    () => countsLaw({ pool: { ids: [0, 1, 0], columns: 2 }, probe, tokens: 2, order: 1 }),
    /3 ids in rows of 2/,
  );
  refusedAtOnce(() => countsLaw({ pool: { ids: [], columns: 2 }, probe, tokens: 2, order: 1 }), /no target/);
  refusedAtOnce(() => countsLaw({ pool, probe, tokens: 4, order: -1 }), /order -1/);
});

test.run();
