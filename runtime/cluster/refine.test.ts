import * as assert from "uvu/assert";
import { blockModel } from "../../harness/bench/clustering/block-model";
import { nodesOfGroups } from "../../harness/bench/clustering/sizes";
import { suite } from "../../harness/test/suite";
import { type Graph, graphFromEdges } from "../../kernels/graph/csr";
import { GraphKernel } from "../../kernels/graph/graph";
import { makeRandom } from "./random";
import { refine } from "./refine";
import { scorePartition } from "./score";

const test = suite("runtime/cluster/refine");

const CLIQUE = 12;
const OPTIONS = { minSize: 4, maxVolume: Infinity, share: 0.4, joins: true, pieces: true };

/** A ring of cliques of `CLIQUE` nodes, each joined to the next by one edge; then `body` nodes with random edges. */
function cliques(count: number, body = 0): Graph {
  const ends: number[] = [];
  for (let c = 0; c < count; c++) {
    const base = c * CLIQUE;
    ends.push(base, ((c + 1) % count) * CLIQUE + 1);
    for (let a = 0; a < CLIQUE; a++) for (let b = 0; b < a; b++) ends.push(base + a, base + b);
  }
  const { uniform } = makeRandom(9);
  const first = count * CLIQUE;
  const pick = () => first + Math.floor(body * uniform());
  for (let v = first; v < first + body; v++) for (let e = 0; e < 5; e++) ends.push(v, pick());
  // A few edges join the body to the cliques.
  for (let e = 0; e < Math.min(body, count); e++) ends.push(pick(), e * CLIQUE + 5);
  return graphFromEdges(first + body, ends);
}

const cliqueOf = (n: number) => Int32Array.from({ length: n }, (_, v) => Math.floor(v / CLIQUE));
const sets = (labels: Int32Array, count: number) =>
  nodesOfGroups(
    labels.map((label) => (label < 0 ? count : label)),
    count + 1,
  )
    .slice(0, count)
    .map((members) => ({ members: Uint32Array.from(members) }));

/** Cliques in pairs: each node has 11 ties in its own, `across` to the other of its pair, and about one to other pairs. */
function pairsOfCliques(across: number): Graph {
  const ends: number[] = [];
  for (let v = 0; v < 16 * CLIQUE; v++) {
    const place = v % CLIQUE;
    const base = v - place;
    for (let u = base; u < v; u++) ends.push(u, v);
    if ((base / CLIQUE) % 2 > 0) continue;
    for (let e = 0; e < across; e++) ends.push(v, base + CLIQUE + ((place + e) % CLIQUE));
    ends.push(v, (v + 2 * CLIQUE * (1 + (place % 7)) + CLIQUE) % (16 * CLIQUE));
  }
  return graphFromEdges(16 * CLIQUE, ends);
}

/** Refined labels are 0 to count - 1, each in use. */
function noGaps(labels: Int32Array, count: number): void {
  const used = new Set(Array.from(labels).filter((label) => label >= 0));
  assert.equal(
    [...used].sort((a, b) => a - b),
    Array.from({ length: count }, (_, c) => c),
  );
}

/** Beside a body: clusters split along candidates alone. */
const NO_PIECES = { ...OPTIONS, pieces: false };

test("cliques chosen as one are split along candidates, and without a candidate where pieces are asked for", async () => {
  const graph = cliques(8);
  const truth = cliqueOf(graph.n);
  const kernel = new GraphKernel(graph);
  const joined = truth.map((c) => (c < 2 ? 0 : c - 1));
  const labels = joined.slice();
  const { count, splits, merges } = await refine(kernel, labels, sets(truth, 8), OPTIONS);
  assert.equal([count, splits, merges], [8, 1, 0]);
  assert.is(scorePartition(labels, truth).ari, 1);
  noGaps(labels, count);
  const unsplit = joined.slice();
  assert.is((await refine(kernel, unsplit, sets(joined, 7), NO_PIECES)).count, 7);
  assert.equal(unsplit, joined, "no candidate, no split");
  const pieces = joined.slice();
  const byPieces = await refine(kernel, pieces, sets(joined, 7), OPTIONS);
  assert.equal([byPieces.count, byPieces.splits, byPieces.merges], [8, 1, 0]);
  assert.is(scorePartition(pieces, truth).ari, 1);
  noGaps(pieces, byPieces.count);
});

test("a split pays for half of the entropy of telling who is where along a candidate, and for three quarters into pieces", async () => {
  const truth = cliqueOf(8 * CLIQUE);
  const { n, offsets, neighbors } = cliques(8);
  const joined = truth.map((c) => (c < 2 ? 0 : c - 1));
  /** Whether two cliques are split that 12 edges of weight w join, besides the ring's. */
  const splits = async (w: number, pieces: boolean) => {
    const ends: number[] = [];
    const weights: number[] = [];
    for (let v = 0; v < n; v++) {
      for (let e = offsets[v]; e < offsets[v + 1]; e++) {
        if (neighbors[e] < v) continue;
        ends.push(v, neighbors[e]);
        weights.push(1);
      }
    }
    // The ring's one edge between the two is there already.
    for (let v = 0; v < CLIQUE; v++) {
      ends.push(v, CLIQUE + ((v + 2) % CLIQUE));
      weights.push(w);
    }
    const kernel = new GraphKernel(graphFromEdges(n, ends, weights));
    const candidates = sets(pieces ? joined : truth, pieces ? 7 : 8);
    return (await refine(kernel, joined.slice(), candidates, { ...OPTIONS, joins: false, pieces })).splits > 0;
  };
  for (const [pieces, cost] of [
    [false, 0.5],
    [true, 0.75],
  ] as const) {
    let [low, high] = [0.1, 11];
    assert.equal([await splits(low, pieces), await splits(high, pieces)], [true, false]);
    for (let step = 0; step < 24; step++) {
      const middle = (low + high) / 2;
      if (await splits(middle, pieces)) low = middle;
      else high = middle;
    }
    const gain = gainOfTwo(low);
    assert.ok(Math.abs(gain - cost * 2 * CLIQUE * Math.LN2) < 1e-3, `${gain} at ${low}, pieces ${pieces}`);
  }
});

/** Log-likelihood of two cliques of the ring apart less that of them as one, with 12 edges of weight w between, by hand. */
function gainOfTwo(w: number): number {
  // Twice the weight inside a clique, and what runs between the two; eight edges of the ring, of which seven leave a cluster.
  const [inside, tie] = [CLIQUE * (CLIQUE - 1), 1 + 12 * w];
  const volume = inside + 2 + 12 * w;
  const total = 8 * inside + 16 + 24 * w;
  const expected = (2 * volume) ** 2 / total + (6 * (inside + 2) ** 2) / total;
  const out = 14 / (total - expected);
  const own = (m: number, e: number) => m * Math.log(m / e) - m;
  const one = own(2 * inside + 2 * tie, (2 * volume) ** 2 / total) / 2;
  const two = own(inside, volume ** 2 / total) + tie * Math.log(out) - (out * volume ** 2) / total;
  // Edges are counted, not weights: 8 cliques, the ring and the 12.
  const edges = 8 * 66 + 8 + 12;
  return ((two - one) * edges) / (total / 2);
}

test("new clusters are numbered by those that they were split from, whatever the order of candidates", async () => {
  const graph = cliques(8);
  const truth = cliqueOf(graph.n);
  const joined = truth.map((c) => (c < 4 ? c >> 1 : c - 2));
  const parts = [...sets(truth, 8).filter((_, c) => c === 1 || c === 3), ...sets(joined, 6)];
  for (const candidates of [parts, [...parts].reverse()]) {
    const labels = joined.slice();
    const { count, splits } = await refine(new GraphKernel(graph), labels, candidates, OPTIONS);
    assert.equal([count, splits], [8, 2]);
    // Cliques 1 and 3 are new.
    assert.equal(
      labels,
      truth.map((c) => [0, 6, 1, 7, 2, 3, 4, 5][c]),
    );
  }
});

test("a clique is not split along a candidate inside it", async () => {
  const graph = cliques(8);
  const truth = cliqueOf(graph.n);
  const halves = sets(truth, 8).map(({ members }) => ({ members: members.slice(0, CLIQUE / 2) }));
  const labels = truth.slice();
  const { count, splits } = await refine(new GraphKernel(graph), labels, [...sets(truth, 8), ...halves], OPTIONS);
  assert.equal([count, splits], [8, 0]);
  assert.equal(labels, truth);
});

test("fragments of cliques merge", async () => {
  const graph = cliques(8);
  const truth = cliqueOf(graph.n);
  const thirds = truth.map((c, v) => 3 * c + Math.floor((v % CLIQUE) / 4));
  const labels = thirds.slice();
  const options = { ...OPTIONS, share: 0, joins: false };
  const { count, merges } = await refine(new GraphKernel(graph), labels, sets(truth, 8), options);
  assert.is(count, 8);
  assert.is(scorePartition(labels, truth).ari, 1);
  assert.ok(merges <= 16);
  noGaps(labels, count);
});

test("pairs of cliques merge when they are likelier as one, though every node has most ties in its own", async () => {
  const merged = async (across: number) => {
    const graph = pairsOfCliques(across);
    const labels = cliqueOf(graph.n);
    const { count, merges } = await refine(new GraphKernel(graph), labels, sets(labels, 16), OPTIONS);
    assert.is(count, 16 - merges);
    noGaps(labels, count);
    const truth = labels.map((_, v) => Math.floor(v / 2 / CLIQUE));
    return count === 8 ? scorePartition(labels, truth).ari : 0;
  };
  // Log-likelihood of one less that of two, by hand: +25 with three ties across, where rare ties outside give 45 of it;
  // -45 with one.
  assert.is(await merged(3), 1);
  assert.is(await merged(1), 0);
});

test("a round that splits and merges equally often is not the last", async () => {
  const truth = cliqueOf(16 * CLIQUE).map((c) => c >> 1);
  const graph = pairsOfCliques(3);
  // Pairs 0 and half of 1 are one, the other half is its own, and so are the halves of 2: what was just split merges a round later.
  const labels = cliqueOf(16 * CLIQUE).map((c) => (c < 3 ? 0 : c === 3 ? 1 : c < 6 ? c - 2 : (c >> 1) + 1));
  const { count, splits, merges } = await refine(new GraphKernel(graph), labels, sets(truth, 8), OPTIONS);
  assert.equal([count, splits, merges], [8, 1, 2]);
  assert.is(scorePartition(labels, truth).ari, 1);
});

test("gamma of a block model is that of its parameters", async (t) => {
  const { n, ends, truth } = blockModel({ n: 2000, smallest: 30, largest: 120, degree: 12, mixing: 0.2, seed: 3 });
  const graph = graphFromEdges(n, ends);
  const count = 1 + Math.max(...truth!);
  // Blocks of equal mean degree: a block of share s of the nodes has that share of the volume.
  const squares = nodesOfGroups(truth!, count).reduce((sum, { length }) => sum + (length / n) ** 2, 0);
  const inner = 0.8 / squares;
  const outer = 0.2 / (1 - squares);
  const expected = (inner - outer) / Math.log(inner / outer);
  const { uniform } = makeRandom(4);
  // From a third of the labels lost, and one of ten wrong.
  const labels = truth!.map((c) => (uniform() < 0.3 ? -1 : uniform() < 0.1 ? Math.floor(count * uniform()) : c));
  const refined = await refine(new GraphKernel(graph), labels, sets(truth!, count), OPTIONS);
  const { ari } = scorePartition(labels, truth!);
  t.note(`gamma ${refined.gamma.toFixed(3)}, of the parameters ${expected.toFixed(3)}; ARI ${ari.toFixed(4)}`);
  // Degrees of a block fluctuate by 1 % of its volume; a few misplaced nodes add as much.
  assert.ok(Math.abs(refined.gamma / expected - 1) < 0.03);
  assert.ok(ari > 0.98);
});

test("a body that a set floods is given up; cliques beside it stay", async () => {
  const graph = cliques(8, 300);
  const truth = cliqueOf(graph.n).map((c) => (c < 8 ? c : -1));
  const seeds = Array.from({ length: 120 }, (_, i) => 8 * CLIQUE + i);
  const labels = truth.slice();
  for (const v of seeds) labels[v] = 8;
  const kernel = new GraphKernel(graph);
  const candidates = [...sets(truth, 8), { members: Uint32Array.from(seeds) }];
  const start = labels.slice();
  // A body node has 40 % of its edges in the set.
  const options = { ...OPTIONS, share: 0.3 };
  const { count } = await refine(kernel, labels, candidates, options);
  assert.is(count, 8);
  assert.equal(labels, truth);
  // What gave it up is that most of what it took in was never found: with a candidate of the whole body it stays.
  const known = start.slice();
  const all = { members: Uint32Array.from({ length: 300 }, (_, i) => 8 * CLIQUE + i) };
  assert.is((await refine(kernel, known, [...candidates, all], options)).count, 9);
  assert.ok(known.filter((label, v) => v >= 8 * CLIQUE && label >= 0).length > 150, "it floods");
  const small = start.slice();
  assert.is((await refine(kernel, small, [...candidates, all], { ...options, maxVolume: graph.volume / 4 })).count, 8);
  assert.equal(small, truth, "nor does it stay where it is too large");
});

test("clusters below the smallest size are given up, and labels close ranks", async () => {
  const graph = cliques(6);
  const truth = cliqueOf(graph.n);
  const labels = truth.map((c, v) => (c === 2 && v % CLIQUE > 2 ? -1 : c));
  const { count } = await refine(new GraphKernel(graph), labels, sets(truth, 6), { ...OPTIONS, joins: false });
  assert.is(count, 5);
  noGaps(labels, count);
  assert.ok(labels.subarray(2 * CLIQUE, 3 * CLIQUE).every((label) => label === -1));
});

test("the same labels give the same bytes, and a second refinement changes nothing", async () => {
  const { n, ends, truth } = blockModel({ n: 1000, smallest: 20, largest: 80, degree: 10, mixing: 0.3, seed: 5 });
  const kernel = new GraphKernel(graphFromEdges(n, ends));
  const count = 1 + Math.max(...truth!);
  const { uniform } = makeRandom(6);
  const start = truth!.map((c) => (uniform() < 0.2 ? -1 : c >> 1));
  const first = start.slice();
  const again = start.slice();
  const candidates = sets(truth!, count);
  const result = await refine(kernel, first, candidates, OPTIONS);
  assert.equal(await refine(kernel, again, candidates, OPTIONS), result);
  assert.equal(again, first);
  assert.ok(result.splits > 0 && scorePartition(first, truth!).ari > 0.9);
  const settled = await refine(kernel, again, candidates, OPTIONS);
  assert.equal([settled.splits, settled.merges, settled.count], [0, 0, result.count]);
  assert.equal(again, first);
});

test("where all clusters leak, a node needs a part of the mean share that stays inside, and never more than the share", async () => {
  // Six cliques of twelve; node 0 has two of six edges in its own, a third, and the rest to one node each of others.
  const { n, offsets, neighbors } = cliques(6);
  const ends: number[] = [];
  for (let v = 1; v < n; v++)
    for (let e = offsets[v]; e < offsets[v + 1]; e++)
      if (neighbors[e] < v && neighbors[e] > 0) ends.push(v, neighbors[e]);
  ends.push(0, 1, 0, 2, 0, 14, 0, 27, 0, 39, 0, 51);
  const graph = graphFromEdges(n, ends);
  const truth = cliqueOf(n);
  const labelOf = async (changes: object) => {
    const labels = truth.slice();
    await refine(new GraphKernel(graph), labels, sets(truth, 6), { ...OPTIONS, joins: false, ...changes });
    return labels[0];
  };
  // Nearly all weight stays inside: the mean share is between 0.9 and 1.
  assert.is(await labelOf({ share: 0.3 }), 0);
  assert.is(await labelOf({ share: 0.4 }), -1, "a third is less than 0.4");
  // The first pass is by `share` alone, so a node that it takes out stays out; what ofMean would allow joins again.
  assert.is(await labelOf({ share: 0.4, ofMean: 0.3, joins: true }), 0, "0.3 of the mean is less than a third");
  assert.is(await labelOf({ share: 0.4, ofMean: 0.4, joins: true }), -1, "0.4 of the mean is more");
  assert.is(await labelOf({ share: 0.3, ofMean: 1 }), 0, "no more than the share");
});

test("by modularity: clusters merge by the gain of Newman and Girvan, where likelihood leaves them", async () => {
  // A ring of 30 cliques of 5: modularity joins neighbors (Fortunato and Barthelemy, 2007), and likelihood does not.
  const ends: number[] = [];
  for (let c = 0; c < 30; c++) {
    ends.push(5 * c, (5 * c + 6) % 150);
    for (let a = 0; a < 5; a++) for (let b = 0; b < a; b++) ends.push(5 * c + a, 5 * c + b);
  }
  const graph = graphFromEdges(150, ends);
  const truth = Int32Array.from({ length: 150 }, (_, v) => Math.floor(v / 5));
  const modularity = (labels: Int32Array, count: number) => {
    let sum = 0;
    for (let c = 0; c < count; c++) {
      let [inside, volume] = [0, 0];
      for (let v = 0; v < 150; v++) {
        if (labels[v] !== c) continue;
        volume += graph.degree[v];
        for (let e = graph.offsets[v]; e < graph.offsets[v + 1]; e++) if (labels[graph.neighbors[e]] === c) inside++;
      }
      sum += inside / graph.volume - (volume / graph.volume) ** 2;
    }
    return sum;
  };
  const single = truth.slice();
  assert.is((await refine(new GraphKernel(graph), single, sets(truth, 30), OPTIONS)).count, 30);
  const asked: number[] = [];
  const stands = (conductance: number, volume: number, size: number) => {
    asked.push(size);
    assert.ok(conductance >= 0 && conductance <= 1 && volume > 0);
    return true;
  };
  const labels = truth.slice();
  const { count, gamma } = await refine(new GraphKernel(graph), labels, sets(truth, 30), { ...OPTIONS, stands });
  assert.is(gamma, 1);
  assert.ok(count < 20 && asked.length >= count);
  assert.ok(modularity(labels, count) > modularity(truth, 30));
  // At a maximum: no union raises it.
  for (let a = 0; a < count; a++)
    for (let b = 0; b < a; b++) {
      const union = labels.map((label) => (label === a ? b : label));
      assert.ok(modularity(union, count) <= modularity(labels, count) + 1e-12, `${a} and ${b}`);
    }
  for (let v = 0; v < 150; v++) assert.is(labels[v], labels[v - (v % 5)], "cliques stay whole");
});

test("by modularity: what does not stand out joins, and is given up where nothing takes it", async () => {
  const graph = cliques(8);
  const truth = cliqueOf(graph.n);
  const small = truth.slice();
  // Only 24 nodes and more stand out: cliques join in pairs and more.
  const pairs = await refine(new GraphKernel(graph), small, sets(truth, 8), {
    ...OPTIONS,
    stands: (_phi: number, _volume: number, size: number) => size >= 2 * CLIQUE,
  });
  assert.ok(pairs.count >= 1 && pairs.count <= 4);
  noGaps(small, pairs.count);
  for (let c = 0; c < pairs.count; c++) assert.ok(small.filter((label) => label === c).length >= 2 * CLIQUE);
  const none = truth.slice();
  const nothing = await refine(new GraphKernel(graph), none, sets(truth, 8), { ...OPTIONS, stands: () => false });
  assert.is(nothing.count, 0);
  assert.ok(none.every((label) => label === -1));
});

test("nothing chosen: nothing refined", async () => {
  const labels = new Int32Array(24).fill(-1);
  assert.equal(await refine(new GraphKernel(cliques(2)), labels, [], OPTIONS), {
    count: 0,
    gamma: 1,
    merges: 0,
    splits: 0,
  });
  assert.ok(labels.every((label) => label === -1));
});

test.run();
