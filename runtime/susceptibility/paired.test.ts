/** Intervals of differences: closed forms, and how often they call a difference where there is none. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { scoreNeighbors } from "../cluster/neighbor-score";
import { normalize, normalizeColumns } from "../cluster/normalize";
import { makeRandom } from "../cluster/random";
import type { Matrix } from "../statistics/matrix";
import { alike, compareColumns, jackknifed, likenessOf, partsOf, scoreDifference } from "./paired";

const test = suite("runtime/susceptibility/paired");
const near = (a: number, b: number, tolerance = 1e-12) => assert.ok(Math.abs(a - b) <= tolerance, `${a}, not ${b}`);

/** Most calls out of `repeats` that a rate of 5 % passes in all but one of a thousand tries. */
function most(repeats: number): number {
  let chance = 0.95 ** repeats;
  let below = chance;
  let count = 0;
  for (; below < 0.999; count++) {
    chance *= ((repeats - count) / (count + 1)) * (0.05 / 0.95);
    below += chance;
  }
  return count;
}

test("chains are dealt into parts in turn", () => {
  assert.equal(partsOf(4, 8), [[0], [1], [2], [3]]);
  assert.equal(partsOf(6, 4), [[0, 4], [1, 5], [2], [3]]);
});

test("scores have the interval of Welch's t test", () => {
  const { value, error, degrees, low, high } = scoreDifference([1, 2, 4, 9], [3, 3, 5, 6]);
  near(value, -0.25);
  // Variances 38/3 and 2.25 over four values each.
  near(error, Math.sqrt((38 / 3 + 2.25) / 4));
  // t of 3 degrees at 0.975 is 3.1824463 (tables).
  assert.is(degrees, 3);
  near(low, -0.25 - 3.1824463053 * error, 1e-8);
  near(high, -0.25 + 3.1824463053 * error, 1e-8);
  // By Welch and Satterthwaite 4.03 degrees.
  const mean = (list: number[]) => list.reduce((a, b) => a + b, 0) / list.length;
  const without = (list: number[]) => list.map((_, i) => mean(list.filter((_, j) => j !== i)));
  const welch = jackknifed(
    -0.25,
    without([1, 2, 4, 9]).map((own) => own - 4.25),
    without([3, 3, 5, 6]).map((own) => 4 - own),
  );
  near(welch.error, error);
  assert.is(welch.degrees, 4);
});

test("without parts enough there is no interval", () => {
  const none = { error: Number.NaN, low: Number.NaN, high: Number.NaN, degrees: 0 };
  assert.equal(jackknifed(1, [1], [1]), { value: 1, ...none });
  assert.equal(jackknifed(1, [1, 2], [1]), { value: 1, ...none });
  assert.equal(jackknifed(Number.NaN, [1, 2], [1, 2]), { value: Number.NaN, ...none });
  assert.ok(Number.isNaN(scoreDifference([1], [2]).error));
});

test("likeness by sums is that by pairs, with and without a part", () => {
  const random = makeRandom(5);
  const [M, K] = [4, 3];
  const table = Array.from({ length: M + K }, () => Array.from({ length: M + K }, () => 0.2 + random.uniform()));
  const like = (i: number, j: number) => table[Math.max(i, j)][Math.min(i, j)];
  const mean = (list: number[]) => list.reduce((a, b) => a + b, 0) / list.length;
  const spelled = (a: number[], b: number[]) => {
    const pairs = (own: number[]) => own.flatMap((i) => own.filter((j) => j < i).map((j) => like(i, j)));
    return mean(a.flatMap((i) => b.map((j) => like(i, j)))) - Math.sqrt(mean(pairs(a)) * mean(pairs(b)));
  };
  const [a, b] = [
    [0, 1, 2, 3],
    [4, 5, 6],
  ];
  const found = alike(likenessOf(M, K, like));
  near(found.excess.value, spelled(a, b));
  a.forEach((m) => {
    near(
      found.withoutA[m],
      spelled(
        a.filter((i) => i !== m),
        b,
      ),
    );
  });
  b.forEach((m, k) => {
    near(
      found.withoutB[k],
      spelled(
        a,
        b.filter((i) => i !== m),
      ),
    );
  });
});

interface Law {
  /** What all chains of a measurement share, [tokens, columns]. */
  readonly answer: Matrix;
  /** Noise of a chain: a random mixture of these, [directions][tokens]. */
  readonly directions: readonly Float64Array[];
  readonly noise: number;
}

const ROLES = 8;
const TOKENS = 120;
const COLUMNS = 6;
const truth = Int32Array.from({ length: TOKENS }, (_, i) => i % ROLES);

/** Roles with answers of their own, heavy-tailed tokens: Student's t of 3 degrees. */
function law(seed: number, noise: number): Law {
  const { normal } = makeRandom(seed);
  const heavy = () => normal() / Math.sqrt((normal() ** 2 + normal() ** 2 + normal() ** 2) / 3);
  const roles = Array.from({ length: ROLES * COLUMNS }, normal);
  const data = Float64Array.from({ length: TOKENS * COLUMNS }, (_, at) => {
    const [i, c] = [Math.floor(at / COLUMNS), at % COLUMNS];
    return roles[truth[i] * COLUMNS + c] + 0.7 * heavy();
  });
  const directions = Array.from({ length: 5 }, () => Float64Array.from({ length: TOKENS }, heavy));
  return { answer: { rows: TOKENS, cols: COLUMNS, data }, directions, noise };
}

/** Chains of a law. Their noise is heavy-tailed too, and every column has a mixture of its own. */
function drawn({ answer, directions, noise }: Law, chains: number, random: { normal(): number }): Matrix[] {
  const { rows, cols, data } = answer;
  return Array.from({ length: chains }, () => {
    const out = Float64Array.from(data);
    for (let c = 0; c < cols; c++) {
      for (const direction of directions) {
        const size = (noise * random.normal()) / Math.sqrt((random.normal() ** 2 + random.normal() ** 2 + 0.2) / 2.2);
        for (let i = 0; i < rows; i++) out[i * cols + c] += size * direction[i];
      }
      for (let i = 0; i < rows; i++) out[i * cols + c] += noise * random.normal();
    }
    return { rows, cols, data: out };
  });
}

async function accuracy(chain: Matrix): Promise<number> {
  const points = normalize(chain, { columns: "asinh", rows: "standardize" });
  return (await scoreNeighbors(points, { numbers: truth, minCount: 10 }))!.accuracy;
}

/** What is said of two measurements: by all columns together, and of some column. */
function byColumns(a: readonly Matrix[], b: readonly Matrix[]) {
  const squashed = (chains: readonly Matrix[]) => chains.map((chain) => normalizeColumns(chain, "asinh"));
  const { columns, together } = compareColumns(squashed(a), squashed(b));
  return { together: together.high < 0, column: columns.some(({ apart }) => apart) };
}

/** The same, and by the score. */
async function calls(a: readonly Matrix[], b: readonly Matrix[]) {
  const score = (chains: readonly Matrix[]) => Promise.all(chains.map(accuracy));
  const { low, high } = scoreDifference(await score(a), await score(b));
  return {
    ...byColumns(a, b),
    score: low > 0 || high < 0,
    better: low > 0,
  };
}

for (const [chains, noise] of [
  [4, 0.3],
  [4, 1],
  [8, 0.6],
] as const) {
  test(`two measurements of one law are told apart in at most 5 % of repeats (${chains} chains, noise ${noise})`, async (t) => {
    const repeats = 200;
    const counts = { together: 0, column: 0, score: 0 };
    for (let repeat = 0; repeat < repeats; repeat++) {
      const random = makeRandom(1000 * chains + repeat);
      const own = law(repeat, noise);
      const found = await calls(drawn(own, chains, random), drawn(own, chains, random));
      for (const key of ["together", "column", "score"] as const) if (found[key]) counts[key]++;
    }
    t.note(`of ${repeats}: all columns ${counts.together}, some column ${counts.column}, score ${counts.score}`);
    for (const count of Object.values(counts)) assert.ok(count <= most(repeats), `${count} of ${repeats}`);
  });
}

test("the same answers with other noise are not told apart by columns", async (t) => {
  const repeats = 200;
  const counts = { together: 0, column: 0 };
  for (let repeat = 0; repeat < repeats; repeat++) {
    const random = makeRandom(5000 + repeat);
    const own = law(repeat, 0.3);
    const noisier = { ...own, noise: 0.9 };
    const found = byColumns(drawn(own, 4, random), drawn(noisier, 4, random));
    for (const key of ["together", "column"] as const) if (found[key]) counts[key]++;
  }
  t.note(`of ${repeats}: all columns ${counts.together}, some column ${counts.column}`);
  for (const count of Object.values(counts)) assert.ok(count <= most(repeats), `${count} of ${repeats}`);
});

test("what differs is told apart", async (t) => {
  const repeats = 20;
  const counts = { together: 0, column: 0, better: 0 };
  for (let repeat = 0; repeat < repeats; repeat++) {
    const random = makeRandom(9000 + repeat);
    const own = law(repeat, 0.15);
    const { answer } = law(repeat + 500, 0.15);
    // Mostly what tokens answer whose roles do not matter.
    const mixed = Float64Array.from(
      own.answer.data,
      (x) => 0.4 * x + answer.data[Math.floor(random.uniform() * answer.data.length)],
    );
    const changed = { ...own, answer: { ...answer, data: mixed } };
    const found = await calls(drawn(own, 4, random), drawn(changed, 4, random));
    for (const key of ["together", "column", "better"] as const) if (found[key]) counts[key]++;
  }
  t.note(`of ${repeats}: all columns ${counts.together}, some column ${counts.column}, score ${counts.better}`);
  for (const count of Object.values(counts)) assert.ok(count >= 0.8 * repeats, `${count} of ${repeats}`);
});

test.run();
