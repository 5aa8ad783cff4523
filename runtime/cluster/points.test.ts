import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { SpectroscopeError } from "../../kernels/errors";
import { gaussianMatrix, shuffleColumns } from "./controls";
import { nearestNeighbors } from "./knn";
import { normalize, normalizeColumns, normalQuantile } from "./normalize";
import { principalAxes, symmetricEigen } from "./pca";
import { makeRandom } from "./random";
import { columnReliability } from "./reliability";
import { symmetrize } from "./symmetrize";

const test = suite("runtime/cluster/points");
const near = (got: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(got - expected) <= tolerance, `${got} and ${expected}`);
const refused = (body: () => unknown, pattern: RegExp) =>
  assert.throws(body, (error: Error) => error instanceof SpectroscopeError && pattern.test(error.line));

test("columns: zscore, asinh and rank by closed forms", () => {
  const data = Float64Array.from([1, 2, 3, 4, 1000]);
  const z = normalizeColumns({ rows: 5, cols: 1, data }, "zscore").data;
  near(
    z.reduce((a, b) => a + b, 0),
    0,
    1e-12,
  );
  near(
    z.reduce((a, b) => a + b * b, 0),
    5,
    1e-12,
  );
  // Median 3, median absolute deviation 1.
  const raw = [-2, -1, 0, 1, 997].map((x) => Math.asinh(x * 0.6744897501960817));
  const mean = raw.reduce((a, b) => a + b, 0) / 5;
  const deviation = Math.sqrt(raw.reduce((a, b) => a + (b - mean) ** 2, 0) / 5);
  const squashed = normalizeColumns({ rows: 5, cols: 1, data }, "asinh").data;
  for (const [i, x] of raw.entries()) near(squashed[i], (x - mean) / deviation, 1e-12);
  const ranks = normalizeColumns({ rows: 5, cols: 1, data: Float64Array.from([5, 1, 5, 0, 9]) }, "rank").data;
  assert.is(ranks[0], ranks[2]);
  assert.ok(ranks[3] < ranks[1] && ranks[1] < ranks[0] && ranks[0] < ranks[4]);
  near(normalQuantile(0.975), 1.959963984540054, 1e-8);
  near(normalQuantile(0.001), -3.090232306167813, 1e-8);
});

test("rows, constant columns, weights, whitening", () => {
  const matrix = { rows: 4, cols: 3, data: Float64Array.from([1, 7, 0, 2, 7, 5, 3, 7, 1, 9, 7, 2]) };
  const points = normalize(matrix, { columns: "zscore", rows: "standardize", whitenRank: 0 });
  for (let i = 0; i < 4; i++) {
    const row = points.data.subarray(3 * i, 3 * i + 3);
    near(row[0] + row[1] + row[2], 0, 1e-12);
    near(row[0] ** 2 + row[1] ** 2 + row[2] ** 2, 3, 1e-12);
  }
  const flat = normalize(matrix, { columns: "asinh", rows: "none", whitenRank: 0 });
  for (let i = 0; i < 4; i++) assert.is(flat.data[3 * i + 1], 0);
  const weighed = normalize(matrix, { columns: "zscore", rows: "none", whitenRank: 0, weights: [2, 0, 1] });
  const plain = normalize(matrix, { columns: "zscore", rows: "none", whitenRank: 0 });
  assert.is(weighed.cols, 2);
  assert.is(weighed.data[2], 2 * plain.data[3]);
  const white = normalize(gaussianMatrix(200, 6, 4), { columns: "zscore", rows: "none", whitenRank: 4 });
  for (let a = 0; a < 4; a++)
    for (let b = 0; b <= a; b++) {
      let sum = 0;
      for (let i = 0; i < 200; i++) sum += white.data[4 * i + a] * white.data[4 * i + b];
      near(sum / 200, a === b ? 1 : 0, 1e-9);
    }
  refused(
    () =>
      normalize({ ...matrix, data: matrix.data.with(4, Number.NaN) }, { columns: "rank", rows: "none", whitenRank: 0 }),
    /row 1, column 1 is not finite/,
  );
  refused(() => normalize(matrix, { columns: "rank", rows: "none", whitenRank: 4 }), /whiten_rank 4/);
});

test("eigenvectors and principal axes, whole and by subspace iteration", () => {
  const { values, vectors } = symmetricEigen(Float64Array.from([2, 1, 1, 2]), 2);
  near(values[0], 3, 1e-14);
  near(values[1], 1, 1e-14);
  near(Math.abs(vectors[0]), Math.SQRT1_2, 1e-14);
  // Three strong directions in 400 noisy columns.
  const { normal } = makeRandom(3);
  const [rows, cols] = [120, 400];
  const loads = Array.from({ length: 3 }, (_, j) => Float64Array.from({ length: cols }, () => normal() * (3 - j)));
  const data = new Float32Array(rows * cols);
  for (let i = 0; i < rows; i++) {
    const factors = [normal(), normal(), normal()];
    for (let c = 0; c < cols; c++)
      data[i * cols + c] = 5 + factors.reduce((s, f, j) => s + f * loads[j][c], 0) + 0.01 * normal();
  }
  const axes = principalAxes({ rows, cols, data }, 3);
  assert.ok(axes.explained > 0.999, `${axes.explained}`);
  let residual = 0;
  for (let i = 0; i < rows; i++) {
    let length = 0;
    let held = 0;
    for (let j = 0; j < 3; j++) held += axes.scores[3 * i + j] ** 2;
    for (let c = 0; c < cols; c++) {
      let mean = 0;
      for (let r = 0; r < rows; r++) mean += data[r * cols + c];
      length += (data[i * cols + c] - mean / rows) ** 2;
    }
    residual = Math.max(residual, (length - held) / length);
  }
  assert.ok(residual < 0.05, `${residual}`);
  assert.equal(principalAxes({ rows, cols, data }, 3), axes, "same input, same bytes");
  refused(() => principalAxes({ rows: 3, cols: 2, data: new Float64Array(6).fill(1) }, 1), /no variance/);
});

test("neighbors: exact, ties by id", () => {
  const line = { rows: 5, cols: 1, data: Float64Array.from([0, 1, 2, 3, 10]) };
  assert.equal([...nearestNeighbors(line, 2)], [1, 2, 0, 2, 1, 3, 2, 1, 3, 2]);
  const same = { rows: 4, cols: 1, data: new Float64Array(4) };
  assert.equal([...nearestNeighbors(same, 2)], [1, 2, 0, 2, 0, 1, 0, 1]);
  const points = gaussianMatrix(150, 7, 2);
  const ids = nearestNeighbors(points, 9);
  for (let i = 0; i < 150; i++) {
    const distance = (j: number) => {
      let sum = 0;
      for (let c = 0; c < 7; c++) sum += (points.data[7 * i + c] - points.data[7 * j + c]) ** 2;
      return sum;
    };
    const expected = Array.from({ length: 150 }, (_, j) => j)
      .filter((j) => j !== i)
      .sort((a, b) => distance(a) - distance(b) || a - b);
    assert.equal([...ids.subarray(9 * i, 9 * i + 9)], expected.slice(0, 9));
  }
  refused(() => nearestNeighbors(line, 5), /k = 5 neighbors asked of 5 points/);
});

test("symmetrize: mutual and union", () => {
  const lists = Uint32Array.from([1, 2, 1]); // 0 lists 1, 1 lists 2, 2 lists 1
  assert.equal([...symmetrize(lists, 3, "mutual").degree], [0, 1, 1]);
  assert.equal([...symmetrize(lists, 3, "union").degree], [1, 2, 1]);
  refused(() => symmetrize(Uint32Array.from([0, 2, 1]), 3, "union"), /neighbor 0 of point 0/);
  refused(() => symmetrize(lists, 2, "union"), /not a whole number/);
});

test("reliability: shared columns keep weight, chain noise loses it", () => {
  const rows = 400;
  const cols = 4;
  const { normal } = makeRandom(8);
  const signal = Float64Array.from({ length: rows * cols }, normal);
  const chains = Array.from({ length: 4 }, () => ({
    rows,
    cols,
    data: signal.map((x, i) => (i % cols < 2 ? x + normal() : normal())),
  }));
  const { agreement, weights } = columnReliability(chains, "zscore", 1);
  for (let c = 0; c < 2; c++) near(agreement[c], 0.5, 0.1);
  for (let c = 2; c < 4; c++) assert.ok(weights[c] < 0.3, `${weights[c]}`);
  assert.ok(weights[0] > 0.6 && weights[1] > 0.6);
  refused(() => columnReliability(chains.slice(1, 2), "zscore", 1), /two chains/);
});

test("a column shuffle keeps every column's values", () => {
  const matrix = gaussianMatrix(50, 3, 1);
  const shuffled = shuffleColumns(matrix, 2);
  for (let c = 0; c < 3; c++) {
    const column = (m: { data: ArrayLike<number> }) => Array.from({ length: 50 }, (_, i) => m.data[3 * i + c]);
    assert.equal(column(shuffled).sort(), column(matrix).sort());
    assert.not.equal(column(shuffled), column(matrix));
  }
});

test.run();
