import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { graphFromEdges } from "../../kernels/graph/csr";
import type { Clustering } from "./clustering";
import { equalRowsWhole } from "./equal-rows";
import { groupPoints } from "./neighbors/equal";

const test = suite("runtime/cluster/equal-rows");

/** Rows by what they hold: A A A B B C C D. */
const groups = groupPoints({ rows: 8, cols: 1, data: Float64Array.of(1, 1, 1, 2, 2, 3, 3, 4) });
/** Two cliques of four nodes, and an edge between them. */
const ends = [0, 1, 0, 2, 0, 3, 1, 2, 1, 3, 2, 3, 4, 5, 4, 6, 4, 7, 5, 6, 5, 7, 6, 7, 3, 4];
const graph = graphFromEdges(8, ends);

function clustering(labels: number[]): Clustering {
  const count = 1 + Math.max(...labels);
  const clusters = Array.from({ length: count }, (_, id) => {
    const members = labels.flatMap((label, v) => (label === id ? [v] : []));
    const facts = { conductance: 0.5 + id / 10, seed: members[0], sweep: [], tolerance: 1, excess: 0, recurrence: 1 };
    return { id, size: members.length, members, ...facts };
  });
  return { clusters, labels: Int32Array.from(labels), candidates: [], rounds: 1, gamma: 1 };
}

const whole = (labels: number[]) => equalRowsWhole(clustering(labels), groups, graph, () => 0.8);

test("equal rows that are together stay as they are", () => {
  const found = clustering([0, 0, 0, 0, 0, 1, 1, -1]);
  assert.is(
    equalRowsWhole(found, groups, graph, () => 0.8),
    found,
  );
});

test("most decide, then the lower cluster; a cluster comes before none; what changes is measured again", () => {
  const { labels, clusters } = whole([0, 0, 1, 0, 1, 1, -1, 1]);
  // A: two of three say 0. B: as many say 0 as 1. C: as many say 1 as none.
  assert.equal([...labels], [0, 0, 0, 0, 0, 1, 1, 1]);
  // 0 to 4 against 5 to 7: the node 4 has three edges to the others, whose volume is 9.
  assert.equal(
    clusters.map(({ id, size, members, conductance, excess }) => [id, size, members, conductance, excess]),
    [
      [0, 5, [0, 1, 2, 3, 4], 3 / 9, 1 - 3 / 9 / 0.8],
      [1, 3, [5, 6, 7], 3 / 9, 1 - 3 / 9 / 0.8],
    ],
  );
});

test("none wins where most are in none; a cluster without rows is gone, and ids follow the conductance", () => {
  const { labels, clusters } = whole([-1, -1, 0, 1, 1, 2, 2, 2]);
  assert.equal([...labels], [-1, -1, -1, 0, 0, 1, 1, 1]);
  assert.equal(
    clusters.map(({ id, conductance }) => [id, conductance]),
    [
      [0, 0.6],
      [1, 0.7],
    ],
  );
});

test("0 and -0 are equal; values that differ in their last bit are not", () => {
  const { of } = groupPoints({ rows: 4, cols: 2, data: Float64Array.of(0, 1, -0, 1, 1e-320, 1, 0, 1 + 2 ** -52) });
  assert.equal([...of], [0, 0, 1, 2]);
});

test.run();
