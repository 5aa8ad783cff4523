/** Graphs whose groups anybody can see, and real ones with known groups where these are at hand. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { graphsOfFolder } from "../../harness/bench/clustering/graph-files";
import { ringOfCliques, separateCliques } from "../../harness/bench/clustering/small-graphs";
import { suite } from "../../harness/test/suite";
import { graphFromEdges } from "../../kernels/graph/csr";
import { projectRoot } from "../node/root";
import { clusterGraph } from "./cluster";
import { makeRandom } from "./random";
import { scorePartition } from "./score";

const test = suite("runtime/cluster/plain-graphs");

const scored = async (n: number, ends: ArrayLike<number>, truth: Int32Array) => {
  const found = await clusterGraph(graphFromEdges(n, ends), {}, { threads: 1, profiles: false });
  return { ...found, ari: scorePartition(found.labels, truth).ari };
};

test("rings of cliques: each clique is a cluster", async () => {
  for (const [count, size] of [
    [6, 8],
    [10, 6],
    [30, 5],
    [50, 8],
  ]) {
    const { n, ends, truth } = ringOfCliques(new Array(count).fill(size));
    const { ari, clusters } = await scored(n, ends, truth as Int32Array);
    assert.equal([ari, clusters.length], [1, count], `${count} x ${size}`);
  }
});

test("two cliques and a bridge, of any sizes, and separate cliques: whatever share of the volume one has", async () => {
  for (const [a, b] of [
    [12, 12],
    [6, 40],
    [40, 6],
    [8, 8],
    [30, 10],
  ]) {
    const apart = separateCliques([a, b]);
    const truth = apart.truth as Int32Array;
    assert.is((await scored(apart.n, apart.ends, truth)).ari, 1, `${a} and ${b} apart`);
    const { ari, left } = await scored(apart.n, [...apart.ends, 0, a], truth);
    assert.equal([ari, left], [1, null], `${a} and ${b}`);
  }
});

test("two blocks of 70 and 30 nodes: the larger has more than half of the volume", async () => {
  for (const seed of [1, 2, 3]) {
    const { uniform } = makeRandom(seed);
    const truth = Int32Array.from({ length: 100 }, (_, v) => (v < 70 ? 0 : 1));
    const ends: number[] = [];
    for (let v = 0; v < 100; v++)
      for (let u = 0; u < v; u++) if (uniform() < (truth[u] === truth[v] ? 0.3 : 0.01)) ends.push(u, v);
    const { ari, clusters } = await scored(100, ends, truth);
    assert.ok(ari >= 0.9, `seed ${seed}: ARI ${ari}`);
    assert.is(clusters.length, 2);
  }
});

/** What Leiden (modularity, leidenalg) reaches on the same edges: docs/clustering-benchmarks.md. */
const LEIDEN = { football: 0.807, LFR_N1000_ad5_mc50_mu0: 0.979, "eu-core": 0.35 };

let real: ReturnType<typeof graphsOfFolder> | undefined;

for (const [name, least] of Object.entries(LEIDEN)) {
  test(`${name}: at least Leiden's ${least}`, async (t) => {
    const folder = join(projectRoot(), "..", "shared", "data", "graphs");
    if (!existsSync(folder)) t.skip("there is no ../shared/data");
    real ??= graphsOfFolder(folder);
    const found = real.find((one) => one.name.startsWith(name));
    if (!found) return t.skip(`no ${name} in ../shared/data`);
    const { n, ends, truth } = found.graph;
    const { ari, clusters } = await scored(n, ends, truth as Int32Array);
    t.note(`ARI ${ari.toFixed(3)} in ${clusters.length} clusters`);
    assert.ok(ari >= least - 0.0005);
  });
}

test.run();
