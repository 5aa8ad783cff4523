import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { graphFromEdges } from "../../../kernels/graph/csr";
import { nearestNeighbors } from "../../../runtime/cluster/knn";
import { makeRandom } from "../../../runtime/cluster/random";
import { suite } from "../../test/suite";
import { blockModel } from "./block-model";
import { blockModelOptions, catalogue, lfrOptions, spatialOptions } from "./catalogue";
import { compare } from "./compare";
import { graphsOfFolder } from "./graph-files";
import { lfr } from "./lfr";
import { mixturePoints } from "./mixture";
import { Peers } from "./peers";
import { groupSizes, powerLaw, powerLawMean } from "./sizes";
import { gridNeighbors, spatialNeighbors } from "./spatial";
import { mixing, readGraph, type TruthGraph, writeGraph } from "./truth-graph";

const test = suite("harness/bench/clustering");

const meanDegree = ({ n, ends }: TruthGraph) => ends.length / n;

/** Sizes of the groups, ascending. */
function sizesOf(truth: Int32Array): number[] {
  const sizes: number[] = [];
  for (const group of truth) sizes[group] = (sizes[group] ?? 0) + 1;
  return sizes.sort((a, b) => a - b);
}

function within(value: number, wanted: number, relative: number, what: string): void {
  assert.ok(Math.abs(value - wanted) <= relative * wanted, `${what}: ${value}, asked ${wanted}`);
}

/** Draws twice and checks that edges are simple and the same, and that another seed gives others. */
function drawnTwice<O extends { seed: number }>(draw: (options: O) => TruthGraph, options: O): TruthGraph {
  const graph = draw(options);
  assert.equal(draw(options), graph);
  assert.not.equal(draw({ ...options, seed: options.seed + 1 }), graph);
  assert.is(graphFromEdges(graph.n, graph.ends).neighbors.length, graph.ends.length, "loops or repeats");
  return graph;
}

test("a power law has its mean and its ends", () => {
  const { uniform } = makeRandom(1);
  for (const exponent of [1, 1.5, 2, 2.5]) {
    const draws = Array.from({ length: 20000 }, () => powerLaw(uniform, exponent, 3, 60));
    assert.ok(draws.every((x) => x >= 3 && x <= 60));
    const mean = draws.reduce((a, b) => a + b, 0) / draws.length;
    // Six standard errors of the widest of the four: 16 / sqrt(20000) = 0.11 on a mean of 5 to 19.
    assert.ok(Math.abs(mean - powerLawMean(exponent, 3, 60)) < 0.7, `${exponent}: ${mean}`);
  }
});

test("group sizes sum to the nodes and stay within their ends", () => {
  for (let seed = 0; seed < 50; seed++) {
    const sizes = groupSizes(makeRandom(seed).uniform, 1000, 1.5, 20, 100);
    assert.is(
      sizes.reduce((a, b) => a + b, 0),
      1000,
    );
    assert.ok(Math.min(...sizes) >= 20 && Math.max(...sizes) <= 100, String(sizes));
  }
});

test("a block model has the degree and the mixing that were asked", () => {
  const options = blockModelOptions(4000);
  const graph = drawnTwice(blockModel, options);
  within(meanDegree(graph), options.degree, 0.01, "degree");
  within(mixing(graph), options.mixing, 0.01, "mixing");
  const sizes = sizesOf(graph.truth!);
  assert.ok(sizes[0] >= options.smallest && sizes[sizes.length - 1] <= options.largest);
});

test("an LFR graph has its degrees, its communities and its mixing", () => {
  for (const degree of [5, 15] as const) {
    for (const mu of [0.1, 0.4]) {
      const options = lfrOptions(3000, degree, mu);
      const graph = drawnTwice(lfr, options);
      // Stubs that find no partner are dropped, and inner degrees end at the community: some percent.
      within(meanDegree(graph), degree, 0.08, `degree ${degree}`);
      within(mixing(graph), mu, 0.08, `mu ${mu}`);
      const sizes = sizesOf(graph.truth!);
      assert.ok(sizes[0] >= options.smallest && sizes[sizes.length - 1] <= options.largest);
      const { degree: degrees } = graphFromEdges(graph.n, graph.ends);
      assert.ok(Math.max(...degrees) <= options.maxDegree);
      // A power law: most nodes lie below the mean.
      assert.ok(degrees.filter((d) => d < degree).length > 0.55 * graph.n);
    }
  }
});

test("a mixture's components have their width and their distance", () => {
  const options = { n: 3000, cols: 8, smallest: 100, largest: 400, spread: 3, scatter: 0, seed: 4 };
  const { points, truth } = mixturePoints(options);
  assert.equal(mixturePoints(options).points.data, points.data);
  const sums = new Map<number, number[]>();
  for (let i = 0; i < options.n; i++) {
    const sum = sums.get(truth[i]) ?? new Array<number>(options.cols + 1).fill(0);
    for (let c = 0; c < options.cols; c++) sum[c] += points.data[i * options.cols + c];
    sum[options.cols]++;
    sums.set(truth[i], sum);
  }
  let square = 0;
  for (let i = 0; i < options.n; i++) {
    const sum = sums.get(truth[i])!;
    for (let c = 0; c < options.cols; c++)
      square += (points.data[i * options.cols + c] - sum[c] / sum[options.cols]) ** 2;
  }
  // 24,000 squares about fitted means: their mean is 1 less the share of the means, 0.5 %, to 1 %.
  within(square / (options.n * options.cols), 1, 0.04, "variance");
});

test("neighbors from the grid are the exact ones", () => {
  const { uniform } = makeRandom(7);
  // Corners and duplicates beside the uniform ones; then one point so far that the others share a cell.
  const data = Float64Array.from({ length: 3 * 400 }, (_, i) => (i < 60 ? Math.round(uniform()) : 4 * uniform()));
  for (const far of [4, 30]) {
    data.fill(far, 3 * 399);
    assert.equal(gridNeighbors(data, 400, 12), nearestNeighbors({ rows: 400, cols: 3, data }, 12));
  }
  const { neighbors, truth } = spatialNeighbors({ ...spatialOptions(3000), k: 6 });
  assert.is(neighbors.length, 18000);
  assert.equal(
    sizesOf(truth).reduce((a, b) => a + b),
    3000,
  );
});

test("graph files of a folder are read; what we write is read back", () => {
  const folder = mkdtempSync(join(tmpdir(), "spectroscope-graphs-"));
  try {
    const graph = { n: 4, ends: Uint32Array.of(0, 1, 1, 2), truth: Int32Array.of(0, 0, 1, -1) };
    writeGraph(join(folder, "ours"), graph);
    const node = (id: number, group: string) => `  node [\n    id ${id}\n    label "n"\n    gt ${group}\n  ]\n`;
    const edge = (a: number, b: number) => `  edge [\n    source ${a}\n    target ${b}\n    value 2\n  ]\n`;
    const gml = `graph [\n${node(7, '"left"')}${node(3, '"right"')}${edge(7, 3)}${edge(3, 7)}${edge(3, 3)}]\n`;
    writeFileSync(join(folder, "small.gml"), gml);
    // Two nodes without an edge, of which the file of labels alone tells.
    writeFileSync(join(folder, "tabbed.tsv"), "0\t1\r\n1\t0\r\n3\t1\r\n2\t2\r\n");
    writeFileSync(join(folder, "tabbed.labels.txt"), "9\n9\n4\n9\n4\n");
    const [ours, small, tabbed] = graphsOfFolder(folder);
    assert.equal([tabbed.name, tabbed.graph.n, [...tabbed.graph.ends]], ["tabbed", 5, [0, 1, 3, 1]]);
    assert.equal([...tabbed.graph.truth!], [0, 0, 1, 0, 1]);
    writeFileSync(join(folder, "tabbed.labels.txt"), "9\n9\n");
    assert.throws(() => graphsOfFolder(folder), /tabbed.labels.txt: has 2 lines for 4 nodes/);
    rmSync(join(folder, "tabbed.labels.txt"));
    assert.is(graphsOfFolder(folder)[2].graph.truth, undefined);
    assert.equal([ours.name, ours.graph], ["ours", graph]);
    assert.equal([small.name, small.graph.truth], ["small", Int32Array.of(0, 1)]);
    assert.equal(Array.from(small.graph.ends), [0, 1]);
    writeFileSync(join(folder, "ours.bin"), Buffer.alloc(12));
    assert.throws(() => readGraph(join(folder, "ours.bin")), /says 0 edges and holds 0.5/);
    assert.throws(() => graphsOfFolder(join(folder, "none")), /no such folder/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("ours is compared with the truth; a missing Python is named", async () => {
  // Ten cliques of ten in a ring: any clustering that works at all finds them.
  const ends: number[] = [];
  for (let v = 0; v < 100; v++) {
    for (let u = v + 1; u < 100 && u % 10 !== 0; u++) ends.push(v, u);
    if (v % 10 === 9) ends.push(v, (v + 1) % 100);
  }
  const truth = Int32Array.from({ length: 100 }, (_, v) => Math.floor(v / 10));
  const [row, ...others] = await compare({ name: "ring", graph: { n: 100, ends: Uint32Array.from(ends), truth } });
  assert.is(others.length, 0);
  assert.ok(row.ari! > 0.9 && row.covered! > 0.9 && row.clusters === 10 && row.ratio === 1, JSON.stringify(row));
  for (const python of [undefined, "no-such-python"]) {
    let message = "";
    await Peers.open(python, 10).catch((error) => {
      message = `${error.message} ${error.hint}`;
    });
    assert.match(message, /SPECTROSCOPE_PYTHON/);
  }
});

test("peers with a seed a round: the middle ARI is told, and the lowest and highest", async () => {
  const { graph } = (await catalogue("small")[0].make())[0];
  const asked: string[] = [];
  // Seed 1 puts all in one cluster (ARI 0), 2 finds the truth (1), 3 merges two of six cliques (between).
  const answers = [
    Int32Array.from(graph.truth!, () => 0),
    graph.truth!,
    graph.truth!.map((group) => Math.max(1, group)),
  ];
  const peers = {
    run: async (method: string, _: unknown, __: number, seed: number) => {
      asked.push(`${method} ${seed}`);
      return { labels: answers[seed - 1], seconds: 1 };
    },
  } as unknown as Peers;
  const options = { graphPeers: ["leiden"] as const, seeds: true };
  const [ours, leiden] = await compare({ name: "ring", graph }, peers, options);
  assert.equal(asked, ["leiden 1", "leiden 2", "leiden 3"]);
  assert.equal([leiden.method, leiden.clusters, leiden.ariRange], ["leiden", 5, [0, 1]]);
  assert.ok(leiden.ari! > 0.5 && leiden.ari! < 1, `${leiden.ari}`);
  assert.is(ours.ariRange, undefined);
  asked.length = 0;
  await compare({ name: "ring", graph }, peers, { graphPeers: ["leiden"] });
  assert.equal(asked, ["leiden 1", "leiden 1", "leiden 1"]);
});

test("the catalogue names what it makes", async () => {
  for (const entry of catalogue("10k").slice(1, 3)) {
    assert.equal(
      (await entry.make()).map(({ name }) => name),
      entry.graphs,
    );
  }
});

test.run();
