import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { SpectroscopeError } from "../../kernels/errors";
import { parseEdgeList } from "../store/edge-list";
import { graphOfList, graphOfMatrix, type SparseMatrix } from "./given-graph";

const test = suite("runtime/cluster/given-graph");

/** Rows of `[column, value]` in the order given. */
function sparse(rows: [number, number][][]): SparseMatrix {
  const offsets = new Uint32Array(rows.length + 1);
  rows.forEach((row, v) => {
    offsets[v + 1] = offsets[v] + row.length;
  });
  const all = rows.flat();
  const values = Float64Array.from(all, ([, value]) => value);
  return { n: rows.length, offsets, columns: Uint32Array.from(all, ([column]) => column), values };
}

const refused = (rows: [number, number][][], ...patterns: RegExp[]) =>
  assert.throws(
    () => graphOfMatrix(sparse(rows), "graph.npz"),
    (error: Error) =>
      error instanceof SpectroscopeError &&
      error.line.startsWith("graph.npz: ") &&
      patterns.every((pattern) => pattern.test(error.line)),
  );

test("an edge list is mirrored; of parallel edges the largest weight stays, in either direction", () => {
  const text = "0 1 2\n1 0 5\n1 2 1\n2 2 9\n0 1 3\n4 1 1\n";
  const { graph, dropped, names } = graphOfList(parseEdgeList(new TextEncoder().encode(text), "x"));
  assert.equal([...graph.offsets], [0, 1, 4, 5, 5, 6]);
  assert.equal([...graph.neighbors], [1, 0, 2, 4, 1, 1]);
  assert.equal([...graph.weights], [5, 5, 1, 1, 1, 1]);
  assert.equal(dropped, { selfLoops: 1, repeats: 2, zeroWeights: 0, oneSided: 0 });
  assert.is(names, undefined);
});

test("a symmetric matrix: rows are sorted, the diagonal and stored zeros dropped and counted", () => {
  const { graph, dropped } = graphOfMatrix(
    sparse([
      [
        [2, 3],
        [0, 7],
        [1, 0.5],
      ],
      [
        [0, 0.5],
        [2, 0],
      ],
      [
        [1, 0],
        [0, 3],
      ],
      [],
    ]),
    "graph.npz",
  );
  assert.equal([...graph.neighbors], [1, 2, 0, 0]);
  assert.equal([...graph.weights], [0.5, 3, 0.5, 3]);
  assert.equal([...graph.degree], [3.5, 0.5, 3, 0]);
  assert.equal(dropped, { selfLoops: 1, repeats: 0, zeroWeights: 2, oneSided: 0 });
});

test("a matrix that is not symmetric is refused by its first entry, or symmetrized as asked", () => {
  // 0-1 in both rows with two weights, 0-2 and 3-1 in one.
  const rows: [number, number][][] = [
    [
      [2, 1],
      [1, 4],
    ],
    [[0, 2]],
    [],
    [[1, 6]],
  ];
  refused(rows, /not symmetric: entry \(0, 1\) is 4, and \(1, 0\) is 2/, /--symmetrize union .* --symmetrize mutual/);
  refused([[[1, 1]], []], /entry \(0, 1\) is 1, and there is no \(1, 0\)/);
  refused([[], [[0, 1]]], /entry \(1, 0\) is 1, and there is no \(0, 1\)/);
  const union = graphOfMatrix(sparse(rows), "graph.npz", "union");
  assert.equal([...union.graph.offsets], [0, 2, 4, 5, 6]);
  assert.equal([...union.graph.neighbors], [1, 2, 0, 3, 0, 1]);
  assert.equal([...union.graph.weights], [4, 1, 4, 6, 1, 6]);
  assert.is(union.dropped.oneSided, 2);
  const mutual = graphOfMatrix(sparse(rows), "graph.npz", "mutual");
  assert.equal([...mutual.graph.neighbors], [1, 0]);
  assert.equal([...mutual.graph.weights], [2, 2]);
  assert.is(mutual.dropped.oneSided, 2);
});

test("values that are no weights, and entries given twice, are named", () => {
  for (const value of [Number.NaN, -1, Number.POSITIVE_INFINITY])
    refused([[], [[0, value]]], new RegExp(`entry \\(1, 0\\) is ${value}; weights are finite numbers, not negative`));
  refused([[], [[1, Number.NaN]]], /entry \(1, 1\) is NaN/);
  refused(
    [
      [
        [1, 1],
        [1, 2],
      ],
      [
        [0, 1],
        [0, 2],
      ],
    ],
    /entry \(0, 1\) is given twice; call sum_duplicates\(\)/,
  );
});

test.run();
