/** Values and weights of any size: times a power of two nothing changes at all, times anything else the clusters stay. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { type Graph, graphFromEdges } from "../../kernels/graph/csr";
import type { Matrix } from "../statistics/matrix";
import { clusterGraph, clusterTokens } from "./cluster";
import { commonScale } from "./common-scale";
import type { ClusterConfig } from "./config";
import { normalize } from "./normalize";
import { meanProfiles } from "./profile";
import { makeRandom } from "./random";

const test = suite("runtime/cluster/scale");
const GROUPS = 6;
const SIZE = 14;

/** Six groups of 14 points about corners that lie far apart; values to 24 bits, so that no power of two rounds any. */
function points(): Matrix & { data: Float64Array } {
  const { normal } = makeRandom(1);
  const data = Float64Array.from({ length: GROUPS * SIZE * GROUPS }, (_, at) =>
    Math.fround((Math.floor(at / GROUPS / SIZE) === at % GROUPS ? 20 : 0) + normal()),
  );
  return { rows: GROUPS * SIZE, cols: GROUPS, data };
}

const times = (matrix: Matrix, factor: (x: number) => number): Matrix => ({
  ...matrix,
  data: Float64Array.from(matrix.data, factor),
});
const power = (k: number) => (x: number) => x * 2 ** Math.trunc(k / 2) * 2 ** (k - Math.trunc(k / 2));

const base = { k: 10, min_size: 6, null: "none", max_share: 0.3 } as const;
const SETTINGS: readonly Partial<ClusterConfig>[] = [
  { columns: "asinh" },
  { columns: "zscore" },
  { columns: "rank" },
  { columns: "none", rows: "none" },
  { columns: "none", rows: "center" },
  { columns: "none", rows: "standardize" },
  { columns: "none", rows: "none", whiten: "rank", whiten_rank: 5 },
  { columns: "none", rows: "none", whiten: "shrinkage" },
];

test("a matrix times any power of two has the same points' order, clusters and labels", async () => {
  const matrix = points();
  for (const own of SETTINGS) {
    const config = { ...base, ...own };
    const first = await clusterTokens(matrix, config);
    assert.ok(first.clusters.length > 0, JSON.stringify(own));
    for (const k of [-1000, -200, 1, 600, 1000]) {
      const again = await clusterTokens(times(matrix, power(k)), config);
      assert.equal(again.labels, first.labels, `${JSON.stringify(own)} times 2^${k}`);
    }
  }
});

test("the largest and the smallest numbers, and any other factor", async () => {
  const matrix = points();
  const top = matrix.data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  for (const own of SETTINGS) {
    const config = { ...base, ...own };
    const { labels } = await clusterTokens(matrix, config);
    for (const factor of [1.79e308 / top, 1e-300, 1e-307, 3, 0.1]) {
      const again = await clusterTokens(
        times(matrix, (x) => x * factor),
        config,
      );
      assert.equal(again.labels, labels, `${JSON.stringify(own)} times ${factor}`);
    }
  }
});

test("ordinary points keep their bits; columns as they are get a power of two", () => {
  const matrix = points();
  const squashed = normalize(matrix, { columns: "asinh", rows: "none" });
  const huge = normalize(times(matrix, power(1000)), { columns: "asinh", rows: "none" });
  assert.equal(huge.data, squashed.data);
  // The median of an even number of values is the middle of two that may not be added.
  const wide = { rows: 4, cols: 1, data: Float64Array.of(1.6e308, 1.7e308, -1.7e308, 1.65e308) };
  const narrow = times(wide, power(-900));
  for (const columns of ["asinh", "zscore"] as const)
    assert.equal(normalize(wide, { columns, rows: "none" }).data, normalize(narrow, { columns, rows: "none" }).data);
  for (const k of [-100, 0, 100]) {
    const own = times(matrix, power(k));
    assert.equal(normalize(own, { columns: "none", rows: "none" }).data, own.data);
  }
  const left = normalize(times(matrix, power(900)), { columns: "none", rows: "none" }).data;
  const factor = left[0] / matrix.data[0];
  assert.is(Math.log2(factor) % 1, 0);
  assert.equal(
    left,
    matrix.data.map((x) => x * factor),
  );
});

test("means of a cluster are in the matrix's own unit, their errors too, however large", () => {
  const matrix = points();
  const clusters = [{ members: [0, 1, 2, 3, 4] }];
  const [one] = meanProfiles(clusters, matrix, "none");
  const mean = [0, 1, 2, 3, 4].reduce((sum, i) => sum + matrix.data[i * GROUPS], 0) / 5;
  assert.ok(Math.abs(one.mean[0] - mean) < 1e-12);
  for (const k of [-900, 900]) {
    const [other] = meanProfiles(clusters, times(matrix, power(k)), "none");
    assert.equal(other.mean, one.mean.map(power(k)));
    assert.equal(other.error, one.error.map(power(k)));
  }
});

/** Twelve groups of 12 nodes with weights from 1 to 8, or of 1. */
function planted(weighted: boolean): { n: number; ends: number[]; weights: number[] } {
  const { uniform } = makeRandom(5);
  const n = 144;
  const ends: number[] = [];
  const weights: number[] = [];
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++)
      if (uniform() < (i % 12 === j % 12 ? 0.7 : 0.03)) {
        ends.push(i, j);
        weights.push(weighted ? Math.fround(1 + 7 * uniform()) : 1);
      }
  return { n, ends, weights };
}

const graphOf = ({ n, ends, weights }: ReturnType<typeof planted>, factor: (x: number) => number): Graph =>
  graphFromEdges(n, ends, weights.map(factor));

test("weights times any power of two give the same clusters; weights of one value are weights of 1", async () => {
  for (const weighted of [true, false])
    for (const rule of ["none", "rewired"] as const) {
      const edges = planted(weighted);
      const first = await clusterGraph(
        graphOf(edges, (x) => x),
        { null: rule },
      );
      assert.is(first.clusters.length, 12, `${weighted} ${rule}`);
      const factors: [string, (x: number) => number][] = [-1000, -140, -1, 500, 1020].map((k) => [`2^${k}`, power(k)]);
      for (const factor of weighted ? [3, 0.1] : [3, 0.1, 1.79e308, 5e-324])
        factors.push([`${factor}`, (x) => x * factor]);
      for (const [name, factor] of factors) {
        const again = await clusterGraph(graphOf(edges, factor), { null: rule });
        assert.equal(again.labels, first.labels, `${weighted} ${rule} times ${name}`);
        again.clusters.forEach(({ conductance }, i) => {
          const off = Math.abs(conductance - first.clusters[i].conductance);
          assert.ok(off <= (name.startsWith("2^") ? 0 : 1e-12), `${name}: ${off}`);
        });
      }
    }
});

test("a graph of weights 1 is taken as it is; sums are finite; the least weights do not vanish", () => {
  const unit = graphOf(planted(false), (x) => x);
  assert.is(commonScale(unit), unit);
  const { weights } = planted(true);
  const mean = weights.reduce((sum, x) => sum + x, 0) / weights.length;
  const scaled = commonScale(graphOf(planted(true), (x) => x / mean));
  assert.ok(scaled.volume / scaled.weights.length >= 1 && scaled.volume / scaled.weights.length < 2);
  const large = graphFromEdges(4, [0, 1, 1, 2, 2, 3], [1.79e308, 1.7e308, 5e-324]);
  assert.ok(Number.isFinite(large.volume) && large.weights.every((w) => w > 0 && w < Infinity));
  const even = commonScale(large);
  assert.ok(
    even.weights.every((w) => Math.fround(w) > 0),
    "as f32 too",
  );
  assert.ok(Math.abs(even.weights[0] / even.weights[2] - 1.79 / 1.7) < 1e-12);
  assert.is(
    even.volume,
    even.degree.reduce((sum, d) => sum + d, 0),
  );
});

test.run();
