import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { type Graph, graphFromEdges } from "../../kernels/graph/csr";
import { words } from "../../kernels/philox/philox";
import type { Matrix } from "../statistics/matrix";
import { pearson } from "../susceptibility/agreement";
import { fillGaussian, gaussianMatrix, rewire, shuffledColumns } from "./controls";

const test = suite("runtime/cluster/controls");

const columnOf = ({ rows, cols, data }: ReturnType<typeof gaussianMatrix>, c: number) =>
  Array.from({ length: rows }, (_, i) => data[i * cols + c]);

test("shuffled columns keep their values, and nothing of what they shared", (t) => {
  const rows = 2000;
  const shared = gaussianMatrix(rows, 1, 5).data;
  const matrix = {
    rows,
    cols: 3,
    data: Float32Array.from({ length: rows * 3 }, (_, at) => shared[Math.floor(at / 3)]),
  };
  const before = matrix.data.slice();
  const out = shuffledColumns(matrix, 9);
  assert.instance(out.data, Float32Array);
  assert.equal(matrix.data, before, "the input stays");
  const columns = [0, 1, 2].map((c) => columnOf(out, c));
  for (const column of columns) assert.equal(Array.from(column).sort(), columnOf(matrix, 0).sort());
  const r = [pearson(columns[0], columns[1]), pearson(columns[1], columns[2]), pearson(columns[0], shared)];
  t.note(`correlations ${r.map((value) => value.toFixed(3)).join(", ")}`);
  // Deviation 1 / sqrt(2000) = 0.022: four of them.
  for (const value of r) assert.ok(Math.abs(value) < 0.09, `${value}`);
});

test("a column's shuffle depends on the seed and its number alone; every place is as likely", () => {
  const matrix = gaussianMatrix(7, 3, 1);
  assert.equal(shuffledColumns(matrix, 2), shuffledColumns(matrix, 2));
  assert.not.equal(shuffledColumns(matrix, 2).data, shuffledColumns(matrix, 3).data);
  const wide = { rows: 7, cols: 4, data: new Float64Array(28) };
  for (let at = 0; at < 28; at++) wide.data[at] = at % 4 < 3 ? matrix.data[Math.floor(at / 4) * 3 + (at % 4)] : at;
  for (const c of [0, 1, 2])
    assert.equal(columnOf(shuffledColumns(wide, 2), c), columnOf(shuffledColumns(matrix, 2), c));
  // Where value 0 of 5 lands over 4000 columns: 800 +- 25 at each place.
  const counts = new Array<number>(5).fill(0);
  const numbers = {
    rows: 5,
    cols: 4000,
    data: Float64Array.from({ length: 20_000 }, (_, at) => Math.floor(at / 4000)),
  };
  shuffledColumns(numbers, 4).data.forEach((value, at) => {
    if (value === 0) counts[Math.floor(at / 4000)]++;
  });
  for (const count of counts) assert.ok(Math.abs(count - 800) < 125, `${counts}`);
});

test("a gaussian matrix has moments of N(0, 1), columns apart from each other, and places that are their own", () => {
  const [rows, cols] = [3000, 4];
  const matrix = gaussianMatrix(rows, cols, 6);
  const n = rows * cols;
  const mean = Array.from(matrix.data).reduce((a, b) => a + b) / n;
  const second = Array.from(matrix.data).reduce((a, b) => a + b * b, 0) / n;
  // Five deviations: of the mean 1 / sqrt(n), of the second moment sqrt(2 / n).
  assert.ok(Math.abs(mean) < 5 / Math.sqrt(n), `${mean}`);
  assert.ok(Math.abs(second - 1) < 5 * Math.sqrt(2 / n), `${second}`);
  assert.ok(Math.abs(pearson(columnOf(matrix, 0), columnOf(matrix, 3))) < 5 / Math.sqrt(rows));
  const part = gaussianMatrix(10, 2, 6);
  assert.equal(columnOf(part, 1), columnOf(matrix, 1).slice(0, 10));
  assert.not.equal(gaussianMatrix(10, 2, 7).data, part.data);
});

test("Gaussian columns have the sizes of those they replace", () => {
  const matrix = gaussianMatrix(4000, 2, 3) as Matrix & { data: Float64Array };
  for (let i = 0; i < 4000; i++) matrix.data[2 * i + 1] *= 7;
  const sizes = () => [0, 1].map((c) => Math.hypot(...columnOf(matrix, c)) / Math.sqrt(4000));
  const [before, values] = [sizes(), columnOf(matrix, 1)];
  fillGaussian(matrix, 1, "test");
  // Five deviations of a root mean square of 4,000: 5 / sqrt(8000).
  sizes().forEach((size, c) => {
    assert.ok(Math.abs(size / before[c] - 1) < 0.056, `${size}, ${before[c]}`);
  });
  assert.ok(Math.abs(pearson(columnOf(matrix, 1), values)) < 0.08);
});

/** Blocks of `size` nodes with random edges inside each, and a few between. */
function blocks(count: number, size: number): Graph {
  const draws = words([7, 7], 0, 40 * count * size);
  const ends: number[] = [];
  for (let v = 0, at = 0; v < count * size; v++) {
    for (let i = 0; i < 6; i++) ends.push(v, Math.floor(v / size) * size + (draws[at++] % size));
    ends.push(v, draws[at++] % (count * size));
  }
  return graphFromEdges(count * size, ends);
}

const degrees = ({ offsets, n }: Graph) => Array.from({ length: n }, (_, v) => offsets[v + 1] - offsets[v]);

test("a rewired graph keeps degrees, stays simple, and keeps few edges or blocks", (t) => {
  const graph = blocks(10, 40);
  const before = graph.neighbors.slice();
  const out = rewire(graph, 3);
  assert.equal(graph.neighbors, before, "the input stays");
  // checkCsr, by which it was made, refuses self-loops, parallel and one-sided edges.
  assert.equal(degrees(out), degrees(graph));
  assert.equal(rewire(graph, 3), out, "same seed, same graph");
  assert.not.equal(rewire(graph, 4).neighbors, out.neighbors);
  const pairs = ({ n, offsets, neighbors }: Graph) => {
    const list: [number, number][] = [];
    for (let v = 0; v < n; v++) for (let i = offsets[v]; i < offsets[v + 1]; i++) list.push([v, neighbors[i]]);
    return list;
  };
  const inside = (list: [number, number][]) =>
    list.filter(([a, b]) => Math.floor(a / 40) === Math.floor(b / 40)).length / list.length;
  const original = new Set(pairs(graph).map(String));
  const left = pairs(out).filter((pair) => original.has(String(pair))).length / original.size;
  t.note(`${(100 * left).toFixed(1)} % of edges left, inside blocks ${inside(pairs(graph))} to ${inside(pairs(out))}`);
  // By chance a pair is joined with probability d / n = 0.03, inside a block 0.1.
  assert.ok(left < 0.06, `${left}`);
  assert.ok(inside(pairs(out)) < 0.14, `${inside(pairs(out))}`);
});

test("rewiring moves weights with their edges, and leaves alone what cannot be swapped", () => {
  const plain = blocks(4, 20);
  const ends: number[] = [];
  const weights: number[] = [];
  for (let v = 0; v < plain.n; v++) {
    for (let i = plain.offsets[v]; i < plain.offsets[v + 1]; i++) {
      if (plain.neighbors[i] < v) continue;
      ends.push(v, plain.neighbors[i]);
      weights.push(1 + weights.length);
    }
  }
  const graph = graphFromEdges(plain.n, ends, weights);
  const out = rewire(graph, 1);
  assert.equal(degrees(out), degrees(graph));
  assert.equal([...out.weights].sort(), [...graph.weights].sort());
  const star = graphFromEdges(6, [0, 1, 0, 2, 0, 3, 0, 4]);
  assert.equal(rewire(star, 1), star);
  const none = graphFromEdges(3, []);
  assert.equal(rewire(none, 1), none);
});

test.run();
