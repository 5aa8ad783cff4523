import * as assert from "uvu/assert";
import { plantClusters } from "../../../harness/test/planted";
import { refused } from "../../../harness/test/refused";
import { suite } from "../../../harness/test/suite";
import type { Matrix } from "../../statistics/matrix";
import { nearestNeighbors } from "../knn";
import { makeRandom } from "../random";
import { exactNeighbors } from "./exact";

const test = suite("runtime/cluster/neighbors/exact");

const matrix = (rows: number, cols: number, value: (i: number, c: number) => number): Matrix => ({
  rows,
  cols,
  data: Float64Array.from({ length: rows * cols }, (_, at) => value(Math.floor(at / cols), at % cols)),
});

/** The definition's ids, for each number of threads. */
async function check(points: Matrix, k: number, threads: readonly number[] = [1]): Promise<void> {
  const want = nearestNeighbors(points, k);
  for (const count of threads) {
    const got = await exactNeighbors(points, k, { threads: count });
    const at = got.findIndex((id, i) => id !== want[i]);
    const where = `${points.rows} x ${points.cols}, k ${k}, ${count} threads: neighbor ${at % k} of ${Math.floor(at / k)}`;
    assert.is(at, -1, `${where} is ${want[at]}, got ${got[at]}`);
    assert.is(got.length, want.length);
  }
}

test("Gaussian points of many sizes: the definition's ids, whatever the threads", async () => {
  for (const [rows, cols, k] of [
    [2, 1, 1],
    [3, 2, 2],
    [8, 3, 7],
    [9, 1, 4],
    [65, 5, 10],
    [130, 301, 45],
    [257, 4, 256],
    [1200, 24, 45],
    [1999, 2, 15],
  ]) {
    const { normal } = makeRandom(rows);
    await check(matrix(rows, cols, normal), k, [1, 2, 3]);
  }
});

test("f32 points are taken as they are", async () => {
  const { normal } = makeRandom(4);
  await check({ rows: 500, cols: 7, data: Float32Array.from({ length: 3500 }, normal) }, 9);
});

test("ties: a lattice, copies, and points that are all the same", async () => {
  const { uniform } = makeRandom(5);
  await check(
    matrix(900, 3, () => Math.floor(4 * uniform())),
    20,
    [1, 2],
  );
  await check(
    matrix(700, 2, () => 3),
    12,
    [1, 2],
  );
  // 700 copies of one point among others: more candidates than a list holds, so the definition decides over all points.
  const { normal } = makeRandom(6);
  await check(
    matrix(2500, 6, (i) => (i % 3 === 0 && i < 2100 ? 0.25 : normal())),
    15,
    [1, 2],
  );
});

test("what f32 cannot tell apart: neighbors a millionth of a millionth apart, tight clusters far from each other", async () => {
  const { normal, uniform } = makeRandom(7);
  await check(
    matrix(600, 3, (i) => 1 + 1e-12 * i * uniform()),
    15,
  );
  await check(
    matrix(2000, 8, (i) => 1e6 * Math.sin(1 + (i % 5)) + 1e-3 * normal()),
    15,
  );
  await check(
    matrix(3000, 8, (i) => 1e9 * (i % 2) + 1e-3 * normal()),
    15,
  );
});

test("scales: from squares that underflow to squares that almost overflow, one point far out, a large common shift", async () => {
  for (const scale of [1e-170, 1e-155, 1e-60, 1e-30, 1e30, 1e150]) {
    const { normal } = makeRandom(8);
    await check(
      matrix(400, 5, () => scale * normal()),
      10,
    );
  }
  const { normal } = makeRandom(9);
  await check(
    matrix(1500, 5, (i) => (i === 77 ? 1e12 : normal())),
    10,
  );
  await check(
    matrix(800, 5, () => 1e9 + normal()),
    10,
  );
});

test("clusters in a body, 40 columns", async () => {
  const sizes = Array.from({ length: 20 }, (_, c) => 20 + 4 * c);
  await check(plantClusters({ seed: 3, sizes, body: 1500, dims: 40, centers: 1.6, spread: 0.05 }), 15, [2]);
});

test("neighbors of some rows only, and progress to the end", async () => {
  const { normal } = makeRandom(10);
  const points = matrix(1000, 6, normal);
  const all = nearestNeighbors(points, 5);
  const queries = Uint32Array.from([999, 0, 17, 17]);
  const got = await exactNeighbors(points, 5, { queries, threads: 2 });
  for (const [q, row] of queries.entries())
    assert.equal(got.subarray(5 * q, 5 * q + 5), all.subarray(5 * row, 5 * row + 5));
  const seen: number[] = [];
  await exactNeighbors(points, 5, { threads: 1, progress: (done) => seen.push(done) });
  assert.is(seen[seen.length - 1], 1000);
  assert.ok(seen.every((done, i) => i === 0 || done > seen[i - 1]));
});

test("what is refused: k, values, memory", async () => {
  const points = matrix(5, 1, (i) => i);
  for (const k of [0, 5, 1.5, -1]) await refused(exactNeighbors(points, k), /neighbors asked of 5 points/);
  await refused(
    exactNeighbors(
      matrix(5, 1, (i) => (i === 3 ? Number.NaN : i)),
      2,
    ),
    /row 3, column 0/,
  );
  await refused(
    exactNeighbors(
      matrix(5, 1, (i) => 1e160 * i),
      2,
    ),
    /overflow/,
  );
  // 600 MB of zeros that the system never has to provide: refused before anything is allocated for them.
  const rows = 1_500_000;
  await refused(
    exactNeighbors({ rows, cols: 100, data: new Float32Array(rows * 100) }, 600),
    /takes 5\.\d GiB of WebAssembly memory; the limit is 4/,
  );
});

test.run();
