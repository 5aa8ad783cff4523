import * as assert from "uvu/assert";
import { blockModel } from "../../harness/bench/clustering/block-model";
import { plantClusters } from "../../harness/test/planted";
import { suite } from "../../harness/test/suite";
import { type Graph, graphFromEdges } from "../../kernels/graph/csr";
import { BATCH } from "../../kernels/graph/memory";
import type { SearchOptions } from "../../kernels/graph/reference";
import { clusterGraph, clusterTokens, type GraphClustering } from "./cluster";
import { gaussianMatrix } from "./controls";
import { exactNeighbors } from "./neighbors/exact";
import { makeRandom } from "./random";
import { type Searches, searchSeeds, withKernel } from "./search";
import { symmetrize } from "./symmetrize";

const test = suite("runtime/cluster/search");

/** `count` cliques of `size`, each node with an edge to another clique, no two cliques joined twice. */
function cliques(count: number, size: number): Graph {
  const n = count * size;
  const ends: number[] = [];
  for (let v = 0; v < n; v++) {
    const place = v % size;
    for (let u = v - place; u < v; u++) ends.push(u, v);
    ends.push(v, (v + size * (1 + 25 * place)) % n);
  }
  return graphFromEdges(n, ends);
}

const walk = (graph: Graph, changes: Partial<SearchOptions> = {}): SearchOptions => ({
  ...{ alpha: 0.18, lazy: false, tolerances: [0.003, 0.001, 0.0003].map((t) => (t * graph.n) / graph.volume) },
  ...{ maxPushes: Infinity, rule: "prominent", delta: 0.2, minSize: 4, maxVolume: graph.volume / 4 },
  ...{ mainBody: 0.9, phiMax: 1, openPhi: 0.18, every: false, polishRounds: 5, strictness: 0.7 },
  ...changes,
});

const ids = (n: number) => Uint32Array.from({ length: n }, (_, v) => v);
const searched = (graph: Graph, order: Uint32Array, maxHits: number, changes?: Partial<SearchOptions>) =>
  withKernel(graph, 1, (kernel) => searchSeeds(kernel, order, walk(graph, changes), maxHits));

/** Members of clique c are not all seeds of one batch: the i-th of every clique in turn. */
const inTurn = (count: number, size: number) =>
  Uint32Array.from({ length: count * size }, (_, i) => (i % count) * size + Math.floor(i / count));

test("a clique that enough seeds stand for is passed over; its set is one, with a vote for each seed", async () => {
  const [count, size] = [BATCH, 10];
  const graph = cliques(count, size);
  const order = inTurn(count, size);
  const tried = async (maxHits: number) => {
    const found = await searched(graph, order, maxHits);
    assert.is(found.sets.length, count);
    for (const [i, { members }] of found.sets.entries()) {
      const clique = Math.floor(members[0] / size);
      assert.equal(
        [...members],
        [...ids(size)].map((v) => clique * size + v),
      );
      assert.is(Math.floor(found.seeds[i] / size), clique);
    }
    found.tried.forEach((seed, i) => {
      assert.is(Math.floor(found.sets[found.outcome[i]].members[0] / size), Math.floor(seed / size));
    });
    assert.is(
      found.votes.reduce((a, b) => a + b, 0),
      found.tried.length,
    );
    return found.tried;
  };
  for (const maxHits of [1, 3]) {
    const seeds = await tried(maxHits);
    assert.equal(seeds.slice(0, count), [...order.subarray(0, count)]);
    const perClique = new Uint32Array(count);
    for (const seed of seeds) perClique[Math.floor(seed / size)]++;
    assert.ok(perClique.every((seeds) => seeds >= maxHits));
    // Only seeds of one batch do not know of each other.
    assert.ok(seeds.length < maxHits * count + BATCH, `${seeds.length}`);
  }
  assert.equal(await tried(size), [...order]);
  // The first batch is enough for its cliques.
  const sixteen = order.filter((v) => v < 16 * size);
  assert.equal((await searched(graph, sixteen, 1)).tried, [...sixteen.subarray(0, 16)]);
  const some = order.subarray(0, 20);
  assert.equal((await searched(graph, some, 5)).tried, [...some], "no other nodes than those given");
});

test("a body without structure is sampled; nothing in it is a set below the restart", async (t) => {
  const n = 4000;
  const points = gaussianMatrix(n, 12, 3);
  const body = symmetrize(await exactNeighbors(points, 20), n, "mutual");
  const { uniform } = makeRandom(1);
  const order = ids(n);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  const options = { minSize: 8, phiMax: 0.1 };
  const [few, many]: Searches[] = [await searched(body, order, 1, options), await searched(body, order, 4, options)];
  t.note(`${few.tried.length} seeds of ${n} with one hit, ${many.tried.length} with four`);
  assert.equal([few.sets.length, many.sets.length], [0, 0]);
  assert.ok(few.tried.length < 0.4 * n);
  assert.ok(many.tried.length > 1.5 * few.tried.length && many.tried.length < 0.75 * n);
  assert.ok(few.outcome.every((outcome) => outcome === -1));
});

test("no batch begins after so many pushes", async () => {
  const graph = cliques(BATCH, 6);
  const order = inTurn(BATCH, 6);
  const tried = await withKernel(graph, 1, async (kernel) => {
    const found = await searchSeeds(kernel, order, walk(graph), 9, undefined, 1);
    return found.tried.length;
  });
  assert.ok(tried > 0 && tried <= BATCH / 2, `${tried}`);
});

test("progress ends at the end; an isolated seed stands for itself", async () => {
  const graph = graphFromEdges(6, [0, 1, 1, 2, 2, 0]);
  const told: [number, number][] = [];
  const found = await withKernel(graph, 1, (kernel) =>
    searchSeeds(kernel, Uint32Array.of(5, 4), walk(graph), 1, (done, total) => told.push([done, total])),
  );
  assert.equal(found.tried, [5, 4]);
  assert.equal(told, [[2, 2]]);
});

test("one, two and three threads give the same bytes: points, a graph, a weighted graph", async () => {
  const { n, ends } = blockModel({ n: 900, smallest: 20, largest: 90, degree: 10, mixing: 0.25, seed: 2 });
  const { uniform } = makeRandom(8);
  const weights = Array.from({ length: ends.length / 2 }, () => 0.2 + uniform());
  const points = plantClusters({ seed: 2, sizes: [20, 40, 80], body: 400, dims: 12, centers: 1.6, spread: 0.35 });
  // `neighbors` and `advice` tell of the machine.
  const found = ({ clusters, labels, candidates, rounds, gamma }: GraphClustering) => {
    const text = JSON.stringify({ clusters, candidates, rounds, gamma });
    return { text, labels };
  };
  const runs = {
    points: (threads: number) => clusterTokens(points, { null_draws: 1 }, { threads }),
    unit: (threads: number) => clusterGraph(graphFromEdges(n, ends), {}, { threads }),
    weighted: (threads: number) => clusterGraph(graphFromEdges(n, ends, weights), {}, { threads }),
  };
  for (const [name, run] of Object.entries(runs)) {
    const alone = found(await run(1));
    assert.ok(
      alone.labels.some((label) => label >= 2),
      name,
    );
    for (const threads of [2, 3]) assert.equal(found(await run(threads)), alone, `${name}, ${threads} threads`);
  }
});

test.run();
