/** Sets of more than half of the volume: cuts and conductances of graphs whose valleys are plain, against all subsets or by hand. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { type Graph, graphFromEdges } from "./csr";
import { GraphKernel } from "./graph";
import { beginWalk, conductance, growWalk, polish, search, sweep } from "./reference";

const test = suite("kernels/graph/beyond-half");

/** Cliques of these sizes, node after node, each tied to the next by one edge from its last node to that one's first. */
function chain(sizes: readonly number[]): Graph {
  const ends: number[] = [];
  let base = 0;
  for (const size of sizes) {
    if (base > 0) ends.push(base - 1, base);
    for (let a = 0; a < size; a++) for (let b = 0; b < a; b++) ends.push(base + a, base + b);
    base += size;
  }
  return graphFromEdges(base, ends);
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const OPTIONS = {
  ...{
    alpha: 0.18,
    lazy: false,
    tolerances: [1e-3, 1e-5],
    maxPushes: Infinity,
    rule: "prominent" as const,
    delta: 0.2,
  },
  ...{ minSize: 4, mainBody: 0.99, phiMax: 1, openPhi: 0.18, every: false, polishRounds: 5, strictness: 0.7 },
};

test("the sweep takes the larger of two cliques, with the conductance of the smaller", () => {
  // 6 and 40: volumes 31 and 1561, cut 1.
  const graph = chain([6, 40]);
  const kernel = new GraphKernel(graph);
  for (const seed of [45, 7]) {
    kernel.push(seed, 0.1, 1e-9);
    const cut = kernel.sweep("global", 0, 4, graph.volume);
    assert.equal(
      [...cut.order.subarray(0, cut.size)].sort((a, b) => a - b),
      range(6, 46),
    );
    assert.ok(Math.abs(cut.conductance - 1 / 31) < 1e-12);
    assert.is(kernel.sweep("global", 0, 4, graph.volume / 2).size, 0, "up to half there is none");
  }
});

test("a prefix has and leaves minSize nodes", () => {
  const graph = chain([6, 10]);
  const order = [...range(6, 16).reverse(), ...range(0, 6).reverse()];
  const p = order.map((v, i) => (1 - i / 100) * graph.degree[v]);
  for (const minSize of [1, 6, 7, 8]) {
    const cut = sweep(graph, order, p, "global", 0, minSize, graph.volume);
    // Up to 6 the clique of ten, which leaves six; then whatever leaves and holds as many.
    let expected = 0;
    for (let size = minSize; size <= 16 - minSize; size++)
      if (expected === 0 || cut.profile[size - 1] < cut.profile[expected - 1]) expected = size;
    assert.is(cut.size, expected, `minSize ${minSize}`);
    if (minSize <= 6) assert.is(cut.size, 10);
    else assert.ok(cut.size <= 16 - minSize && cut.size >= minSize);
  }
  assert.is(sweep(graph, order, p, "global", 0, 9, graph.volume).size, 0, "16 nodes are not twice 9");
});

test("polish pulls by what members send inside, 1 - cut / volume, on both sides of half", () => {
  // The large clique with one node of the small, and without one of its own: both are put right.
  const graph = chain([6, 40]);
  const spoiled = [2, ...range(6, 46).filter((v) => v !== 20)];
  for (const set of [
    polish(graph, spoiled, 5, 0.7, 4, graph.volume),
    new GraphKernel(graph).polish(spoiled, 5, 0.7, 4, graph.volume),
  ]) {
    assert.equal([...set.members], range(6, 46));
    assert.ok(Math.abs(set.conductance - 1 / 31) < 1e-12);
    assert.equal([set.volume, set.capped, set.moves], [1561, false, 2]);
  }
  // A node with 3 of 5 edges into a set that sends all but 4 of 1,000 inside: 0.6 is less than 0.7 of the mean; by conductance,
  // 4 over the 9 of the rest, the bound would be 0.39 and it would join.
  const ends: number[] = [0, 40, 1, 40, 2, 40, 40, 41, 40, 42, 41, 42, 3, 41];
  for (let a = 0; a < 32; a++) for (let b = 0; b < a; b++) ends.push(a, b);
  const fringe = graphFromEdges(43, ends);
  const kept = polish(fringe, range(0, 32), 1, 0.7, 4, fringe.volume);
  assert.equal([...kept.members], range(0, 32));
});

test("searches from the larger side find it, and no more than half of a graph is taken where the walk just ends", async () => {
  const graph = chain([6, 40]);
  const found = await new GraphKernel(graph).searchMany(Uint32Array.from(range(0, 46)), {
    ...OPTIONS,
    maxVolume: graph.volume,
  });
  const names = new Set(found.flatMap(({ sets }) => sets.map(({ members }) => members.join())));
  assert.ok(names.has(range(6, 46).join()) && names.has(range(0, 6).join()));
  for (const { sets } of found)
    for (const { members, conductance: phi } of sets) assert.ok(Math.abs(phi - conductance(graph, members)) < 1e-12);
  // A walk that ends in the larger clique has seen most of the graph and not what bounds it.
  let ended = 0;
  for (let exponent = 2.5; exponent < 5; exponent += 0.05) {
    const tolerances = [10 ** -exponent];
    const { order, volumes } = swept(graph, 20, tolerances[0]);
    const { sets } = search(graph, 20, { ...OPTIONS, tolerances, maxVolume: graph.volume });
    if (order.every((v) => v >= 6)) {
      assert.is(sets.length, 0, `${order.length} nodes at ${tolerances[0]}`);
      if (2 * (volumes[order.length - 1] ?? 0) > graph.volume) ended++;
    } else if (order.length > 41) assert.is(sets.length, 1);
  }
  assert.ok(ended > 0);
});

/** The sweep of a walk that the search with `OPTIONS` makes. */
function swept(graph: Graph, seed: number, tolerance: number) {
  const walk = beginWalk(graph, seed);
  growWalk(graph, walk, OPTIONS.alpha, OPTIONS.lazy, tolerance, Infinity);
  const p = walk.pushed.map((v) => walk.p[v]);
  return sweep(graph, walk.pushed, p, OPTIONS.rule, OPTIONS.delta, OPTIONS.minSize, graph.volume);
}

test.run();
