import * as assert from "uvu/assert";
import { plantClusters } from "../../harness/test/planted";
import { suite } from "../../harness/test/suite";
import { graphFromEdges } from "../../kernels/graph/csr";
import { parseClusterConfig } from "./config";
import { drawHalf, graphReruns, matrixReruns, resample } from "./resampling";
import { bestMatches, jaccard } from "./stability";

const test = suite("runtime/cluster/resampling");

test("halves: ascending, distinct, another for each seed, kind and repeat, all members as likely", () => {
  const half = drawHalf(9, 1, "tokens", 0);
  assert.equal(half.length, 5);
  assert.equal([...new Set(half)].sort(), [...half]);
  assert.equal(drawHalf(9, 1, "tokens", 0), half);
  const others = [drawHalf(9, 2, "tokens", 0), drawHalf(9, 1, "chains", 0), drawHalf(9, 1, "tokens", 1)];
  assert.is(new Set([half, ...others].map(String)).size, 4);
  const counts = new Array<number>(6).fill(0);
  for (let repeat = 0; repeat < 2000; repeat++) for (const i of drawHalf(6, 3, "components", repeat)) counts[i]++;
  // 1,000 each, deviation sqrt(2000 / 4) = 22: five of them.
  for (const count of counts) assert.ok(Math.abs(count - 1000) < 112, `${counts}`);
});

test("best matches are the largest Jaccard indices", () => {
  const sets = [{ members: [0, 1, 2] }, { members: [5, 6] }, { members: [9] }];
  const others = [{ members: [1, 2, 3] }, { members: [0, 1, 2, 5, 6] }, { members: [6] }];
  const best = bestMatches(sets, others);
  sets.forEach(({ members }, i) => {
    assert.is(best[i], Math.max(...others.map((other) => jaccard(members, other.members))));
  });
  assert.equal([...bestMatches(sets, [])], [0, 0, 0]);
});

test("tokens are compared within the half that is kept, by their own numbers", async () => {
  const clusters = [{ members: [0, 1, 2, 3] }, { members: [4, 5, 6, 7] }];
  const seen: number[][] = [];
  // The rerun finds what is kept of the first cluster, numbered within the half, and nothing of the second.
  const run = async (kept: Uint32Array) => {
    seen.push([...kept]);
    return [{ members: [...kept.keys()].filter((at) => kept[at] < 4) }];
  };
  const result = await resample(clusters, parseClusterConfig({ stability: 4 }), { tokens: { count: 8, run } });
  assert.is(seen.length, 4);
  assert.equal(result[0], { repeats: 4, tokens: 1 });
  assert.is(result[1].tokens, 0);
  const none = await resample([{ members: [99] }], parseClusterConfig({ stability: 1 }), { tokens: { count: 8, run } });
  assert.equal(none, [{ repeats: 1 }], "no half held a member");
});

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
