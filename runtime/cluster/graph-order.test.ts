/** Orders of nodes against what a renumbering, a scale and further components must leave alone. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { type Graph, graphFromEdges } from "../../kernels/graph/csr";
import { nearbyOrder, reordered, structureOrder } from "./graph-order";
import { makeRandom } from "./random";

const test = suite("runtime/cluster/graph-order");

/** Numbers 0 to n - 1 in a random order. */
function shuffled(n: number, uniform: () => number): number[] {
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** Edges of about `degree` a node, with weights or without. */
function randomGraph(n: number, degree: number, seed: number, weighted: boolean): Graph {
  const { uniform } = makeRandom(seed);
  const ends: number[] = [];
  const weights: number[] = [];
  for (let e = 0; e < (n * degree) / 2; e++) {
    ends.push(Math.floor(uniform() * n), Math.floor(uniform() * n));
    weights.push(0.1 + uniform());
  }
  return graphFromEdges(n, ends, weighted ? weights : undefined);
}

const renumbered = (graph: Graph, name: readonly number[]) => reordered(graph, Uint32Array.from(name));
const rows = ({ offsets, neighbors, weights }: Graph) => [[...offsets], [...neighbors], [...weights]];
const ordered = (graph: Graph) => rows(reordered(graph, structureOrder(graph)));

test("a renumbered graph in its own order is the same graph, entry by entry", () => {
  for (let seed = 0; seed < 60; seed++) {
    const graph = randomGraph(20 + 4 * seed, 1 + (seed % 7), seed, seed % 2 === 0);
    const other = renumbered(graph, shuffled(graph.n, makeRandom(seed + 99).uniform));
    assert.equal(ordered(other), ordered(graph), `graph ${seed}`);
  }
});

test("graphs whose nodes are hardly told apart: cycles, a torus, cliques, a long path, a star, a binary tree", () => {
  const graphs: Record<string, [number, number[]]> = {
    cycles: [90, Array.from({ length: 90 }, (_, i) => [i, i < 40 ? (i + 1) % 40 : 40 + ((i - 39) % 50)]).flat()],
    torus: [64, Array.from({ length: 64 }, (_, i) => [i, i - (i % 8) + ((i + 1) % 8), i, (i + 8) % 64]).flat()],
    cliques: [40, []],
    path: [300, Array.from({ length: 299 }, (_, i) => [i, i + 1]).flat()],
    star: [50, Array.from({ length: 49 }, (_, i) => [0, i + 1]).flat()],
    stars: [60, Array.from({ length: 60 }, (_, i) => [i - (i % 6), i % 6 === 0 ? (i + 6) % 60 : i]).flat()],
    tree: [127, Array.from({ length: 126 }, (_, i) => [i + 1, i >> 1]).flat()],
  };
  for (let v = 0; v < 40; v++) for (let u = v - (v % 5); u < v; u++) graphs.cliques[1].push(u, v);
  for (const [name, [n, ends]] of Object.entries(graphs)) {
    const graph = graphFromEdges(n, ends);
    for (let seed = 0; seed < 5; seed++)
      assert.equal(ordered(renumbered(graph, shuffled(n, makeRandom(seed).uniform))), ordered(graph), name);
  }
});

test("random graphs of three edges a node, in which hashes see no difference, beside trees that differ far from their roots", () => {
  for (let seed = 0; seed < 40; seed++) {
    const { uniform } = makeRandom(seed);
    const n = 30 + 2 * seed;
    const ends = Array.from({ length: n }, (_, i) => [i, (i + 1) % n]).flat();
    ends.push(...shuffled(n, uniform));
    // Long paths of two lengths from the nodes of a ring.
    let next = n;
    for (let i = 0; i < 12; i++) {
      ends.push(n + i, n + ((i + 1) % 12));
      next = Math.max(next, n + 12);
    }
    for (let i = 0; i < 12; i++) {
      let at = n + i;
      for (let step = 0; step < 8 + Math.floor(2 * uniform()); step++) {
        ends.push(at, next);
        at = next++;
      }
    }
    const graph = graphFromEdges(next, ends);
    for (let repeat = 0; repeat < 3; repeat++)
      assert.equal(ordered(renumbered(graph, shuffled(next, uniform))), ordered(graph), `graph ${seed}`);
  }
});

test("a scale of the weights, which rounds them, and further components leave the order alone", () => {
  for (let seed = 0; seed < 20; seed++) {
    const graph = randomGraph(120, 6, seed, true);
    const order = structureOrder(graph);
    for (const scale of [2 ** -30, 3.7, 1e9 / 7]) {
      const weights = graph.weights.map((w) => w * scale);
      assert.equal(structureOrder({ ...graph, weights }), order, `graph ${seed} times ${scale}`);
    }
    // Simple fractions of the largest weight, from which a scale strays to either side.
    const eighths = { ...graph, weights: graph.weights.map((w) => Math.ceil(8 * w) / 8) };
    const exact = structureOrder(eighths);
    for (const scale of [0.1, 3.7, 1 / 3])
      assert.equal(structureOrder({ ...graph, weights: eighths.weights.map((w) => w * scale) }), exact, `${scale}`);
    const unit = randomGraph(120, 6, seed, false);
    const small = randomGraph(30, 5, seed + 1, false);
    const ends: number[] = [];
    for (const [{ n, offsets, neighbors }, base] of [[unit, 0] as const, [small, 120] as const])
      for (let v = 0; v < n; v++)
        for (let e = offsets[v]; e < offsets[v + 1]; e++) ends.push(base + v, base + neighbors[e]);
    const both = [...structureOrder(graphFromEdges(155, ends))];
    assert.equal(
      both.filter((v) => v < 120 && unit.degree[v] > 0),
      [...structureOrder(unit)].filter((v) => unit.degree[v] > 0),
      `graph ${seed} beside another`,
    );
  }
});

test("each order has every node once, components by size, and nodes without an edge last", () => {
  for (const order of [structureOrder, nearbyOrder]) {
    for (let seed = 0; seed < 20; seed++) {
      const graph = randomGraph(80, 1.5, seed, false);
      const found = order(graph);
      assert.equal(
        [...found].sort((a, b) => a - b),
        Array.from({ length: 80 }, (_, v) => v),
      );
      const component = new Int32Array(80).fill(-1);
      const sizes: number[] = [];
      for (const v of found) {
        if (component[v] >= 0) continue;
        const stack = [v];
        component[v] = sizes.length;
        sizes.push(0);
        for (let w = stack.pop(); w !== undefined; w = stack.pop()) {
          sizes[component[w]]++;
          for (const u of graph.neighbors.subarray(graph.offsets[w], graph.offsets[w + 1]))
            if (component[u] < 0) {
              component[u] = component[w];
              stack.push(u);
            }
        }
      }
      const along = Array.from(found, (v) => component[v]);
      assert.equal(
        along,
        [...along].sort((a, b) => a - b),
        "one component after another",
      );
      assert.equal(
        sizes,
        [...sizes].sort((a, b) => b - a),
      );
    }
  }
});

test("a graph in an order: rows, weights, degrees; nodes without an edge may be left out", () => {
  // 3 - 1 with weight 2, 1 - 4 with 0.5; 0 and 2 alone.
  const graph = graphFromEdges(5, [3, 1, 4, 1], [2, 0.5]);
  const { n, degree, volume, ...other } = reordered(graph, Uint32Array.of(4, 3, 1));
  assert.equal([n, [...degree], volume, other.unit], [3, [0.5, 2, 2.5], 5, false]);
  assert.equal(rows({ n, degree, volume, ...other }), [
    [0, 1, 2, 4],
    [2, 2, 0, 1],
    [0.5, 2, 0.5, 2],
  ]);
  assert.equal([...structureOrder(graph).subarray(3)].sort(), [0, 2]);
  assert.equal(structureOrder(graphFromEdges(0, [])).length, 0);
});

test.run();
