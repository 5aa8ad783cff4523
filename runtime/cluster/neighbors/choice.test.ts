/** Which way neighbors are found, and what the answer says of it. Quick: what takes many points is in find.test.ts. */
import * as assert from "uvu/assert";
import { suite } from "../../../harness/test/suite";
import type { Device } from "../../plan/device";
import { nearestNeighbors } from "../knn";
import { makeRandom } from "../random";
import { chooseMethod, EXACT_LIMIT, findNeighbors } from "./find";
import { drawQueries, measureRecall } from "./recall";

const test = suite("runtime/cluster/neighbors/choice");

test("the choice: by size alone whether exact, by estimated time where", () => {
  const device = (software: boolean) =>
    ({ facts: { name: "a card", software, limits: { maxStorageBufferBindingSize: 2 ** 27 } } }) as unknown as Device;
  const large = { rows: 300_000, cols: 40 };
  assert.ok(large.rows ** 2 * large.cols > EXACT_LIMIT);
  for (const threads of [1, 64])
    for (const gpu of [undefined, device(false), device(true)])
      assert.is(chooseMethod(large, { threads, device: gpu }).method, "nn-descent");
  assert.is(chooseMethod(large, { threads: 2, method: "exact", device: device(false) }).method, "webgpu");
  const middling = { rows: 100_000, cols: 40 };
  assert.is(chooseMethod(middling, { threads: 2 }).method, "wasm");
  assert.is(chooseMethod(middling, { threads: 2, device: device(false) }).method, "webgpu");
  // 1e10 pairs of 3e-10 s and 40 times 3e-11 s; half a second and 4e11 differences at 2e12 / 3 a second.
  const why = (threads: number, gpu?: Device) => chooseMethod(middling, { threads, device: gpu }).why;
  assert.match(why(1), /100000 x 40 points takes about 15 s on 1 thread; no GPU/);
  assert.match(why(2, device(false)), /takes about 7\.5 s on 2 threads, about 1\.1 s on a card$/);
  assert.is(chooseMethod(middling, { threads: 64, device: device(false) }).method, "wasm");
  assert.match(
    chooseMethod(large, { threads: 1 }).why,
    /300000 x 40 points are 3\.6e\+12 differences.* ends at 2\.5e\+12/,
  );
  // At the limits themselves search is exact, and on the card.
  assert.is(chooseMethod({ rows: 500_000, cols: 10 }, { threads: 2 }).method, "wasm");
  assert.is(
    chooseMethod({ rows: 2 ** 19, cols: 64 }, { threads: 1, method: "exact", device: device(false) }).method,
    "webgpu",
  );
  assert.match(chooseMethod(middling, { threads: 2, device: device(true) }).why, /a card is no GPU/);
  assert.is(chooseMethod(middling, { threads: 2, device: device(true) }).method, "wasm");
  const wide = { rows: 60_000, cols: 600 };
  assert.match(chooseMethod(wide, { threads: 2, device: device(false) }).why, /a card cannot bind as much/);
  assert.is(chooseMethod({ rows: 2000, cols: 40 }, { threads: 2, device: device(false) }).method, "wasm");
  assert.is(chooseMethod({ rows: 20, cols: 4 }, { threads: 1, method: "approximate" }).method, "nn-descent");
});

test("the answer tells its method, why, its ids and its recall; an exact one has none", async () => {
  const { normal } = makeRandom(3);
  const points = { rows: 120, cols: 3, data: Float64Array.from({ length: 360 }, normal) };
  const want = nearestNeighbors(points, 7);
  const { seconds, ...near } = await findNeighbors(points, 7, { method: "approximate", threads: 1 });
  assert.equal(near, {
    ...{ ids: want, method: "nn-descent", why: "neighbors: approximate was asked for" },
    recall: { value: 1, error: 0, queries: 120 },
  });
  assert.ok(seconds > 0 && seconds < 60);
  const exact = await findNeighbors(points, 7, { threads: 1 });
  assert.equal([exact.method, exact.recall, exact.ids], ["wasm", null, want]);
});

test("recall is the share of ids as near as the k-th, its error that of a mean over queries", async () => {
  // Of points 0, 1, ... 9 on a line, one neighbor each: 1 is as near to 2 as 3 is, 9's nearest is 8.
  const points = { rows: 10, cols: 1, data: Float64Array.from({ length: 10 }, (_, i) => i) };
  const ids = Uint32Array.of(1, 2, 3, 4, 5, 0, 0, 0, 0, 0);
  const recall = await measureRecall(points, 1, ids, Uint32Array.of(0, 2, 9, 5), 1);
  // Right, right, wrong, wrong: variance 1/4, over 3.
  assert.equal(recall, { value: 0.5, error: Math.sqrt(1 / 12), queries: 4 });
  assert.equal(await measureRecall(points, 1, ids, Uint32Array.of(2), 1), { value: 1, error: 0, queries: 1 });
  assert.equal([...drawQueries(5, 9, 1)].sort(), [0, 1, 2, 3, 4]);
  const some = drawQueries(50, 20, 1);
  assert.is(new Set(some).size, 20);
  assert.ok(some.every((row) => row < 50) && some.some((row, i) => row !== i));
});

test.run();
