/** Parts of points that lie apart, and that few large groups come out whole. */
import * as assert from "uvu/assert";
import { blobs } from "../../harness/bench/clustering/shapes";
import { plantClusters } from "../../harness/test/planted";
import { suite } from "../../harness/test/suite";
import { graphFromEdges } from "../../kernels/graph/csr";
import type { Matrix } from "../statistics/matrix";
import { clusterTokens } from "./cluster";
import { defaultK } from "./config";
import { gaussianMatrix } from "./controls";
import { nearestNeighbors } from "./knn";
import type { NeighborLists } from "./neighbors/ties";
import { partsOf, shareOutside } from "./parts";
import { CLUSTER_PRESETS } from "./presets";
import { scorePartition, scoreSets } from "./score";
import { symmetrize } from "./symmetrize";

const test = suite("runtime/cluster/parts");

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

function listsOf(rows: readonly (readonly number[])[]): NeighborLists {
  const offsets = Uint32Array.from([0, ...rows.map((_, i) => rows.slice(0, i + 1).flat().length)]);
  return { offsets, ids: Uint32Array.from(rows.flat()) };
}

async function searched(matrix: Matrix): Promise<{ lists: NeighborLists; parts: ReturnType<typeof partsOf> }> {
  const k = Math.min(defaultK(matrix.rows), matrix.rows - 1);
  const ids = await nearestNeighbors(matrix, k);
  const lists = { offsets: Uint32Array.from({ length: matrix.rows + 1 }, (_, v) => v * k), ids };
  return { lists, parts: partsOf(symmetrize(lists, matrix.rows, "mutual"), lists, 6) };
}

const sizes = (parts: ReturnType<typeof partsOf>) => parts.map(({ rows, apart }) => [rows.length, apart]);

test("groups far apart are parts, each row in one; Gaussian points are one part that is not apart", async () => {
  for (const [groups, size, dims] of [
    [2, 30, 2],
    [3, 100, 8],
    [4, 400, 2],
  ]) {
    const { points, truth } = blobs({ sizes: new Array(groups).fill(size), dims, distance: 15, seed: 2 });
    const { parts } = await searched(points);
    assert.equal(sizes(parts), new Array(groups).fill([size, true]));
    for (const { rows } of parts) assert.is(new Set(Array.from(rows, (v) => truth[v])).size, 1);
  }
  for (const [rows, dims] of [
    [200, 2],
    [600, 8],
  ])
    assert.equal(sizes((await searched(gaussianMatrix(rows, dims, 3))).parts), [[rows, false]]);
});

/** Two cliques of twenty, each row with lists of all others in its own; more rows and their lists are for the caller. */
function twoCliques(more: readonly (readonly number[])[] = []) {
  const ends: number[] = [];
  const rows: number[][] = [];
  for (const base of [0, 20]) {
    for (let a = base; a < base + 20; a++) {
      rows.push(range(base, base + 20).filter((b) => b !== a));
      for (let b = base; b < a; b++) ends.push(a, b);
    }
  }
  return { ends, graph: graphFromEdges(40 + more.length, ends), rows: [...rows, ...more] };
}

test("rows in no large component go where most of their neighbors are, the lower among equals, theirs in the next pass", () => {
  // 40 lists more of the second; 41 lists 40 alone; 42 as many of either; 43 and 44 only each other.
  const { graph, rows } = twoCliques([[25, 26, 7], [40], [20, 21, 0, 1], [44], [43]]);
  assert.equal(
    partsOf(graph, listsOf(rows), 5).map(({ rows: own, apart }) => [[...own], apart]),
    [
      [[...range(0, 20), 42], true],
      [[...range(20, 40), 40, 41], true],
      [[43, 44], false],
    ],
  );
});

test("homes are joined where more than two in a hundred of the neighbors of one's rows are at the other", () => {
  const { graph, rows } = twoCliques();
  // Of 380 places 7 are 1.8 % and 8 are 2.1 %.
  for (const [places, expected] of [
    [
      7,
      [
        [20, true],
        [20, true],
      ],
    ],
    [8, [[40, false]]],
  ] as const) {
    const lists = listsOf(rows.map((list, v) => (v < places ? [20 + v, ...list.slice(1)] : list)));
    assert.equal(sizes(partsOf(graph, lists, 5)), expected);
  }
});

test("of three homes two are joined by their lists, and all lists count for what they make", () => {
  // A third clique, whose rows list the second a lot, and the first not.
  const { ends, rows } = twoCliques();
  for (let a = 40; a < 60; a++) {
    rows.push([20 + (a % 20), ...range(40, 60).filter((b) => b !== a)]);
    for (let b = 40; b < a; b++) ends.push(a, b);
  }
  assert.equal(
    partsOf(graphFromEdges(60, ends), listsOf(rows), 5).map(({ rows: own }) => [...own]),
    [range(0, 20), range(20, 60)],
  );
});

test("a single edge between two clouds does not make them one", () => {
  const { ends, rows } = twoCliques();
  assert.is(partsOf(graphFromEdges(40, [...ends, 19, 20]), listsOf(rows), 5).length, 2);
  // With a second edge there is a triangle.
  assert.is(partsOf(graphFromEdges(40, [...ends, 19, 20, 18, 20]), listsOf(rows), 5).length, 1);
});

test("the share of neighbors outside, of lists by hand", () => {
  const lists = listsOf([[1, 2], [0], [3, 0, 1], []]);
  assert.is(shareOutside([0, 1], lists), 1 / 3);
  assert.is(shareOutside([0, 1, 2], lists), 1 / 6);
  assert.is(shareOutside([3], lists), 1, "who lists no one belongs to no one");
});

const POINTS = CLUSTER_PRESETS.points.keys;
const PLAIN = { rows: "none" } as const;

test("few large blobs are the clusters, by the defaults for rows and by the preset of points", async (t) => {
  let least = 1;
  for (const [counts, dims] of [
    [[30, 30], 2],
    [[100, 100, 100], 8],
    [[400, 400], 8],
    [[40, 40, 40, 40], 2],
    [[570, 30], 2],
  ] as const) {
    const { points, truth } = blobs({ sizes: counts, dims, distance: 15, seed: 3 });
    for (const config of [PLAIN, POINTS]) {
      const { labels, clusters, left } = await clusterTokens(points, config, { threads: 1, profiles: false });
      const { ari } = scorePartition(labels, truth);
      least = Math.min(least, ari);
      assert.ok(ari >= 0.98, `${counts} in ${dims} dimensions, ${JSON.stringify(config)}: ARI ${ari}`);
      assert.equal([clusters.length, left], [counts.length, null]);
    }
  }
  t.note(`least ARI ${least.toFixed(4)}`);
});

test("of groups apart one may have a body with clusters in it: these are found, and the others come whole", async (t) => {
  const planted = plantClusters({ seed: 7, sizes: [30, 40, 50], body: 500, dims: 12, centers: 1.6, spread: 0.35 });
  const more = 200;
  const rows = planted.rows + more;
  const far = gaussianMatrix(more, 12, 5).data.map((x, at) => (at % 12 === 0 ? 60 : 0) + x);
  const matrix = { rows, cols: 12, data: Float64Array.from([...planted.data, ...far]) };
  const config = { columns: "none", rows: "none" } as const;
  const { clusters } = await clusterTokens(matrix, config, { threads: 1, profiles: false });
  const whole = clusters.filter(({ members }) => members.some((v) => v >= planted.rows));
  assert.equal(
    whole.map(({ members }) => [members[0], members.length]),
    [[planted.rows, more]],
  );
  const { perLabel } = scoreSets(clusters, [...planted.truth, ...new Array<number>(more).fill(-1)]);
  t.note(`F1 ${perLabel.map(({ bestF1 }) => bestF1.toFixed(2)).join(", ")} in ${clusters.length} clusters`);
  assert.ok(perLabel.every(({ bestF1 }) => bestF1 > 0.8));
  assert.ok(clusters.length <= 5);
});

test.run();
