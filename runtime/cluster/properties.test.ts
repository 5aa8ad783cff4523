/** What must not change a clustering: the order of rows, the numbers of nodes, units, and what is added elsewhere. */
import * as assert from "uvu/assert";
import { between, groupsOf, KINDS, permutation, renamed, rowsOf, setsOf } from "../../harness/test/random-inputs";
import { suite } from "../../harness/test/suite";
import { type Graph, graphFromEdges } from "../../kernels/graph/csr";
import { takeRows } from "../statistics/matrix";
import { clusterGraph, clusterTokens, type GraphClustering } from "./cluster";
import type { ClusterConfig } from "./config";
import { makeRandom } from "./random";

const test = suite("runtime/cluster/properties");

const words = ({ clusters, candidates }: GraphClustering) => [
  clusters.map(({ id, size, conductance, excess, recurrence, tolerance, sweep }) =>
    JSON.stringify([id, size, conductance, excess, recurrence, tolerance, sweep]),
  ),
  candidates.map(({ conductance, votes, members }) => JSON.stringify([conductance, votes, members.length])),
];

test("a permutation of rows permutes clusters and nothing else: 200 inputs", async (t) => {
  let found = 0;
  let rows = 0;
  for (let seed = 0; seed < 200; seed++) {
    const random = makeRandom(1000 + seed);
    const matrix = rowsOf(KINDS[seed % KINDS.length], random);
    const config: Partial<ClusterConfig> = {
      columns: seed % 3 === 0 ? "zscore" : seed % 3 === 1 ? "rank" : "asinh",
      rows: seed % 4 === 0 ? "standardize" : "none",
      symmetrize: seed % 5 === 0 ? "union" : "mutual",
      ...(seed % 7 === 0 ? { null: "none" } : { null_draws: 1 }),
      ...(seed % 8 === 0 ? { whiten: "shrinkage" } : {}),
    };
    const order = permutation(matrix.rows, random);
    const noisy = () => ({ ...matrix, data: Float64Array.from(matrix.data, (x) => x + 0.2 * random.normal()) });
    const halves = [noisy(), noisy()] as const;
    const first = await clusterTokens(matrix, config, { threads: 1, halves });
    const moved = [takeRows(halves[0], order), takeRows(halves[1], order)] as const;
    const other = await clusterTokens(takeRows(matrix, order), config, { threads: 1, halves: moved });
    const where = `input ${seed}, ${KINDS[seed % KINDS.length]}`;
    assert.equal(
      other.labels,
      Int32Array.from(order, (row) => first.labels[row]),
      where,
    );
    assert.equal(words(other), words(first), where);
    for (const [id, { seed: at }] of other.clusters.entries()) {
      const seeds = [takeRows(matrix, Uint32Array.of(first.clusters[id].seed, order[at])).data];
      assert.equal(seeds[0].subarray(0, matrix.cols), seeds[0].subarray(matrix.cols), where);
    }
    found += first.clusters.length;
    rows += matrix.rows;
  }
  t.note(`${found} clusters of ${rows} rows`);
  assert.ok(found > 200);
});

test("equal rows are in one cluster or in none", async (t) => {
  let split = 0;
  let groups = 0;
  let covered = 0;
  for (let seed = 0; seed < 40; seed++) {
    const random = makeRandom(seed);
    const matrix = rowsOf(seed % 2 === 0 ? "copies" : "counts", random);
    const { labels } = await clusterTokens(matrix, { null_draws: 1 }, { threads: 1, profiles: false });
    const seen = new Map<string, number>();
    for (let i = 0; i < matrix.rows; i++) {
      const key = matrix.data.subarray(i * matrix.cols, (i + 1) * matrix.cols).join();
      if (!seen.has(key)) groups++;
      else if (seen.get(key) !== labels[i]) split++;
      seen.set(key, labels[i]);
      if (labels[i] >= 0) covered++;
    }
  }
  t.note(`${groups} different rows, ${covered} rows in clusters`);
  assert.is(split, 0);
  assert.ok(covered > 500);
});

const FIXED = { min_size: 5 } as const;
const REWIRED = { ...FIXED, null: "rewired", null_draws: 1 } as const;
const inGraph = (graph: Graph, config: Partial<ClusterConfig> = FIXED) =>
  clusterGraph(graph, config, { threads: 1, profiles: false });

test("other numbers of the nodes: the same clusters of them, to the bit", async (t) => {
  let found = 0;
  for (let seed = 0; seed < 100; seed++) {
    const random = makeRandom(seed);
    const { n, ends, weights } = groupsOf(random, seed % 2 === 0, seed % 3 === 0 ? 0.05 : 0.01);
    const order = permutation(n, random);
    const config = seed % 4 === 1 ? REWIRED : FIXED;
    const first = await inGraph(graphFromEdges(n, ends, weights), config);
    const graph = graphFromEdges(
      n,
      renamed(ends, (v) => order[v]),
      weights,
    );
    const other = await inGraph(graph, config);
    assert.equal(
      Int32Array.from(order, (v) => other.labels[v]),
      first.labels,
      `graph ${seed}`,
    );
    assert.equal(words(other), words(first), `graph ${seed}`);
    found += first.clusters.length;
  }
  t.note(`${found} clusters`);
  assert.ok(found > 100);
});

test("graphs full of symmetry: another numbering gives clusters of the same sizes and conductances", async () => {
  for (const [name, n, ends] of symmetric()) {
    const random = makeRandom(5);
    const first = await inGraph(graphFromEdges(n, ends));
    for (let repeat = 0; repeat < 3; repeat++) {
      const order = permutation(n, random);
      const other = await inGraph(
        graphFromEdges(
          n,
          renamed(ends, (v) => order[v]),
        ),
      );
      assert.equal(words(other), words(first), name);
    }
  }
});

/** Rings of cliques, a grid, a torus, a tree, stars on a path. */
function symmetric(): [string, number, number[]][] {
  const cliques: number[] = [];
  for (let g = 0; g < 12; g++) {
    for (let v = 0; v < 7; v++) for (let u = 0; u < v; u++) cliques.push(7 * g + u, 7 * g + v);
    cliques.push(7 * g, (7 * g + 8) % 84);
  }
  const [grid, torus, tree, stars]: number[][] = [[], [], [], []];
  for (let i = 0; i < 100; i++) {
    if (i % 10 < 9) grid.push(i, i + 1);
    if (i < 90) grid.push(i, i + 10);
    torus.push(i, i - (i % 10) + ((i + 1) % 10), i, (i + 10) % 100);
    if (i > 0) tree.push(i, (i - 1) >> 1);
    stars.push(i, i < 10 ? (i + 1) % 10 : i % 10);
  }
  return [
    ["ring of cliques", 84, cliques],
    ["grid", 100, grid],
    ["torus", 100, torus],
    ["tree", 100, tree],
    ["stars on a ring", 100, stars],
  ];
}

test("a scale of values changes nothing: of all where columns are none, of each where they are z-scored", async () => {
  for (let seed = 0; seed < 24; seed++) {
    const random = makeRandom(seed);
    const matrix = rowsOf(KINDS[seed % KINDS.length], random);
    const columns = seed % 2 === 0 ? "none" : "zscore";
    const run = async (scale: (c: number) => number) => {
      const data = Float64Array.from(matrix.data, (x, at) => x * scale(at % matrix.cols));
      const config = { columns, null_draws: 1 } as const;
      return (await clusterTokens({ ...matrix, data }, config, { threads: 1, profiles: false })).labels;
    };
    const first = await run(() => 1);
    assert.equal(await run(() => 2 ** 20), first, `input ${seed}`);
    assert.equal(await run(() => 1e-3), first, `input ${seed}`);
    if (columns === "zscore") assert.equal(await run((c) => 3 ** c), first, `input ${seed}, each column`);
  }
});

test("nodes without an edge are in no cluster and change no other", async () => {
  for (let seed = 0; seed < 30; seed++) {
    const random = makeRandom(seed);
    const { n, ends, weights } = groupsOf(random, seed % 2 === 0);
    const first = await inGraph(graphFromEdges(n, ends, weights), {});
    const more = between(random, 1, 30);
    const order = permutation(n + more, random);
    const graph = graphFromEdges(
      n + more,
      renamed(ends, (v) => order[v]),
      weights,
    );
    const other = await inGraph(graph, {});
    const kept = Int32Array.from({ length: n }, (_, v) => other.labels[order[v]]);
    assert.equal(kept, first.labels, `graph ${seed}`);
    assert.equal(words(other), words(first), `graph ${seed}`);
    for (let v = n; v < n + more; v++) assert.is(other.labels[order[v]], -1);
  }
});

/**
 * A null of twice as many points has no pairs in it and more points, so what stands out narrowly from one need not from the other:
 * the groups here lie far apart, and rows as they are, for standardized ones may overlap where these do not.
 */
test("every row twice: the groups that were planted, each twice as large", async () => {
  for (let seed = 0; seed < 16; seed++) {
    const random = makeRandom(seed);
    const groups = between(random, 2, 8);
    const rows = groups * 16;
    const centers = Float64Array.from({ length: groups * 16 }, () => 4 * random.normal());
    const data = Float64Array.from({ length: rows * 16 }, (_, at) => {
      return centers[(Math.floor(at / 16) % groups) * 16 + (at % 16)] + random.normal();
    });
    const once = { rows, cols: 16, data };
    const order = permutation(2 * rows, random);
    const twice = takeRows(
      once,
      order.map((i) => i % rows),
    );
    const config = { columns: "none", rows: "none", k: 8, min_size: 6, null_draws: 2 } as const;
    const first = await clusterTokens(once, config, { threads: 1, profiles: false });
    const other = await clusterTokens(twice, { ...config, k: 17, min_size: 12 }, { threads: 1, profiles: false });
    const labels = new Int32Array(2 * rows);
    order.forEach((i, at) => {
      labels[i] = other.labels[at];
    });
    assert.equal(labels.slice(0, rows), labels.slice(rows), `input ${seed}`);
    const truth = setsOf(Int32Array.from({ length: rows }, (_, i) => i % groups));
    assert.equal(setsOf(first.labels), truth, `input ${seed}`);
    assert.equal(setsOf(labels.slice(0, rows)), truth, `input ${seed}, twice`);
  }
});

test.run();
