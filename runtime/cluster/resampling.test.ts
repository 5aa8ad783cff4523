import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import type { Matrix } from "../statistics/matrix";
import { clusterTokens } from "./cluster";
import { parseClusterConfig } from "./config";
import { makeRandom } from "./random";
import { drawHalf, matrixReruns, resample } from "./resampling";
import { bestMatches, jaccard } from "./stability";

const test = suite("runtime/cluster/resampling");

test("halves: ascending, distinct, another for each seed, kind and repeat, all members as likely", () => {
  const half = drawHalf(9, 1, "tokens", 0);
  assert.equal(half.length, 5);
  assert.equal([...new Set(half)].sort(), [...half]);
  assert.equal(drawHalf(9, 1, "tokens", 0), half);
  const others = [drawHalf(9, 2, "tokens", 0), drawHalf(9, 1, "chains", 0), drawHalf(9, 1, "tokens", 1)];
  assert.is(new Set([half, ...others].map(String)).size, 4);
  const counts = new Array<number>(6).fill(0);
  for (let repeat = 0; repeat < 2000; repeat++) for (const i of drawHalf(6, 3, "components", repeat)) counts[i]++;
  // 1,000 each, deviation sqrt(2000 / 4) = 22: five of them.
  for (const count of counts) assert.ok(Math.abs(count - 1000) < 112, `${counts}`);
});

test("best matches are the largest Jaccard indices", () => {
  const sets = [{ members: [0, 1, 2] }, { members: [5, 6] }, { members: [9] }];
  const others = [{ members: [1, 2, 3] }, { members: [0, 1, 2, 5, 6] }, { members: [6] }];
  const best = bestMatches(sets, others);
  sets.forEach(({ members }, i) => {
    assert.is(best[i], Math.max(...others.map((other) => jaccard(members, other.members))));
  });
  assert.equal([...bestMatches(sets, [])], [0, 0, 0]);
});

test("tokens are compared within the half that is kept, by their own numbers", async () => {
  const clusters = [{ members: [0, 1, 2, 3] }, { members: [4, 5, 6, 7] }];
  const seen: number[][] = [];
  // The rerun finds what is kept of the first cluster, numbered within the half, and nothing of the second.
  const run = async (kept: Uint32Array) => {
    seen.push([...kept]);
    return [{ members: [...kept.keys()].filter((at) => kept[at] < 4) }];
  };
  const result = await resample(clusters, parseClusterConfig({ stability: 4 }), { tokens: { count: 8, run } });
  assert.is(seen.length, 4);
  assert.equal(result[0], { repeats: 4, tokens: 1 });
  assert.is(result[1].tokens, 0);
  const none = await resample([{ members: [99] }], parseClusterConfig({ stability: 1 }), { tokens: { count: 8, run } });
  assert.equal(none, [{ repeats: 1 }], "no half held a member");
});

/** Two clusters, told apart by what columns 0 and 3 have in common, among noise. */
function striped(): Matrix {
  const { normal } = makeRandom(7);
  const rows = 48;
  const center = (i: number, c: number) => (c % 3 === 0 ? (i < 24 ? 6 : -6) * (c === 0 ? 1 : -1) : 0);
  const data = Float64Array.from({ length: rows * 5 }, (_, at) => center(Math.floor(at / 5), at % 5) + normal());
  return { rows, cols: 5, data };
}

test("a rerun clusters just the rows, or just the columns, that are kept", async () => {
  const matrix = striped();
  const config = parseClusterConfig({ k: 8, min_size: 6, null: "none", rows: "none" });
  const weights = Float64Array.of(1, 0.5, 0.25, 2, 1);
  const { tokens, components } = matrixReruns(matrix, config, { threads: 1, weights });
  assert.equal([tokens.count, components?.count], [48, 5]);
  const part = (rows: readonly number[], cols: readonly number[]) => ({
    rows: rows.length,
    cols: cols.length,
    data: Float64Array.from(rows.flatMap((i) => cols.map((c) => matrix.data[i * 5 + c]))),
  });
  const all = Array.from({ length: 48 }, (_, i) => i);
  const some = [0, 3, 4];
  const byColumns = await clusterTokens(part(all, some), config, { threads: 1, weights: [1, 2, 1] });
  assert.ok(byColumns.clusters.length > 0, "there is something to compare");
  assert.equal(await components?.run(Uint32Array.from(some)), byColumns.clusters);
  const half = all.filter((i) => i % 2 > 0);
  const halved = { ...config, k: 4, min_size: 3 };
  const byRows = await clusterTokens(part(half, [0, 1, 2, 3, 4]), halved, { threads: 1, weights });
  assert.ok(byRows.clusters.length > 0, "there is something to compare");
  assert.equal(await tokens.run(Uint32Array.from(half)), byRows.clusters);
  assert.equal(await tokens.run(Uint32Array.of(5)), [], "one row has no clusters");
  // Rows that are standardized lose two dimensions: of half of four columns nothing is left, of half of five one.
  const lost = parseClusterConfig({ rows: "standardize" });
  const wide = (cols: number) => ({ rows: 9, cols, data: matrix.data.subarray(0, 9 * cols) });
  assert.is(matrixReruns(wide(4), lost).components, undefined);
  assert.is(matrixReruns(wide(5), lost).components?.count, 5);
  // k stays below the rows that are left.
  assert.equal(await tokens.run(Uint32Array.of(5, 6, 7)), []);
});

test.run();
