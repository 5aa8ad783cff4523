import { performance } from "node:perf_hooks";
import * as assert from "uvu/assert";
import { plantClusters } from "../../harness/test/planted";
import { suite } from "../../harness/test/suite";
import { clusterTokens } from "./cluster";
import { type ClusterConfig, DEFAULT_CLUSTER_CONFIG } from "./config";
import { gaussianMatrix, shuffledColumns } from "./controls";
import { nearestNeighbors } from "./knn";
import { makeRandom } from "./random";
import { scorePartition, scoreSets } from "./score";

const test = suite("runtime/cluster");

/** Sizes between low and high, evenly on a logarithmic scale. */
function sizes(count: number, low: number, high: number, seed: number): number[] {
  const { uniform } = makeRandom(seed);
  return Array.from({ length: count }, () => Math.round(low * (high / low) ** uniform()));
}

const small = () =>
  plantClusters({ seed: 3, sizes: sizes(12, 15, 60, 1), body: 700, dims: 20, centers: 1.6, spread: 0.35, tail: 4 });

test("25 planted clusters in a body of 4,000: found, and little else", async (t) => {
  const planted = plantClusters({
    seed: 1,
    sizes: sizes(25, 30, 300, 78),
    body: 4000,
    dims: 32,
    centers: 1.6,
    spread: 0.35,
    tail: 4,
  });
  const start = performance.now();
  const { clusters, labels } = await clusterTokens(planted);
  const seconds = (performance.now() - start) / 1000;
  const scores = scoreSets(clusters, planted.truth);
  const found = scores.perLabel.filter(({ bestF1 }) => bestF1 > 0.8).length;
  const { ari, purity } = scorePartition(labels, planted.truth);
  t.note(
    `${planted.rows} points, ${seconds.toFixed(1)} s: ${found} of 25 at F1 > 0.8 in ${clusters.length} clusters, ` +
      `mean ${scores.meanBestF1.toFixed(3)}, ARI ${ari.toFixed(3)}, purity ${purity.toFixed(3)}`,
  );
  assert.ok(found >= 23);
  assert.ok(clusters.length <= 30);
  assert.ok(purity > 0.95);
});

test("nothing is found in Gaussian and column-shuffled points", async (t) => {
  const found: number[] = [];
  for (const matrix of [gaussianMatrix(1500, 20, 3), shuffledColumns(small(), 5), gaussianMatrix(600, 8, 9)])
    found.push((await clusterTokens(matrix)).clusters.length);
  t.note(`clusters: ${found.join(", ")}`);
  assert.equal(found, [0, 0, 0]);
});

test("other nulls and whitenings find the planted clusters, and hardly anything in noise", async (t) => {
  const planted = plantClusters({ seed: 6, sizes: [20, 30, 40, 50], body: 300, dims: 12, centers: 1.6, spread: 0.35 });
  const noise = gaussianMatrix(400, 12, 2);
  const settings: Partial<ClusterConfig>[] = [
    { null: "gaussian" },
    { null: "rewired", excess_min: 0.5 },
    { null: "none", excess_min: 0.7 },
    { whiten: "shrinkage" },
    { whiten: "rank", whiten_rank: 10 },
  ];
  for (const config of settings) {
    const result = await clusterTokens(planted, config);
    const { meanBestF1 } = scoreSets(result.clusters, planted.truth);
    const { clusters } = await clusterTokens(noise, config);
    t.note(`${JSON.stringify(config)}: mean F1 ${meanBestF1.toFixed(2)}, in noise ${clusters.length}`);
    assert.ok(meanBestF1 > 0.75, JSON.stringify(config));
    // Without a null excess over a random set stands alone, and the body is cut somewhere.
    assert.ok(clusters.length <= (config.null === "none" ? 6 : 0), JSON.stringify(config));
    assert.is(result.points.shrinkage !== undefined, config.whiten === "shrinkage");
  }
});

test("clusters, labels and candidates agree with each other", async () => {
  const planted = small();
  const result = await clusterTokens(planted, { k: 15 });
  assert.ok(result.clusters.length >= 10);
  const seen = new Int32Array(planted.rows).fill(-1);
  let again = 0;
  for (const { id, size, members, conductance, sweep, seed, excess, recurrence, tolerance } of result.clusters) {
    assert.is(members.length, size);
    for (const v of members) {
      assert.is(seen[v], -1, "disjoint");
      seen[v] = id;
    }
    assert.ok(conductance >= 0 && conductance < 1);
    // What is a cluster as a whole part has no walk.
    assert.is(sweep.length > 0, tolerance > 0);
    assert.ok(tolerance > 0 || excess === 1);
    assert.ok(excess >= DEFAULT_CLUSTER_CONFIG.excess_min && recurrence >= 0 && recurrence <= 1);
    again += recurrence / result.clusters.length;
    assert.ok(seed >= 0 && seed < planted.rows);
  }
  assert.equal(seen, result.labels);
  // A cluster that refinement made of others may be no search's own; the planted ones are found again and again.
  assert.ok(again > 0.8, `${again}`);
  assert.ok(result.candidates.length >= result.clusters.length / 2);
  // Candidates are what searches found; a whole part was not searched for.
  const whole = result.clusters.filter(({ tolerance }) => tolerance === 0);
  assert.ok(scoreSets([...result.candidates, ...whole], planted.truth).meanBestF1 > 0.8);
});

test("same input, same bytes; another kNN with the same ids changes nothing", async () => {
  const planted = small();
  const first = await clusterTokens(planted);
  const again = await clusterTokens(planted, {}, { search: async (points, k) => nearestNeighbors(points, k) });
  assert.is(JSON.stringify(again.clusters), JSON.stringify(first.clusters));
  assert.equal(again.labels, first.labels);
  assert.is(again.neighbors, null);
  assert.is(first.neighbors?.method, "wasm");
  assert.is(first.neighbors?.recall, null);
  // So few points share one leaf: the approximate lists are exact, and measured so.
  const near = await clusterTokens(planted, { neighbors: "approximate" });
  assert.equal(near.labels, first.labels);
  assert.is(near.neighbors?.method, "nn-descent");
  assert.is(near.neighbors?.recall?.value, 1);
});

test("weights drop noise columns; too few columns give no clusters", async () => {
  const planted = small();
  const { normal } = makeRandom(2);
  const cols = planted.cols + 40;
  const data = new Float64Array(planted.rows * cols);
  for (let i = 0; i < planted.rows; i++)
    for (let c = 0; c < cols; c++)
      data[i * cols + c] = c < planted.cols ? planted.data[i * planted.cols + c] : 3 * normal();
  const noisy = { rows: planted.rows, cols, data };
  const weights = Float64Array.from({ length: cols }, (_, c) => (c < planted.cols ? 1 : 0));
  const weighed = scoreSets((await clusterTokens(noisy, {}, { weights })).clusters, planted.truth).meanBestF1;
  assert.ok(weighed > 0.8, `${weighed}`);
  const few = await clusterTokens(noisy, {}, { weights: weights.map((_, c) => (c < 2 ? 1 : 0)) });
  assert.is(few.clusters.length, 0);
  assert.ok(few.labels.every((label) => label === -1));
});

test("tiny inputs end without clusters", async () => {
  for (const rows of [1, 2, 3, 6]) assert.is((await clusterTokens(gaussianMatrix(rows, 4, 1))).clusters.length, 0);
  assert.is((await clusterTokens({ rows: 30, cols: 3, data: new Float64Array(90) })).labels.length, 30);
});

test.run();
