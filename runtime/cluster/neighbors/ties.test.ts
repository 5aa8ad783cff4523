/** Neighbor lists against the rule in plain loops over all pairs, where many points are as far or equal. */
import * as assert from "uvu/assert";
import { suite } from "../../../harness/test/suite";
import { type Matrix, takeRows } from "../../statistics/matrix";
import { clusterTokens } from "../cluster";
import { nearestNeighbors } from "../knn";
import { makeRandom } from "../random";
import { circleSteps, groupPoints } from "./equal";
import { findNeighbors } from "./find";
import { type Nearest, neighborLists } from "./ties";

const test = suite("runtime/cluster/neighbors/ties");

const plain: Nearest = async (points, k) => ({ ids: nearestNeighbors(points, k), exact: true });

const matrix = (rows: number, cols: number, value: (i: number, c: number) => number): Matrix => ({
  rows,
  cols,
  data: Float64Array.from({ length: rows * cols }, (_, at) => value(Math.floor(at / cols), at % cols)),
});

async function listsOf(points: Matrix, k: number, nearest = plain): Promise<number[][]> {
  const { lists } = await neighborLists(points, k, nearest, 1);
  assert.is(lists.offsets.length, points.rows + 1);
  assert.is(lists.ids.length, lists.offsets[points.rows]);
  return Array.from({ length: points.rows }, (_, i) => [...lists.ids.subarray(lists.offsets[i], lists.offsets[i + 1])]);
}

const distance = ({ cols, data }: Matrix, i: number, j: number) => {
  let sum = 0;
  for (let c = 0; c < cols; c++) sum += (data[i * cols + c] - data[j * cols + c]) ** 2;
  return sum;
};

/** The rule, for points of which no more than k are equal: rows by distance, those of one distance all or none. */
function expected(points: Matrix, k: number, i: number): number[] {
  const others = Array.from({ length: points.rows }, (_, j) => j).filter((j) => j !== i);
  const levels = [...new Set(others.map((j) => distance(points, i, j)))].sort((a, b) => a - b);
  let list: number[] = [];
  for (const level of levels) {
    if (list.length >= k) break;
    const longer = [...list, ...others.filter((j) => distance(points, i, j) === level)];
    const fits = longer.length <= 2 * k || (list.length < k / 2 && longer.length <= 4 * k);
    if (level > 0 && !fits) break;
    list = longer;
  }
  return list.sort((a, b) => a - b);
}

const ascending = (list: readonly number[]) => [...list].sort((a, b) => a - b);

test("without ties: the k nearest", async () => {
  for (const [rows, cols, k] of [
    [2, 1, 1],
    [60, 3, 8],
    [200, 5, 15],
    [16, 2, 15],
  ]) {
    const points = matrix(rows, cols, makeRandom(rows).normal);
    const ids = nearestNeighbors(points, k);
    const lists = await listsOf(points, k);
    for (let i = 0; i < rows; i++) assert.equal(lists[i], [...ids.subarray(i * k, (i + 1) * k)]);
  }
});

test("whole numbers, categories, the corners of a cube: the rule, row by row", async () => {
  let longer = 0;
  let shorter = 0;
  for (let seed = 0; seed < 40; seed++) {
    const { uniform } = makeRandom(seed);
    const k = 3 + (seed % 9);
    const points =
      seed % 4 === 0
        ? matrix(64, 6, (i, c) => (i >> c) & 1)
        : seed % 4 === 1
          ? matrix(5 * k, 5 * k, (i, c) => (i === c ? 1 : 0))
          : matrix(120, seed % 4, () => Math.floor(8 * uniform()));
    const { starts } = groupPoints(points);
    if (starts.some((start, g) => g > 0 && start - starts[g - 1] > k)) continue;
    const lists = await listsOf(points, k);
    for (let i = 0; i < points.rows; i++) {
      assert.equal(ascending(lists[i]), expected(points, k, i), `points ${seed}, row ${i}`);
      if (lists[i].length > k) longer++;
      if (lists[i].length < k) shorter++;
    }
  }
  assert.ok(longer > 500 && shorter > 500, `${longer}, ${shorter}`);
});

test("equal points have the same neighbors, and are all each other's where they are few", async () => {
  const { normal } = makeRandom(3);
  const own = Array.from({ length: 60 }, () => [normal(), normal(), normal()]);
  // Groups of 1 to 6 equal points, scattered.
  const points = matrix(150, 3, (i, c) => own[(31 * i + 3 * ((i * i) % 7)) % 60][c]);
  const { of, starts, members } = groupPoints(points);
  const lists = await listsOf(points, 9);
  for (let i = 0; i < 150; i++) {
    const equal = [...members.subarray(starts[of[i]], starts[of[i] + 1])];
    for (const j of equal) {
      assert.is(distance(points, i, j), 0);
      assert.equal(ascending([...lists[i], i]), ascending([...lists[j], j]));
    }
    assert.ok(equal.every((j) => j === i || lists[i].includes(j)));
  }
});

test("more than k equal points: tied among themselves, all alike, in one piece and evenly", async () => {
  for (const [size, k] of [
    [9, 8],
    [17, 8],
    [18, 8],
    [60, 7],
    [1000, 12],
  ]) {
    // Beside them single points far off, which have each other.
    const points = matrix(size + 3 * k, 2, (i, c) => (i < size ? 5 : 100 + i * i + c));
    const lists = await listsOf(points, k);
    const degree = lists[0].length;
    assert.is(degree, size - 1 <= 2 * k ? size - 1 : 2 * Math.ceil(k / 2));
    for (let i = 0; i < size; i++) {
      assert.is(lists[i].length, degree);
      for (const j of lists[i]) assert.ok(j < size && j !== i && lists[j].includes(i));
    }
    const seen = new Set([0]);
    let rounds = 0;
    for (let last = [0]; last.length > 0; rounds++) {
      last = last.flatMap((v) => lists[v].filter((u) => !seen.has(u) && seen.add(u)));
    }
    assert.is(seen.size, size);
    // Neighbors beside each other would take size / k rounds.
    assert.ok(rounds <= 8, `${size} equal points in ${rounds} rounds`);
  }
  assert.equal([...circleSteps(100, 1)], [1, 99]);
});

test("all points equal; a single point beside many equal ones, which list none but themselves", async () => {
  const same = await listsOf(
    matrix(5, 2, () => 1),
    2,
  );
  assert.equal(
    same.map((list, i) => ascending([...list, i])),
    new Array(5).fill([0, 1, 2, 3, 4]),
  );
  const lists = await listsOf(
    matrix(101, 1, (i) => (i === 100 ? 1 : 0)),
    6,
  );
  assert.is(new Set(lists[100]).size, 6, "the many count as k");
  assert.ok(lists.slice(0, 100).every((list) => !list.includes(100)));
});

test("what rounding makes of equal distances is equal: an even lattice of tenths", async () => {
  const points = matrix(400, 2, (i, c) => 0.1 * (c === 0 ? i % 20 : Math.floor(i / 20)) + 0.3);
  const lists = await listsOf(points, 10);
  for (let i = 0; i < 400; i++) {
    const [x, y] = [i % 20, Math.floor(i / 20)];
    if (x > 2 && x < 17 && y > 2 && y < 17) assert.is(lists[i].length, 12, "4 beside, 4 across, 4 two on");
  }
});

test("the approximate search obeys the same rule", async () => {
  const { uniform } = makeRandom(8);
  const points = matrix(700, 3, () => Math.floor(9 * uniform()));
  const approximate: Nearest = async (places, k) => {
    const longer = Math.min(places.rows - 1, k + 40);
    return { ids: (await findNeighbors(places, longer, { method: "approximate", threads: 1 })).ids, exact: false };
  };
  assert.equal((await listsOf(points, 8, approximate)).map(ascending), (await listsOf(points, 8)).map(ascending));
  const config = { columns: "none", rows: "none", null: "none" } as const;
  for (const neighbors of ["exact", "approximate"] as const) {
    const run = async (order: Uint32Array) =>
      (await clusterTokens(takeRows(points, order), { ...config, neighbors }, { threads: 1, profiles: false })).labels;
    const back = Uint32Array.from({ length: 700 }, (_, i) => 699 - i);
    assert.equal((await run(back)).reverse(), await run(back.slice().sort()), neighbors);
  }
});

test.run();
