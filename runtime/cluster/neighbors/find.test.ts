import * as assert from "uvu/assert";
import { plantClusters } from "../../../harness/test/planted";
import { refused, refusedAsUsage } from "../../../harness/test/refused";
import { suite } from "../../../harness/test/suite";
import { nearestNeighbors } from "../knn";
import { makeRandom } from "../random";
import { descentNeighbors } from "./descent";
import { findNeighbors } from "./find";
import { drawQueries, measureRecall } from "./recall";

const test = suite("runtime/cluster/neighbors/find");

/** Half of the points in clusters of 200, half in a body without any. */
const mixture = (rows: number, dims: number) =>
  plantClusters({
    seed: 2,
    sizes: new Array(Math.floor(rows / 400)).fill(200),
    body: rows - 200 * Math.floor(rows / 400),
    dims,
    centers: 1.6,
    spread: 0.35,
  });

function checkIds(ids: Uint32Array, rows: number, k: number): void {
  assert.is(ids.length, rows * k);
  for (let i = 0; i < rows; i++) {
    const list = ids.subarray(i * k, (i + 1) * k);
    assert.is(new Set(list).size, k, `row ${i} lists a neighbor twice`);
    assert.ok(
      list.every((id) => id < rows && id !== i),
      `row ${i} lists ${list}`,
    );
  }
}

test("approximate, 20,000 points: recall at least 0.95, as reported; the same for any threads", async (t) => {
  const points = mixture(20_000, 24);
  const k = 15;
  const found = await findNeighbors(points, k, { method: "approximate", threads: 2, seed: 5 });
  assert.is(found.method, "nn-descent");
  checkIds(found.ids, points.rows, k);
  const recall = found.recall;
  assert.ok(recall && recall.value >= 0.95, `${recall?.value}`);
  assert.is(recall.queries, 1000);
  t.note(`recall ${recall.value.toFixed(4)} +- ${recall.error.toFixed(4)}, ${found.seconds.toFixed(1)} s`);
  const one = await descentNeighbors(points, k, { threads: 1, seed: 5 });
  assert.ok(
    one.every((id, i) => id === found.ids[i]),
    "one thread, other ids",
  );
  assert.ok((await descentNeighbors(points, k, { seed: 6 })).some((id, i) => id !== found.ids[i]));
});

test("descent makes good lists of poor ones", async (t) => {
  const points = mixture(10_000, 12);
  const k = 10;
  const queries = drawQueries(points.rows, 500, 1);
  const recalls: number[] = [];
  for (const [threads, rounds] of [
    [1, 0],
    [1, 12],
    [2, 12],
  ]) {
    const ids = await descentNeighbors(points, k, { threads, rounds, settings: { trees: 3, leaf: 64 } });
    checkIds(ids, points.rows, k);
    recalls.push((await measureRecall(points, k, ids, queries)).value);
  }
  t.note(`recall ${recalls[0]} from three small trees, ${recalls[1]} after descent`);
  assert.ok(recalls[0] < 0.7 && recalls[1] > 0.95, `${recalls}`);
  assert.is(recalls[2], recalls[1]);
});

test("recall as reported is recall recomputed", async () => {
  const points = mixture(1500, 6);
  const k = 10;
  // Poor on purpose: every list is wrong where its row is odd.
  const want = nearestNeighbors(points, k);
  const ids = want.slice();
  for (let i = 1; i < points.rows; i += 2) ids[i * k + k - 1] = want[i * k] === 0 ? 1 : (i + 750) % points.rows;
  const queries = drawQueries(points.rows, 300, 7);
  assert.is(new Set(queries).size, 300);
  let right = 0;
  for (const row of queries) {
    const exact = new Set(want.subarray(row * k, (row + 1) * k));
    for (let n = 0; n < k; n++) if (exact.has(ids[row * k + n])) right++;
  }
  const recall = await measureRecall(points, k, ids, queries);
  // Sums of tenths in another order.
  assert.ok(Math.abs(recall.value - right / (300 * k)) < 1e-12, `${recall.value} and ${right / (300 * k)}`);
  assert.ok(recall.value < 0.97 && recall.error > 0);
});

test("approximate: few points are found exactly; copies and points that are all the same are lists like others", async () => {
  const { normal } = makeRandom(3);
  const few = { rows: 200, cols: 3, data: Float64Array.from({ length: 600 }, normal) };
  assert.equal(await descentNeighbors(few, 7), nearestNeighbors(few, 7));
  const two = { rows: 2, cols: 1, data: Float64Array.from([1, 2]) };
  assert.equal([...(await descentNeighbors(two, 1))], [1, 0]);
  const same = { rows: 3000, cols: 2, data: new Float64Array(6000).fill(1) };
  const found = await findNeighbors(same, 6, { method: "approximate" });
  checkIds(found.ids, 3000, 6);
  assert.is(found.recall?.value, 1);
  const copies = {
    rows: 3000,
    cols: 4,
    data: Float64Array.from({ length: 12_000 }, (_, i) => (i < 8000 ? 0 : normal())),
  };
  const some = await findNeighbors(copies, 6, { method: "approximate" });
  checkIds(some.ids, 3000, 6);
  assert.ok((some.recall?.value ?? 0) > 0.95, `${some.recall?.value}`);
  const outlier = { rows: 3000, cols: 4, data: copies.data.map((x, i) => (i === 11_999 ? 1e12 : x + normal())) };
  assert.ok(((await findNeighbors(outlier, 6, { method: "approximate" })).recall?.value ?? 0) > 0.95);
});

test("exact when small, and says why; refused: k, method", async () => {
  const points = mixture(900, 5);
  const found = await findNeighbors(points, 9);
  assert.is(found.method, "wasm");
  assert.is(found.recall, null);
  assert.match(found.why, /exact search of 900 x 5 points takes about .* no GPU was offered/);
  assert.equal(found.ids, nearestNeighbors(points, 9));
  await refused(findNeighbors(points, 900), /k = 900 neighbors asked of 900 points/);
  await refusedAsUsage(findNeighbors(points, 9, { method: "best" as never }), /use one of auto, exact, approximate/);
});

test.run();
