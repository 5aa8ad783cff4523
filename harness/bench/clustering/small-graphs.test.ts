import * as assert from "uvu/assert";
import { graphFromEdges } from "../../../kernels/graph/csr";
import { suite } from "../../test/suite";
import { catalogue } from "./catalogue";
import {
  barbell,
  connectedCavemen,
  fourGroups,
  gridOfCliques,
  relaxedCavemen,
  ringOfCliques,
  separateCliques,
} from "./small-graphs";
import { mixing, type TruthGraph } from "./truth-graph";

const test = suite("harness/bench/clustering/small-graphs");

const pairs = (size: number) => (size * (size - 1)) / 2;
const edgesOf = ({ ends }: TruthGraph) => ends.length / 2;
const degreesOf = ({ n, ends }: TruthGraph) => graphFromEdges(n, ends).degree;

/** Nodes of each component, as often as there are components of that size. */
function componentsOf({ n, ends }: TruthGraph): number[] {
  const parent = Array.from({ length: n }, (_, v) => v);
  const root = (v: number): number => (parent[v] === v ? v : root(parent[v]));
  for (let e = 0; e < ends.length; e += 2) parent[root(ends[e])] = root(ends[e + 1]);
  const sizes = new Map<number, number>();
  for (let v = 0; v < n; v++) sizes.set(root(v), (sizes.get(root(v)) ?? 0) + 1);
  return [...sizes.values()].sort((a, b) => b - a);
}

test("a ring of cliques: an edge for each clique besides, two nodes of each one degree higher", () => {
  for (const [count, size] of [
    [6, 8],
    [10, 6],
    [30, 5],
  ]) {
    const ring = ringOfCliques(new Array<number>(count).fill(size));
    assert.is(ring.n, count * size);
    assert.is(edgesOf(ring), count * pairs(size) + count);
    assert.is(edgesOf(ring) * mixing(ring), count);
    assert.is(degreesOf(ring).filter((d) => d === size).length, 2 * count);
    assert.is(degreesOf(ring).filter((d) => d === size - 1).length, count * (size - 2));
    assert.equal(componentsOf(ring), [count * size]);
  }
  const unlike = ringOfCliques([5, 7, 9]);
  assert.equal([unlike.n, edgesOf(unlike)], [21, pairs(5) + pairs(7) + pairs(9) + 3]);
});

test("a grid of cliques: an edge for each pair of neighbors, no node with two of them", () => {
  const grid = gridOfCliques(3, 4, 6);
  assert.is(edgesOf(grid) - 12 * pairs(6), 3 * 3 + 2 * 4);
  assert.is(edgesOf(grid) * mixing(grid), 17);
  assert.is(Math.max(...degreesOf(grid)), 6);
  assert.equal(componentsOf(grid), [72]);
});

test("a barbell: its bar parts the cliques, and belongs to none", () => {
  for (const path of [0, 1, 4]) {
    const bar = barbell(10, path);
    assert.is(bar.n, 20 + path);
    assert.is(edgesOf(bar), 2 * pairs(10) + path + 1);
    assert.equal(componentsOf(bar), [bar.n]);
    assert.is(bar.truth!.filter((group) => group < 0).length, path);
    // Without the bar's middle edge two halves are left.
    const middle = bar.ends.length - 2 * (Math.floor(path / 2) + 1);
    const cut = { ...bar, ends: Uint32Array.from(bar.ends.filter((_, i) => i !== middle && i !== middle + 1)) };
    assert.equal(componentsOf(cut), [10 + Math.ceil(path / 2), 10 + Math.floor(path / 2)]);
  }
});

test("separate cliques are components, the first as large as was asked", () => {
  const apart = separateCliques([30, 11, 11, 11]);
  assert.equal(componentsOf(apart), [30, 11, 11, 11]);
  assert.is(mixing(apart), 0);
  const share = degreesOf(apart).reduce((sum, d, v) => (v < 30 ? sum + d : sum), 0) / apart.ends.length;
  assert.ok(Math.abs(share - 0.725) < 1e-9, `${share}`);
});

test("cavemen: each clique gives one edge to the ring; relaxed ones move the share that was asked", () => {
  const caves = connectedCavemen(8, 6);
  assert.is(edgesOf(caves), 8 * pairs(6));
  assert.is(Math.round(edgesOf(caves) * mixing(caves)), 8);
  assert.equal(componentsOf(caves), [48]);
  // Of each clique the first node keeps its degree, the second has one less, the last one more.
  assert.equal(Array.from(degreesOf(caves).subarray(6, 12)), [5, 4, 5, 5, 5, 6]);
  const options = { caves: 20, size: 20, moved: 0.3, seed: 1 };
  const relaxed = relaxedCavemen(options);
  assert.equal(relaxedCavemen(options), relaxed);
  assert.not.equal(relaxedCavemen({ ...options, seed: 2 }), relaxed);
  // 3,800 edges, of which 0.3 * 19 / 20 leave: 28.5 % to 0.7 %.
  assert.ok(Math.abs(mixing(relaxed) - 0.285) < 0.03, `${mixing(relaxed)}`);
  assert.is(mixing(relaxedCavemen({ ...options, moved: 0 })), 0);
});

test("four groups: 16 edges a node, of which the stated number leave", () => {
  for (const outside of [2, 6]) {
    const options = { inside: 16 - outside, outside, seed: 1 };
    const graph = fourGroups(options);
    assert.equal(fourGroups(options), graph);
    const drawings = Array.from({ length: 20 }, (_, i) => fourGroups({ ...options, seed: i }));
    const mean = (of: (graph: TruthGraph) => number) => drawings.reduce((sum, drawing) => sum + of(drawing), 0) / 20;
    // One drawing has 1,024 edges to 28, and the share to 1.5 %: the bounds are four standard errors of 20.
    assert.ok(Math.abs(mean(edgesOf) - 1024) < 25, `${mean(edgesOf)}`);
    assert.ok(Math.abs(mean(mixing) - outside / 16) < 0.0135, `${mean(mixing)}`);
  }
});

test("the small catalogue: names once, simple graphs with a truth, drawn the same twice", async () => {
  const entries = catalogue("small");
  assert.is(new Set(entries.map(({ name }) => name)).size, entries.length);
  for (const entry of entries) {
    const [{ name, graph }] = await entry.make();
    assert.equal([name], entry.graphs);
    assert.is(graphFromEdges(graph.n, graph.ends).neighbors.length, graph.ends.length, `${name}: loops or repeats`);
    assert.is(graph.truth!.length, graph.n);
    assert.equal((await entry.make())[0].graph, graph);
  }
});

test.run();
