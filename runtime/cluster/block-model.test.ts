/** The block model's rates and likelihood, against sums over pairs of nodes. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { type Graph, graphFromEdges } from "../../kernels/graph/csr";
import { type ClusterTies, clusterTies } from "../../kernels/graph/partition";
import { BlockModel } from "./block-model";
import { makeRandom } from "./random";

const test = suite("runtime/cluster/block-model");

/** Nodes in blocks of ten, each node tied to half of its own and to some others. */
function random(seed: number, weight = 1): { graph: Graph; labels: Int32Array; count: number } {
  const { uniform } = makeRandom(seed);
  const n = 60;
  const ends: number[] = [];
  const weights: number[] = [];
  for (let v = 0; v < n; v++) {
    for (let u = 0; u < v; u++) {
      if (uniform() > (Math.floor(u / 10) === Math.floor(v / 10) ? 0.6 : 0.05)) continue;
      ends.push(u, v);
      weights.push(weight);
    }
  }
  return {
    graph: graphFromEdges(n, ends, weights),
    labels: Int32Array.from({ length: n }, (_, v) => Math.floor(v / 10)),
    count: 6,
  };
}

/**
 * Poisson log-likelihood of the edges, without what no partition changes, by a loop over pairs of nodes: degrees give a pair
 * d_u d_v / volume; inside a cluster at its own rate, which fits it best, between at `out`. Self-pairs count half.
 */
function likelihood(graph: Graph, labels: Int32Array, out: number): number {
  const { n, offsets, neighbors, weights, degree, volume } = graph;
  const count = 1 + Math.max(...labels);
  const edges = new Float64Array(count);
  const expected = new Float64Array(count);
  let outEdges = 0;
  let outExpected = 0;
  for (let v = 0; v < n; v++) {
    for (let u = 0; u < n; u++) {
      const e = (degree[u] * degree[v]) / volume / 2;
      if (labels[u] === labels[v]) expected[labels[v]] += e;
      else outExpected += e;
    }
    for (let e = offsets[v]; e < offsets[v + 1]; e++) {
      if (labels[neighbors[e]] === labels[v]) edges[labels[v]] += weights[e] / 2;
      else outEdges += weights[e] / 2;
    }
  }
  let sum = outEdges * Math.log(out) - out * outExpected;
  for (let c = 0; c < count; c++) if (edges[c] > 0) sum += edges[c] * Math.log(edges[c] / expected[c]) - edges[c];
  return sum;
}

/** Weight between two clusters. */
function tieOf({ starts, others, weights }: ClusterTies, a: number, b: number): number {
  for (let i = starts[a]; i < starts[a + 1]; i++) if (others[i] === b) return weights[i];
  return 0;
}

test("a union's gain is the likelihood with one cluster less that with two, summed over all pairs of nodes", () => {
  for (const seed of [1, 2, 3]) {
    const { graph, labels, count } = random(seed);
    const ties = clusterTies(graph, labels, count);
    const model = new BlockModel(ties, graph);
    let within = 0;
    let expected = 0;
    for (let c = 0; c < count; c++) {
      within += ties.inside[c];
      expected += ties.volume[c] ** 2 / graph.volume;
    }
    const out = (graph.volume - within) / (graph.volume - expected);
    for (const [a, b] of [
      [0, 1],
      [2, 5],
    ]) {
      const one = labels.map((label) => (label === b ? a : label));
      const { inside, volume } = ties;
      const gain = model.union(inside[a], inside[b], tieOf(ties, a, b), volume[a], volume[b]);
      const byPairs = likelihood(graph, one, out) - likelihood(graph, labels, out);
      assert.ok(Math.abs(gain - byPairs) < 1e-9 * Math.abs(byPairs), `${gain} and ${byPairs}`);
      assert.ok(gain < 0, "blocks are not one");
    }
    const inner = within / expected;
    assert.ok(Math.abs(model.gamma - (inner - out) / Math.log(inner / out)) < 1e-12);
  }
});

test("likelihoods count edges: the unit of weights changes neither a gain nor gamma", () => {
  const { graph, labels, count } = random(4);
  const ties = clusterTies(graph, labels, count);
  const model = new BlockModel(ties, graph);
  for (const weight of [1 / 1024, 7, 2 ** 40]) {
    const scaled = random(4, weight);
    const heavy = clusterTies(scaled.graph, labels, count);
    const other = new BlockModel(heavy, scaled.graph);
    assert.ok(Math.abs(other.gamma / model.gamma - 1) < 1e-12);
    const gain = (of: ClusterTies, m: BlockModel) =>
      m.union(of.inside[0], of.inside[1], tieOf(of, 0, 1), of.volume[0], of.volume[1]);
    assert.ok(Math.abs(gain(heavy, other) / gain(ties, model) - 1) < 1e-9, `weights of ${weight}`);
  }
});

test("a perfect partition has finite rates: one edge of mean weight stands for those that are not there", () => {
  const graph = graphFromEdges(6, [0, 1, 1, 2, 2, 0, 3, 4, 4, 5, 5, 3], new Array(6).fill(3));
  const ties = clusterTies(graph, Int32Array.of(0, 0, 0, 1, 1, 1), 2);
  const model = new BlockModel(ties, graph);
  // Volume 36, half of it in each: 36 inside where degrees give 18, and 3 for the 0 outside where they give 18.
  const [inner, out] = [2, 3 / 18];
  assert.ok(Math.abs(model.gamma - (inner - out) / Math.log(inner / out)) < 1e-12);
  assert.ok(model.union(18, 18, 0, 18, 18) < 0);
});

test.run();
