/** Tokens that no cluster took join the cluster that most of their weight goes to. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { graphFromEdges } from "../../kernels/graph/csr";
import { assignByNeighbors } from "./assign";

const test = suite("runtime/cluster/assign");

test("assignment joins the majority cluster, once a pass", () => {
  const graph = graphFromEdges(6, [0, 1, 1, 2, 2, 3, 3, 4, 2, 0]);
  const labels = Int32Array.from([0, 0, -1, -1, -1, -1]);
  assignByNeighbors(graph, labels, 0.5);
  assert.equal([...labels], [0, 0, 0, 0, 0, -1]);
  const strict = Int32Array.from([0, 0, -1, -1, -1, -1]);
  assignByNeighbors(graph, strict, 0.9);
  assert.equal([...strict], [0, 0, -1, -1, -1, -1]);
});

test("the first node joins like any other, and no node leaves its cluster, be it the first", () => {
  const graph = graphFromEdges(5, [0, 1, 0, 2, 3, 1, 3, 2, 3, 4]);
  // Node 3 has two ties to cluster 1 and one to its own.
  const labels = Int32Array.from([-1, 1, 1, 0, 0]);
  assignByNeighbors(graph, labels, 0.5);
  assert.equal([...labels], [1, 1, 1, 0, 0]);
});

test("a cluster reaches as far as twenty passes take it", () => {
  const path = graphFromEdges(30, Array.from({ length: 29 }, (_, v) => [v, v + 1]).flat());
  const labels = new Int32Array(30).fill(-1);
  labels[0] = 4;
  assignByNeighbors(path, labels, 0.5);
  assert.equal(
    [...labels],
    Array.from({ length: 30 }, (_, v) => (v <= 20 ? 4 : -1)),
  );
});

test("a node between two clusters joins the smaller id, whichever of them it meets first", () => {
  for (const [first, second] of [
    [1, 0],
    [0, 1],
  ]) {
    const labels = Int32Array.from([first, second, -1]);
    assignByNeighbors(graphFromEdges(3, [0, 2, 1, 2]), labels, 0.5);
    assert.equal([...labels], [first, second, 0]);
    // Half of its weight is not more than half.
    const strict = Int32Array.from([first, second, -1]);
    assignByNeighbors(graphFromEdges(3, [0, 2, 1, 2]), strict, 0.51);
    assert.is(strict[2], -1);
  }
});

test.run();
