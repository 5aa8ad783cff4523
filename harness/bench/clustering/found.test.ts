/** The truth of planted graphs, found by the defaults. */
import * as assert from "uvu/assert";
import { graphFromEdges } from "../../../kernels/graph/csr";
import { clusterGraph } from "../../../runtime/cluster/cluster";
import { exactNeighbors } from "../../../runtime/cluster/neighbors/exact";
import { scorePartition } from "../../../runtime/cluster/score";
import { type SymmetrizeRule, symmetrize } from "../../../runtime/cluster/symmetrize";
import { suite } from "../../test/suite";
import { blockModel } from "./block-model";
import { lfr } from "./lfr";
import { mixturePoints } from "./mixture";
import type { TruthGraph } from "./truth-graph";

const test = suite("harness/bench/clustering/found");

async function foundIn({ n, ends, truth }: TruthGraph) {
  const { clusters, labels } = await clusterGraph(graphFromEdges(n, ends), {}, { profiles: false });
  const { ari } = scorePartition(labels, truth!);
  return { ari, words: `ARI ${ari.toFixed(3)}, ${clusters.length} clusters of ${new Set(truth!).size}` };
}

// Six drawings of each graph lay within 0.02 of each other; the bounds lie that far below the lowest.

test("block model of 2,000 nodes: blocks of 20 to 200, a fifth and two fifths of the edges between them", async (t) => {
  const options = { n: 2000, smallest: 20, largest: 200, degree: 12, seed: 1 };
  const easy = await foundIn(blockModel({ ...options, mixing: 0.2 }));
  const hard = await foundIn(blockModel({ ...options, mixing: 0.4 }));
  t.note(`${easy.words}; ${hard.words}`);
  assert.ok(easy.ari > 0.97);
  assert.ok(hard.ari > 0.92);
});

test("LFR graphs of 1,000 nodes", async (t) => {
  const options = { n: 1000, degree: 15, maxDegree: 50, degreeExponent: 2.5, smallest: 20, largest: 100, seed: 1 };
  for (const [mu, bound] of [
    [0.1, 0.98],
    [0.3, 0.98],
  ]) {
    const found = await foundIn(lfr({ ...options, mu, sizeExponent: 1.5 }));
    t.note(`mu ${mu}: ${found.words}`);
    assert.ok(found.ari > bound, `${mu}`);
  }
});

test("kNN graphs of a mixture of 2,000 points", async (t) => {
  const { points, truth } = mixturePoints({
    ...{ n: 2000, cols: 24, smallest: 50, largest: 250 },
    ...{ spread: 1.5, scatter: 0, seed: 1 },
  });
  const neighbors = await exactNeighbors(points, 15);
  for (const [rule, bound] of [
    ["union", 0.97],
    ["mutual", 0.93],
  ] satisfies [SymmetrizeRule, number][]) {
    const graph = symmetrize(neighbors, points.rows, rule);
    const { labels, clusters } = await clusterGraph(graph, {}, { profiles: false });
    const { ari } = scorePartition(labels, truth);
    t.note(`${rule}: ARI ${ari.toFixed(3)}, ${clusters.length} clusters of ${new Set(truth).size}`);
    assert.ok(ari > bound, rule);
  }
});

test.run();
