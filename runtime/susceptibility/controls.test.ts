import * as assert from "uvu/assert";
import { seededRandom } from "../../harness/test/random";
import { suite } from "../../harness/test/suite";
import { pearson } from "./agreement";
import { cyclicPermutation, gaussianMatrix, shuffledColumns, shuffledPairing, shuffledTraces } from "./controls";

const test = suite("runtime/susceptibility/controls");

const shape = { draws: 12, chains: 3, tokens: 7 };

/** Random traces, [draws, chains, tokens]. */
function exampleTraces(seed: number): Float64Array {
  const random = seededRandom(seed);
  return Float64Array.from({ length: shape.draws * shape.chains * shape.tokens }, () => random.normal());
}

test("shuffling leaves no draw at its place and is the same for the same seed", () => {
  const pairing = shuffledPairing(3, "l0h1", 4, 9);
  assert.equal(pairing, shuffledPairing(3, "l0h1", 4, 9));
  assert.not.equal(pairing, shuffledPairing(4, "l0h1", 4, 9));
  for (const order of pairing) {
    assert.equal([...order].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    order.forEach((partner, draw) => {
      assert.is.not(partner, draw);
    });
  }
  assert.equal(
    cyclicPermutation(1, () => 0),
    [0],
  );
});

test("shuffled traces keep every token's values within its chain", () => {
  const traces = exampleTraces(11);
  const input = Float32Array.from(traces);
  const out = shuffledTraces(input, shape, 1, "l0h0");
  const values = (array: Float32Array, m: number, i: number) =>
    Array.from({ length: shape.draws }, (_, s) => array[(s * shape.chains + m) * shape.tokens + i]).sort();
  for (let m = 0; m < shape.chains; m++) {
    for (let i = 0; i < shape.tokens; i++) assert.equal(values(out, m, i), values(input, m, i));
  }
});

test("shuffled traces move every draw, and tokens apart from each other", () => {
  const traces = exampleTraces(17);
  // Every token has the draw's number for a value: what comes out is the permutation.
  const numbers = Float32Array.from(traces, (_, index) => Math.floor(index / (shape.chains * shape.tokens)));
  const out = shuffledTraces(numbers, shape, 1, "l0h0");
  const order = (m: number, i: number) =>
    Array.from({ length: shape.draws }, (_, s) => out[(s * shape.chains + m) * shape.tokens + i]);
  const orders = new Set<string>();
  for (let m = 0; m < shape.chains; m++) {
    for (let i = 0; i < shape.tokens; i++) {
      order(m, i).forEach((from, s) => {
        assert.is.not(from, s, `chain ${m}, token ${i}, draw ${s} stayed`);
      });
      orders.add(order(m, i).join());
    }
  }
  assert.is(orders.size, shape.chains * shape.tokens, "no two tokens or chains share a permutation");
});

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

test.run();
