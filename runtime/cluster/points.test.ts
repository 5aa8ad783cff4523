import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { SpectroscopeError } from "../../kernels/errors";
import type { Matrix } from "../statistics/matrix";
import { gaussianMatrix } from "./controls";
import { nearestNeighbors } from "./knn";
import { normalize, normalizeColumns } from "./normalize";
import { principalAxes, symmetricEigen } from "./pca";
import { makeRandom } from "./random";
import { columnReliability } from "./reliability";
import { symmetrize } from "./symmetrize";
import { ledoitWolf, whitenBy } from "./whiten";

const test = suite("runtime/cluster/points");
const near = (got: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(got - expected) <= tolerance, `${got} and ${expected}`);
const refused = (body: () => unknown, pattern: RegExp) =>
  assert.throws(body, (error: Error) => error instanceof SpectroscopeError && pattern.test(error.line));

test("columns: none leaves them as they are, but for those of one value", () => {
  const data = Float64Array.of(1, 7, 3, 7, -2, 7);
  assert.equal(Array.from(normalizeColumns({ rows: 3, cols: 2, data }, "none").data), [1, 0, 3, 0, -2, 0]);
  const points = normalize({ rows: 3, cols: 2, data }, { columns: "none", rows: "none" });
  assert.equal([Array.from(points.data), points.constantColumns], [[1, 3, -2], [1]]);
  const chains = [1, 2].map((scale) => ({ rows: 3, cols: 2, data: data.map((x) => scale * x + 5) }));
  const { agreement } = columnReliability(chains, "none", 0);
  assert.ok(Math.abs(agreement[0] - 1) < 1e-12 && agreement[1] === 0, `${agreement}`);
});

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
});

test("rows, constant columns and rows, weights", () => {
  const matrix = { rows: 4, cols: 3, data: Float64Array.from([1, 7, 0, 2, 7, 5, 3, 7, 1, 9, 7, 2]) };
  const points = normalize(matrix, { columns: "zscore", rows: "standardize" });
  assert.equal([points.cols, points.constantColumns, points.dimensions], [2, [1], 0]);
  const wide = gaussianMatrix(5, 6, 2);
  const standard = normalize(wide, { columns: "zscore", rows: "standardize" });
  assert.is(standard.dimensions, 4);
  for (let i = 0; i < 5; i++) {
    const row = standard.data.subarray(6 * i, 6 * i + 6);
    near(
      row.reduce((a, b) => a + b, 0),
      0,
      1e-12,
    );
    near(
      row.reduce((a, b) => a + b * b, 0),
      6,
      1e-12,
    );
  }
  const plain = normalize(matrix, { columns: "zscore", rows: "none" });
  const weighed = normalize(matrix, { columns: "zscore", rows: "none", weights: [2, 5, 0] });
  assert.equal([weighed.cols, weighed.dimensions], [1, 1]);
  assert.is(weighed.data[2], 2 * plain.data[4]);
  assert.equal(normalize(matrix, { columns: "asinh", rows: "none", weights: [0, 1, 0] }).cols, 0, "nothing varies");
  // Equal columns leave rows of one value.
  const level = { rows: 4, cols: 2, data: Float64Array.from([1, 1, 4, 4, 3, 3, 2, 2]) };
  const copies = normalize(level, { columns: "zscore", rows: "center" });
  assert.equal([copies.constantRows, copies.dimensions, Math.max(...copies.data)], [4, 1, 0]);
  refused(
    () => normalize({ ...matrix, data: matrix.data.with(4, Number.NaN) }, { columns: "rank", rows: "none" }),
    /row 1, column 1 is not finite/,
  );
  refused(() => normalize(matrix, { columns: "zscore", rows: "none", weights: [1, 1] }), /2 weights for 3 columns/);
  refused(() => normalize(matrix, { columns: "zscore", rows: "none", weights: [1, -1, 0] }), /weight -1 of column 1/);
});

const moment = ({ rows, cols, data }: Matrix, a: number, b: number) => {
  let sum = 0;
  for (let i = 0; i < rows; i++) sum += data[cols * i + a] * data[cols * i + b];
  return sum / rows;
};

test("whitening by rank: so many axes of variance 1", () => {
  const matrix = gaussianMatrix(200, 6, 4);
  const white = normalize(matrix, { columns: "zscore", rows: "none", whiten: "rank", whitenRank: 4 });
  for (let a = 0; a < 4; a++) for (let b = 0; b <= a; b++) near(moment(white, a, b), a === b ? 1 : 0, 1e-9);
  assert.equal([white.cols, white.dimensions], [4, 4]);
  refused(
    () => normalize(matrix, { columns: "rank", rows: "none", whiten: "rank", whitenRank: 7 }),
    /whiten_rank 7 is outside 1 \.\. 6/,
  );
});

test("shrinkage is scikit-learn's, and whitened points have the covariance that it says", () => {
  const [rows, cols] = [12, 5];
  const entry = (i: number, c: number) => Math.sin(1 + i * (c + 1)) * (c + 1) + 0.5 * Math.cos(i * i);
  const data = Float64Array.from({ length: rows * cols }, (_, at) => entry(Math.floor(at / cols), at % cols));
  const { covariance, shrinkage } = ledoitWolf({ rows, cols, data });
  // scikit-learn 1.9.1, sklearn.covariance.ledoit_wolf of the same matrix. Rounding of sums of 12.
  near(shrinkage, 0.3526469969069535, 1e-12);
  near(covariance[0], 2.411418105407524, 1e-12);
  near(covariance[3 * cols + 1], -1.2109549758263234, 1e-12);
  near(covariance[4 * cols + 4], 10.535170620676727, 1e-12);
  const white = whitenBy(covariance, { rows, cols, data });
  // y = L^-1 x: L y gives x back, by distances: |y|^2 = x' C^-1 x, here by solving C z = x with Gauss' elimination.
  for (const i of [0, 7]) {
    const x = data.subarray(i * cols, (i + 1) * cols);
    const y = white.data.subarray(i * cols, (i + 1) * cols);
    const z = solve(covariance, x);
    near(
      y.reduce((sum, v) => sum + v * v, 0),
      x.reduce((sum, v, c) => sum + v * z[c], 0),
      1e-9,
    );
  }
  refused(() => whitenBy(new Float64Array(4).fill(1), { rows: 1, cols: 2, data: new Float64Array(2) }), /singular/);
});

/** C z = x by elimination without pivots: C is positive definite. */
function solve(C: Float64Array, x: Float64Array): Float64Array {
  const n = x.length;
  const a = C.slice();
  const z = x.slice();
  for (let p = 0; p < n; p++) {
    for (let r = p + 1; r < n; r++) {
      const f = a[r * n + p] / a[p * n + p];
      for (let c = p; c < n; c++) a[r * n + c] -= f * a[p * n + c];
      z[r] -= f * z[p];
    }
  }
  for (let p = n - 1; p >= 0; p--) {
    for (let c = p + 1; c < n; c++) z[p] -= a[p * n + c] * z[c];
    z[p] /= a[p * n + p];
  }
  return z;
}

test("halves of a measurement whiten its noise, not its signal", () => {
  const [rows, cols] = [3000, 4];
  const signal = gaussianMatrix(rows, cols, 1);
  // Column 0 is loud in signal, column 3 in noise; z-scoring makes them alike.
  const half = (seed: number) => {
    const noise = gaussianMatrix(rows, cols, seed).data;
    const data = Float64Array.from(signal.data, (x, at) => (at % cols < 2 ? 3 * x + noise[at] : x + 3 * noise[at]));
    return { rows, cols, data };
  };
  const halves = [half(2), half(3)] as const;
  const data = halves[0].data.map((x, at) => (x + halves[1].data[at]) / 2);
  const options = { columns: "zscore", rows: "none", whiten: "shrinkage" } as const;
  const white = normalize({ rows, cols, data }, { ...options, halves });
  // Spread over noise of a z-scored half: its noise has variance 1 / 10 (signal 9, noise 1) or 9 / 10, halved in half the
  // difference; the points have variance 1. Errors of variances of 3,000 rows are 2.6 %.
  for (let c = 0; c < cols; c++) near(moment(white, c, c) / (c < 2 ? 20 : 20 / 9), 1, 0.1);
  assert.ok(white.shrinkage! > 0 && white.shrinkage! < 0.05);
  const own = normalize({ rows, cols, data }, options);
  for (let c = 0; c < cols; c++) near(moment(own, c, c), 1, 0.01);
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

test("axes by subspace iteration are those of the whole Gram matrix", () => {
  // 20 directions of falling strength above a floor of noise, as traces have them; beyond them axes of noise are near each other.
  const { normal } = makeRandom(12);
  const [rows, cols, strong] = [96, 260, 20];
  const loads = Float64Array.from({ length: strong * cols }, normal);
  const data = new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++) {
    const factors = Array.from({ length: strong }, (_, j) => normal() / (1 + j / 4));
    for (let c = 0; c < cols; c++)
      data[i * cols + c] = 3 + factors.reduce((s, f, j) => s + f * loads[j * cols + c], 0) + 0.02 * normal();
  }
  const axes = principalAxes({ rows, cols, data }, strong);
  const centered = data.slice();
  for (let c = 0; c < cols; c++) {
    let mean = 0;
    for (let i = 0; i < rows; i++) mean += data[i * cols + c] / rows;
    for (let i = 0; i < rows; i++) centered[i * cols + c] -= mean;
  }
  const gram = new Float64Array(rows * rows);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < rows; j++)
      for (let c = 0; c < cols; c++) gram[i * rows + j] += centered[i * cols + c] * centered[j * cols + c];
  const { values, vectors } = symmetricEigen(gram, rows);
  // Four rounds leave of an axis' error what (noise / strength)^8 does: below 1e-8 for the weakest of these.
  for (let j = 0; j < strong; j++) {
    near(axes.deviations[j] / Math.sqrt(values[j] / rows), 1, 1e-8);
    let along = 0;
    for (let i = 0; i < rows; i++) along += axes.scores[i * strong + j] * vectors[i * rows + j];
    near(Math.abs(along) / Math.sqrt(values[j]), 1, 1e-8);
    for (let k = 0; k <= j; k++) {
      let dot = 0;
      for (let c = 0; c < cols; c++) dot += axes.axes[c * strong + j] * axes.axes[c * strong + k];
      near(dot, j === k ? 1 : 0, 1e-12);
    }
  }
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
  const points = gaussianMatrix(80, 3, 5);
  const random = nearestNeighbors(points, 6);
  for (const rule of ["mutual", "union"] as const) {
    const { offsets, neighbors } = symmetrize(random, 80, rule);
    const has = (a: number, b: number) => random.subarray(6 * a, 6 * a + 6).includes(b);
    for (let v = 0; v < 80; v++) {
      const wanted = Array.from({ length: 80 }, (_, u) => u).filter((u) =>
        rule === "mutual" ? has(v, u) && has(u, v) : has(v, u) || has(u, v),
      );
      assert.equal([...neighbors.subarray(offsets[v], offsets[v + 1])], wanted);
    }
  }
  refused(() => symmetrize(Uint32Array.from([0, 2, 1]), 3, "union"), /neighbor 0 of point 0/);
  refused(() => symmetrize(lists, 2, "union"), /not a whole number/);
});

test("a column that varies in its eighth digit is no constant one; what rounding alone moves is", () => {
  const column = (step: number) => ({
    rows: 4,
    cols: 1,
    data: Float64Array.from([1, -1, 1, -1], (x) => 3 + 3 * step * x),
  });
  const { data } = normalizeColumns(column(1e-8), "zscore");
  // Mean 3 and deviation 3e-8, of numbers whose own rounding is 1e-16 of them.
  for (const [i, sign] of [1, -1, 1, -1].entries()) near(data[i], sign, 1e-6);
  assert.equal([...normalizeColumns(column(1e-13), "zscore").data], [0, 0, 0, 0]);
});

test("reliability of two chains: their correlation, less z times one over the root of the tokens", () => {
  // Of 4 tokens: +-1 in halves, and the same with one pair of tokens exchanged, which correlates by 0; equal columns by 1.
  const first = { rows: 4, cols: 2, data: Float64Array.of(1, 1, 1, 1, -1, -1, -1, -1) };
  const second = { rows: 4, cols: 2, data: Float64Array.of(1, 1, 1, -1, -1, 1, -1, -1) };
  const { agreement, error, weights, kept } = columnReliability([first, second], "zscore", 0.5);
  assert.equal([...agreement], [1, 0]);
  assert.equal([...error], [1 / 2, 1 / 2]);
  assert.equal([...weights], [Math.sqrt(1 - 0.25), 0]);
  assert.is(kept, 1);
});

test("reliability: the error of three chains is that of the mean of their three pairs", () => {
  // Columns of 4 tokens: a, a and b, where a and b correlate by 0, so that pairs have 1, 0 and 0.
  const chains = [
    [1, 1, -1, -1],
    [1, 1, -1, -1],
    [1, -1, 1, -1],
  ].map((column) => ({ rows: 4, cols: 1, data: Float64Array.from(column) }));
  const { agreement, error } = columnReliability(chains, "zscore", 1);
  near(agreement[0], 1 / 3, 1e-15);
  // Squares about 1/3: 4/9 + 1/9 + 1/9, over 3 * 2.
  near(error[0], 1 / 3, 1e-15);
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

test.run();
