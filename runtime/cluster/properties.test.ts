/** What must not change a clustering: the order of rows, the numbers of nodes, units, and what is added elsewhere. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { type Graph, graphFromEdges } from "../../kernels/graph/csr";
import type { Matrix } from "../statistics/matrix";
import { takeRows } from "./canonical-order";
import { clusterGraph, clusterTokens, type GraphClustering } from "./cluster";
import type { ClusterConfig } from "./config";
import { makeRandom } from "./random";

const test = suite("runtime/cluster/properties");

type Random = ReturnType<typeof makeRandom>;
const upTo = ({ uniform }: Random, n: number) => Math.floor(uniform() * n);
/** A whole number of `low` to `high`. */
const between = (random: Random, low: number, high: number) => low + upTo(random, high - low + 1);

function permutation(n: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = upTo(random, i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

const KINDS = ["blobs", "grid", "copies", "categories", "noise", "counts"] as const;

/** Rows of a kind: clusters, whole numbers, rows that occur up to 30 times, one column of several set, normal values, small counts. */
function rowsOf(kind: (typeof KINDS)[number], random: Random): Matrix {
  const { normal } = random;
  const rows = between(random, 20, 140);
  const cols = between(random, 2, 8);
  const groups = between(random, 2, 6);
  const centers = Float64Array.from({ length: groups * cols }, () => 6 * normal());
  const own = Float64Array.from({ length: rows * cols }, normal);
  const from = Uint32Array.from({ length: rows }, (_, i) => (i < 12 ? i : upTo(random, between(random, 1, 12))));
  const data = new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++) {
    const group = upTo(random, groups);
    for (let c = 0; c < cols; c++) {
      const at = i * cols + c;
      if (kind === "blobs") data[at] = centers[group * cols + c] + own[at];
      else if (kind === "grid") data[at] = upTo(random, 5);
      else if (kind === "copies") data[at] = own[from[i] * cols + c];
      else if (kind === "categories") data[at] = c === group % cols ? 1 : 0;
      else if (kind === "noise") data[at] = own[at];
      else data[at] = Math.max(0, Math.round(centers[group * cols + c] / 3 + own[at] / 2));
    }
  }
  return { rows, cols, data };
}

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
    };
    const order = permutation(matrix.rows, random);
    const first = await clusterTokens(matrix, config, { threads: 1 });
    const other = await clusterTokens(takeRows(matrix, order), config, { threads: 1 });
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

/** Edges of groups of 8 to 20 nodes: 6 in 10 pairs inside a group, `between` of the others, with weights or without. */
function groupsOf(random: Random, weighted: boolean, mixing = 0.01): { n: number; ends: number[]; weights?: number[] } {
  const group: number[] = [];
  for (let g = between(random, 3, 7); g > 0; g--) for (let i = between(random, 8, 20); i > 0; i--) group.push(g);
  const ends: number[] = [];
  const weights: number[] = [];
  for (let v = 0; v < group.length; v++) {
    for (let u = 0; u < v; u++) {
      if (random.uniform() >= (group[u] === group[v] ? 0.6 : mixing)) continue;
      ends.push(u, v);
      weights.push(0.5 + random.uniform());
    }
  }
  return { n: group.length, ends, weights: weighted ? weights : undefined };
}

const renamed = (ends: readonly number[], name: (v: number) => number) => ends.map(name);
const FIXED = { min_size: 5 } as const;
const inGraph = (graph: Graph, config: Partial<ClusterConfig> = FIXED) =>
  clusterGraph(graph, config, { threads: 1, profiles: false });

test("other numbers of the nodes: the same clusters of them, to the bit", async (t) => {
  let found = 0;
  for (let seed = 0; seed < 100; seed++) {
    const random = makeRandom(seed);
    const { n, ends, weights } = groupsOf(random, seed % 2 === 0, seed % 3 === 0 ? 0.05 : 0.01);
    const order = permutation(n, random);
    const first = await inGraph(graphFromEdges(n, ends, weights));
    const graph = graphFromEdges(
      n,
      renamed(ends, (v) => order[v]),
      weights,
    );
    const other = await inGraph(graph);
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

test("a scale of weights changes nothing but the weights", async () => {
  for (let seed = 0; seed < 30; seed++) {
    const { n, ends, weights } = groupsOf(makeRandom(seed), true);
    const first = await inGraph(graphFromEdges(n, ends, weights));
    for (const scale of [2 ** 40, 3.7, 1e-9]) {
      const scaled = weights?.map((w) => scale * w);
      const other = await inGraph(graphFromEdges(n, ends, scaled));
      assert.equal(other.labels, first.labels, `graph ${seed} times ${scale}`);
    }
  }
});

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

/** Sets of nodes, one string each, in order. */
const setsOf = (labels: Int32Array) => {
  const sets = new Map<number, number[]>();
  labels.forEach((label, v) => {
    if (label >= 0) sets.set(label, [...(sets.get(label) ?? []), v]);
  });
  return [...sets.values()].map((set) => set.join()).sort();
};

test("two graphs side by side: the clusters of each", async () => {
  for (let seed = 0; seed < 30; seed++) {
    const random = makeRandom(seed);
    const [a, b] = [groupsOf(random, false), groupsOf(random, false)];
    const alone = [await inGraph(graphFromEdges(a.n, a.ends)), await inGraph(graphFromEdges(b.n, b.ends))];
    const ends = [...a.ends, ...renamed(b.ends, (v) => v + a.n)];
    const both = await inGraph(graphFromEdges(a.n + b.n, ends));
    assert.equal(setsOf(both.labels.slice(0, a.n)), setsOf(alone[0].labels), `graph ${seed}, the first`);
    assert.equal(setsOf(both.labels.slice(a.n)), setsOf(alone[1].labels), `graph ${seed}, the second`);
  }
});

test("every node twice, each with its twin and its neighbors' twins: the clusters with their twins", async () => {
  for (let seed = 0; seed < 30; seed++) {
    const { n, ends } = groupsOf(makeRandom(seed), false);
    const doubled: number[] = [];
    for (let e = 0; e < ends.length; e += 2) {
      const [u, v] = [ends[e], ends[e + 1]];
      doubled.push(u, v, u + n, v, u, v + n, u + n, v + n);
    }
    for (let v = 0; v < n; v++) doubled.push(v, v + n);
    const first = await inGraph(graphFromEdges(n, ends));
    const twice = await inGraph(graphFromEdges(2 * n, doubled), { min_size: 2 * FIXED.min_size });
    assert.equal(twice.labels.slice(0, n), twice.labels.slice(n), `graph ${seed}, twins`);
    assert.equal(setsOf(twice.labels.slice(0, n)), setsOf(first.labels), `graph ${seed}`);
  }
});

test("every row twice: the clusters of the rows, each twice as large", async () => {
  for (let seed = 0; seed < 12; seed++) {
    const random = makeRandom(seed);
    const groups = between(random, 5, 8);
    const rows = groups * 16;
    const centers = Float64Array.from({ length: groups * 6 }, () => 8 * random.normal());
    const data = Float64Array.from({ length: rows * 6 }, (_, at) => {
      return centers[(Math.floor(at / 6) % groups) * 6 + (at % 6)] + random.normal();
    });
    const once = { rows, cols: 6, data };
    const order = permutation(2 * rows, random);
    const twice = takeRows(
      once,
      order.map((i) => i % rows),
    );
    const config = { k: 8, min_size: 6, null_draws: 2 } as const;
    const first = await clusterTokens(once, config, { threads: 1, profiles: false });
    const other = await clusterTokens(twice, { ...config, k: 17, min_size: 12 }, { threads: 1, profiles: false });
    const labels = new Int32Array(2 * rows);
    order.forEach((i, at) => {
      labels[i] = other.labels[at];
    });
    assert.equal(labels.slice(0, rows), labels.slice(rows), `input ${seed}`);
    assert.equal(setsOf(labels.slice(0, rows)), setsOf(first.labels), `input ${seed}`);
  }
});

test.run();
