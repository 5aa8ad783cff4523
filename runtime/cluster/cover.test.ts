/** Which sets become clusters: what the null, the body, the seeds and the rounds say. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { type Graph, graphFromEdges } from "../../kernels/graph/csr";
import { push, sweep } from "../../kernels/graph/reference";
import { type Envelope, randomSetEnvelope } from "./candidates";
import { type ClusterConfig, parseClusterConfig } from "./config";
import { coverGraph, searchNull } from "./cover";
import { makeRandom } from "./random";

const test = suite("runtime/cluster/cover");

/** Cliques of these sizes, node after node, each node with `outside` edges to nodes of other cliques. */
function cliques(sizes: readonly number[], outside = 1): Graph {
  const n = sizes.reduce((a, b) => a + b, 0);
  const { uniform } = makeRandom(3);
  const ends: number[] = [];
  let base = 0;
  for (const size of sizes) {
    for (let a = 0; a < size; a++) {
      for (let b = 0; b < a; b++) ends.push(base + a, base + b);
      for (let e = 0; e < outside; e++) {
        const other = (base + size + Math.floor(uniform() * (n - size))) % n;
        ends.push(base + a, other);
      }
    }
    base += size;
  }
  return graphFromEdges(n, ends);
}

const cover = (graph: Graph, changes: Partial<ClusterConfig> = {}, envelope: Envelope = randomSetEnvelope) =>
  coverGraph(graph, parseClusterConfig({ null: "none", min_size: 4, ...changes }), envelope, { threads: 1 });
const sizesOf = ({ clusters }: { clusters: { size: number }[] }) =>
  clusters.map(({ size }) => size).sort((a, b) => a - b);
const ascending = (a: number, b: number) => a - b;
const TEN = [10, 10, 11, 11, 12, 12, 13, 13, 14, 14];

const share = (graph: Graph, members: readonly number[]) =>
  members.reduce((sum, v) => sum + graph.degree[v], 0) / graph.volume;

test("a cluster lies below the null at its own volume, by excess_min", async () => {
  const graph = cliques(TEN);
  // No union of two cliques is small enough to be found instead.
  const few = { max_share: 0.15 };
  const all = await cover(graph, few);
  assert.equal(sizesOf(all), TEN);
  for (const { conductance, excess, members } of all.clusters)
    assert.ok(Math.abs(excess - (1 - conductance / randomSetEnvelope(share(graph, members)))) < 1e-12);
  // A null that is low for the larger sets takes only those away.
  const limit = all.clusters.map(({ members }) => share(graph, members)).sort((a, b) => a - b)[5];
  const half = await cover(graph, few, (at) => (at < limit ? 1 : 1e-9));
  assert.equal(sizesOf(half), TEN.slice(0, 5));
  // Conductances run from 0.11 to 0.20: the null lies in their middle, and a tenth below it is asked for.
  const middle = all.clusters[5].conductance;
  const strict = await cover(graph, { ...few, excess_min: 0.1 }, () => middle);
  const below = all.clusters.filter(({ conductance }) => conductance <= 0.9 * middle);
  assert.ok(below.length > 1 && below.length < 5);
  assert.equal(
    strict.clusters.map(({ members }) => members),
    below.map(({ members }) => members),
  );
});

test("what does no better than the null is no cluster, even where nothing more is asked for", async () => {
  const graph = cliques(TEN);
  const few = { max_share: 0.15, excess_min: 0 };
  const { clusters } = await cover(graph, few);
  const own = new Map(clusters.map(({ members, conductance }) => [share(graph, members), conductance]));
  assert.is((await cover(graph, few, (at) => own.get(at) ?? 1e-9)).clusters.length, 0);
  const above = await cover(graph, few, (at) => 1.001 * (own.get(at) ?? 1e-9));
  assert.is(above.clusters.length, clusters.length);
});

test("beside a null a clique with more than the largest share of the volume is body; without one it is a cluster", async () => {
  const sizes = [10, 11, 12, 13, 14, 15, 24];
  const graph = cliques(sizes);
  const large = share(
    graph,
    [...Array(24).keys()].map((i) => graph.n - 24 + i),
  );
  assert.ok(large > 0.3 && large < 0.45);
  assert.equal(sizesOf(await cover(graph, { max_share: 0.45 })), sizes);
  const beside = { null: "rewired", recurrence_min: 0 } as const;
  assert.equal(sizesOf(await cover(graph, { ...beside, max_share: 0.45 })), sizes);
  assert.equal(sizesOf(await cover(graph, { ...beside, max_share: 0.25 })), sizes.slice(0, 6));
  assert.equal(sizesOf(await cover(graph, { max_share: 0.25 })), sizes, "the key is of the sets that are searched");
});

test("num_seeds a round, as many rounds as it takes", async () => {
  const graph = cliques(TEN);
  const truth = new Set((await cover(graph, { max_share: 0.15 })).clusters.map(({ members }) => members.join()));
  assert.is(truth.size, 10);
  const all = await cover(graph, { num_seeds: 3, max_share: 0.15 });
  assert.ok(all.rounds >= 3, "nodes that were no seeds yet stay open");
  // The last clique may be a whole component of what is left, which is no set.
  assert.ok(all.clusters.length >= 9);
  for (const { members } of all.clusters) assert.ok(truth.has(members.join()), "each is a clique");
  assert.ok(all.candidates.length <= 3, "candidates are those of the first round");
});

test("a round that assigns less than a thousandth is the last", async () => {
  const rounds = async (count: number) => {
    const found = await cover(cliques(Array(count).fill(8)), { num_seeds: 1, max_share: 0.002 });
    return [found.rounds, found.clusters.length, found.candidates.length];
  };
  // A clique of 8 is 0.00125 of 6,400 nodes, and 0.00083 of 9,600.
  assert.equal(await rounds(800), [20, 20, 1], "more than twenty there are never");
  assert.equal(await rounds(1200), [1, 1, 1]);
});

test("the paper's search takes the lowest prefix of one lazy walk as it is", async () => {
  const graph = cliques(TEN);
  const paper = {
    search: "paper",
    alpha: 0.05,
    tolerances: [1e-6],
    refine: "none",
    assign: "none",
    max_share: 0.15,
  } as const;
  const { clusters, candidates } = await cover(graph, paper);
  assert.equal(sizesOf({ clusters }), TEN);
  for (const { sweep, size, conductance, tolerance } of clusters) {
    assert.is(tolerance, 1e-6);
    const eligible = sweep.slice(3, 14);
    assert.is(eligible.indexOf(Math.min(...eligible)), size - 4);
    assert.ok(Math.abs(sweep[size - 1] - conductance) < 1e-12);
  }
  for (const { scale } of candidates) assert.is(scale, 0);
  // In a graph of blurred cliques a polish would give other sets.
  const blurred = cliques(TEN, 6);
  let seen = 0;
  for (let seed = 1; seed <= 20; seed++) {
    const [found] = (await cover(blurred, { ...paper, num_seeds: 1, excess_min: 0, seed })).candidates;
    if (!found) continue;
    const { nodes, p } = push(blurred, found.seed, paper.alpha, paper.tolerances[0], Infinity);
    const { order, size } = sweep(blurred, nodes, p, "global", 0, 4, paper.max_share * blurred.volume);
    assert.equal([...found.members].sort(ascending), [...order.slice(0, size)].sort(ascending));
    seen++;
  }
  assert.ok(seen >= 5, `${seen} sets`);
  const one = await cover(graph, { ...paper, tolerances: null, num_seeds: 1 });
  assert.is(one.clusters[0].tolerance, 1e-7, "its one scale, where none is given");
});

test("labels, members and ids agree; lowest conductance first; profiles only when asked", async () => {
  const graph = cliques([...TEN, 20, 6, 4]);
  const result = await cover(graph);
  const labels = new Int32Array(graph.n).fill(-1);
  result.clusters.forEach(({ id, members, conductance, seed, sweep }, i) => {
    assert.is(id, i);
    assert.ok(i === 0 || conductance >= result.clusters[i - 1].conductance);
    assert.ok(members.includes(seed) && sweep.length > 0 && sweep.length <= 4 * members.length);
    for (const v of members) labels[v] = id;
  });
  assert.equal(labels, result.labels);
  const config = parseClusterConfig({ null: "none", min_size: 4 });
  const bare = await coverGraph(graph, config, randomSetEnvelope, { threads: 1, profiles: false });
  assert.equal(
    bare.clusters,
    result.clusters.map((cluster) => ({ ...cluster, sweep: [] })),
  );
});

test("a null is measured at every size, from min_size on", async () => {
  const { uniform } = makeRandom(5);
  const n = 800;
  const graph = graphFromEdges(
    n,
    Array.from({ length: 8 * n }, () => Math.floor(n * uniform())),
  );
  const points = await searchNull(graph, parseClusterConfig({ min_size: 4 }), { threads: 1 });
  const shares = points.map(({ share }) => share).sort((a, b) => a - b);
  assert.ok(points.length > 300);
  assert.ok(shares[0] < 0.01 && shares[shares.length - 1] > 0.25 && shares[shares.length - 1] <= 1);
  assert.ok(points.every(({ conductance }) => conductance > 0.3 && conductance <= 1));
  assert.equal(await searchNull(graphFromEdges(5, []), parseClusterConfig({}), { threads: 1 }), []);
});

test("a graph without edges has no clusters and no rounds", async () => {
  const { clusters, labels, rounds } = await cover(graphFromEdges(7, []));
  assert.equal([clusters.length, rounds, [...labels]], [0, 0, new Array(7).fill(-1)]);
});

test.run();
