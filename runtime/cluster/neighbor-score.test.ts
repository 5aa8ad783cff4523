/** Scores of nearest neighbors: points whose answer is known, and sorting all distances. */
import * as assert from "uvu/assert";
import { plantClusters } from "../../harness/test/planted";
import { refused } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import type { Matrix } from "../statistics/matrix";
import { scoreNeighbors } from "./neighbor-score";

const test = suite("runtime/cluster/neighbor-score");

/** Points on a line. */
const line = (...places: number[]): Matrix => ({ rows: places.length, cols: 1, data: Float64Array.from(places) });

/** By the definition: all distances sorted, ties by token, then votes. */
function spelled({ rows, cols, data }: Matrix, truth: ArrayLike<number>, minCount: number) {
  const count = (label: number) => Array.from(truth).filter((own) => own === label).length;
  const kept = Array.from({ length: rows }, (_, i) => i).filter((i) => truth[i] >= 0 && count(truth[i]) >= minCount);
  let [right, same] = [0, 0];
  const k = Math.min(8, kept.length - 1);
  for (const i of kept) {
    const distance = (j: number) => {
      let sum = 0;
      for (let c = 0; c < cols; c++) sum += (data[i * cols + c] - data[j * cols + c]) ** 2;
      return sum;
    };
    const near = kept.filter((j) => j !== i).sort((a, b) => distance(a) - distance(b) || a - b);
    const labels = near.slice(0, k).map((j) => truth[j]);
    const votes = (label: number) => labels.filter((own) => own === label).length;
    const most = Math.max(...labels.map(votes));
    if (labels.find((label) => votes(label) === most) === truth[i]) right++;
    same += votes(truth[i]);
  }
  return { accuracy: right / kept.length, purity: same / (k * kept.length) };
}

test("groups far apart are told without a mistake; of labels that have nothing to do with them a share is right", async () => {
  const places = Array.from({ length: 36 }, (_, i) => 100 * (i % 3) + i / 50);
  const numbers = places.map((_, i) => i % 3);
  assert.equal(await scoreNeighbors(line(...places), { numbers, minCount: 10 }), { accuracy: 1, purity: 1 });
  const other = places.map((_, i) => Math.floor(i / 3) % 2);
  const { purity } = (await scoreNeighbors(line(...places), { numbers: other, minCount: 10 }))!;
  // Of 11 other tokens of a group 5 have the token's label.
  assert.ok(Math.abs(purity - 5 / 11) < 0.12, `${purity}`);
});

test("equally many votes go to the label of the nearest", async () => {
  // Of token 0 (label 1): two neighbors of each label, the nearest has label 1; of the others by sorting.
  const points = line(0, 1, 2, 3, 4);
  const numbers = [1, 1, 2, 2, 1];
  const found = await scoreNeighbors(points, { numbers, minCount: 2 });
  assert.equal(found, spelled(points, numbers, 2));
  assert.is(found?.purity, (2 / 4 + 2 / 4 + 1 / 4 + 1 / 4 + 2 / 4) / 5);
  // Token 0 by its nearest, 2 and 3 by three votes against them, 4 by its nearest against it.
  assert.is(found?.accuracy, 2 / 5);
});

test("planted clusters in a body, as sorting all distances has them; small labels and none take no part", async () => {
  const planted = plantClusters({
    seed: 3,
    sizes: [30, 25, 20, 9],
    body: 40,
    dims: 6,
    centers: 1.5,
    spread: 1,
    tail: 3,
  });
  const found = await scoreNeighbors(planted, { numbers: planted.truth, minCount: 10 });
  assert.equal(found, spelled(planted, planted.truth, 10));
  assert.ok(found!.accuracy > 0.5 && found!.accuracy < 1, `${found!.accuracy}: neither trivial`);
});

test("two tokens are enough, and one is not", async () => {
  assert.equal(await scoreNeighbors(line(1, 2, 9), { numbers: [5, 5, -1], minCount: 2 }), { accuracy: 1, purity: 1 });
  assert.equal(await scoreNeighbors(line(1, 2), { numbers: [5, 6], minCount: 1 }), { accuracy: 0, purity: 0 });
  assert.is(await scoreNeighbors(line(1, 2), { numbers: [5, -1], minCount: 1 }), undefined);
});

test("nothing to score", async () => {
  assert.is(await scoreNeighbors(line(1, 2, 3), { numbers: [-1, 0, 1], minCount: 2 }), undefined);
  const flat = { rows: 3, cols: 0, data: new Float64Array(0) };
  assert.is(await scoreNeighbors(flat, { numbers: [0, 0, 0], minCount: 2 }), undefined);
  await refused(scoreNeighbors(line(1, 2), { numbers: [0], minCount: 1 }), /2 points against 1 truths/);
});

test.run();
