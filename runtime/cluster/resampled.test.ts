/** Clusters of many points, clustered again: slow, and so apart from resampling.test.ts. */
import * as assert from "uvu/assert";
import { plantClusters } from "../../harness/test/planted";
import { suite } from "../../harness/test/suite";
import { graphFromEdges } from "../../kernels/graph/csr";
import { parseClusterConfig } from "./config";
import { graphReruns, matrixReruns, resample } from "./resampling";

const test = suite("runtime/cluster/resampled");

test("planted clusters are found again on half the rows and half the columns; k and sizes are halved with the rows", async (t) => {
  const planted = plantClusters({ seed: 4, sizes: [40, 50, 60], body: 300, dims: 24, centers: 1.6, spread: 0.35 });
  const config = parseClusterConfig({ k: 12, min_size: 16, stability: 2 });
  const clusters = [0, 1, 2].map((label) => ({ members: rowsOf(planted.truth, label) }));
  const result = await resample(clusters, config, matrixReruns(planted, config));
  t.note(JSON.stringify(result));
  for (const { repeats, tokens, components, chains } of result) {
    assert.ok(repeats === 2 && tokens! > 0.6 && components! > 0.6, JSON.stringify(result));
    assert.is(chains, undefined);
  }
  assert.equal(await resample(clusters, config, matrixReruns(planted, config)), result, "the same again");
  const few = { rows: 50, cols: 4, data: planted.data.subarray(0, 200) };
  assert.is(matrixReruns(few, config).components, undefined, "standardized rows of two columns are two points");
  const many = parseClusterConfig({ k: 40, stability: 1 });
  await resample(clusters, many, { tokens: matrixReruns(few, many).tokens });
});

const rowsOf = (truth: Int32Array, label: number) => Array.from(truth.keys()).filter((row) => truth[row] === label);

test("a graph is resampled by its nodes", async () => {
  // Ten cliques of 30, joined in a ring.
  const [count, size] = [10, 30];
  const ends: number[] = [];
  for (let c = 0; c < count; c++) {
    for (let a = 0; a < size; a++) for (let b = 0; b < a; b++) ends.push(size * c + a, size * c + b);
    ends.push(size * c, (size * c + size + 1) % (count * size));
  }
  const graph = graphFromEdges(count * size, ends);
  const config = parseClusterConfig({ stability: 2, null: "none", min_size: 8 });
  const block = (c: number) => Array.from({ length: size }, (_, i) => size * c + i);
  const clusters = Array.from({ length: count }, (_, c) => ({ members: block(c) }));
  const result = await resample(clusters, config, graphReruns(graph, config));
  for (const { tokens, components } of result) assert.ok(tokens! > 0.6 && components === undefined, `${tokens}`);
});

test.run();
