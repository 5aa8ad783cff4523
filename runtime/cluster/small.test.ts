/** Clusterings of a few points and nodes whose answer is plain: quick, and so apart from cluster.test.ts. */
import * as assert from "uvu/assert";
import { refused, refusedAsUsage } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { graphFromEdges } from "../../kernels/graph/csr";
import type { Matrix } from "../statistics/matrix";
import { clusterGraph, clusterTokens } from "./cluster";
import { clusterEach, clusterMany, scoreNeighborsEach } from "./many";
import { makeRandom } from "./random";
import type { Stage } from "./search-options";

const test = suite("runtime/cluster/small");

const GROUPS = 6;
const SIZE = 14;

/** Six groups of 14 points about corners that lie far apart, one group after another. */
function groups(): Matrix {
  const { normal } = makeRandom(1);
  const rows = GROUPS * SIZE;
  const data = Float64Array.from({ length: rows * GROUPS }, (_, at) => {
    const [i, c] = [Math.floor(at / GROUPS), at % GROUPS];
    return (Math.floor(i / SIZE) === c ? 20 : 0) + normal();
  });
  return { rows, cols: GROUPS, data };
}

const truth = Array.from({ length: GROUPS * SIZE }, (_, i) => Math.floor(i / SIZE));
const config = { k: 10, min_size: 6, null: "none", max_share: 0.3 } as const;

/** Labels by group: each group has one of its own. */
function checkGroups(labels: Int32Array): void {
  const own = Array.from({ length: GROUPS }, (_, g) => [...new Set(labels.subarray(g * SIZE, (g + 1) * SIZE))]);
  assert.ok(
    own.every((list) => list.length === 1 && list[0] >= 0),
    JSON.stringify(own),
  );
  assert.is(new Set(own.flat()).size, GROUPS);
}

test("groups far apart are the clusters; what was done on the way is told", async () => {
  const told: [Stage, number, number][] = [];
  const progress = (stage: Stage, done: number, total: number) => told.push([stage, done, total]);
  const known = { numbers: truth, minCount: 10 };
  const found = await clusterTokens(groups(), config, { threads: 1, progress, known });
  checkGroups(found.labels);
  assert.equal(
    found.clusters.map(({ size, conductance }) => [size, conductance]),
    new Array(GROUPS).fill([SIZE, 0]),
    "no edge leaves a group",
  );
  assert.equal([found.k, found.neighbors?.method, found.neighbors?.recall], [10, "wasm", null]);
  assert.equal([found.graph.nodes, found.graph.isolated], [GROUPS * SIZE, 0]);
  assert.equal(found.neighborScores, { accuracy: 1, purity: 1 });
  assert.equal([...new Set(told.map(([stage]) => stage))], ["points", "neighbors", "clusters"]);
  assert.ok(told.every(([, done, total]) => done >= 0 && done <= total));
  assert.equal(told.at(-1)?.[0], "clusters");
  assert.is(told.at(-1)?.[1], told.at(-1)?.[2], "all of it is done at the end");
  const bare = await clusterTokens(groups(), config, { threads: 1, profiles: false });
  assert.equal([bare.candidates, bare.clusters.map(({ sweep }) => sweep.length)], [[], new Array(GROUPS).fill(0)]);
  assert.equal(bare.labels, found.labels);
});

test("nulls are drawn as often as asked, each told", async () => {
  for (const rule of ["gaussian", "column_shuffle", "rewired"] as const) {
    const told: string[] = [];
    const progress = (stage: Stage, done: number, total: number) => {
      if (stage === "null") told.push(`${done} of ${total}`);
    };
    const settings = { ...config, null: rule, null_draws: 2, excess_min: 0.3 };
    checkGroups((await clusterTokens(groups(), settings, { threads: 1, progress })).labels);
    assert.equal(told, ["0 of 2", "1 of 2", "2 of 2"], rule);
  }
});

test("a graph's clusters; a null of points is refused for it", async () => {
  const ends: number[] = [];
  for (let v = 0; v < GROUPS * SIZE; v++) {
    const base = v - (v % SIZE);
    for (let u = base; u < v; u++) ends.push(u, v);
    if (v === base) ends.push(v, (v + SIZE + 1) % (GROUPS * SIZE));
  }
  // One node more, without an edge.
  const graph = graphFromEdges(GROUPS * SIZE + 1, ends);
  const found = await clusterGraph(graph, { null: "none", min_size: 6, max_share: 0.3 }, { threads: 1 });
  checkGroups(found.labels.subarray(0, GROUPS * SIZE));
  assert.is(found.labels[GROUPS * SIZE], -1);
  assert.equal(found.graph, { nodes: GROUPS * SIZE + 1, edges: ends.length / 2, isolated: 1 });
  await refusedAsUsage(
    clusterGraph(graph, { null: "gaussian" }, { threads: 1 }),
    /null = gaussian needs points.*null=rewired/,
  );
});

test("k below the rows; one row, or rows that are all alike, have no clusters and no graph", async () => {
  await refused(clusterTokens(groups(), { k: 84 }), /k = 84 neighbors asked of 84 rows; give k below 84/);
  const one = await clusterTokens({ rows: 1, cols: 2, data: Float64Array.of(1, 2) }, {}, { threads: 1 });
  assert.equal(
    [one.k, one.neighbors, one.graph, [...one.labels]],
    [0, null, { nodes: 1, edges: 0, isolated: 1 }, [-1]],
  );
  const alike = await clusterTokens({ rows: 9, cols: 2, data: new Float64Array(18) }, {}, { threads: 1 });
  assert.equal([alike.k, alike.graph, alike.gamma], [0, { nodes: 9, edges: 0, isolated: 9 }, 1]);
});

test("jobs give what single calls give, in their order, here and on threads", async () => {
  const matrix = groups();
  const jobs = [
    { matrix, config },
    { matrix, config: { ...config, k: 7 }, axes: 4 },
  ];
  const single = await clusterTokens(matrix, config, { threads: 1 });
  for (const threads of [1, 2]) {
    const found = await clusterMany(jobs, { threads });
    assert.equal(found[0], single);
    assert.equal([found[1].k, found[1].points.dimensions <= 4], [7, true]);
  }
  const large = await clusterEach(
    1e6,
    jobs.map((job) => () => job),
    { threads: 1 },
  );
  assert.equal(large, await clusterMany(jobs, { threads: 1 }));
  const known = { numbers: truth, minCount: 10 };
  const asked = [() => ({ matrix, known }), () => ({ matrix, known: { ...known, minCount: 15 } })];
  for (const tokens of [100, 1e6])
    assert.equal(await scoreNeighborsEach(tokens, asked, { threads: 1 }), [{ accuracy: 1, purity: 1 }, undefined]);
});

test.run();
