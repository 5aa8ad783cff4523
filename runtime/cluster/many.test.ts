import * as assert from "uvu/assert";
import { plantClusters } from "../../harness/test/planted";
import { refused } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { SpectroscopeError } from "../../kernels/errors";
import { useNodeThreads } from "../node/threads";
import type { Matrix } from "../statistics/matrix";
import { clusterTokens, type TokenClustering } from "./cluster";
import { gaussianMatrix } from "./controls";
import { type ClusterJob, clusterEach, clusterMany } from "./many";
import { principalScores } from "./pca";

const test = suite("runtime/cluster/many");
test.before(() => useNodeThreads());

const config = { null_draws: 1 } as const;
const planted = (seed: number): Matrix =>
  plantClusters({ seed, sizes: [20, 30, 40], body: 60, dims: 10, centers: 1.6, spread: 0.35 });
const single = (m: Matrix): Matrix => ({ ...m, data: Float32Array.from(m.data) });
/** A view in the middle of a buffer, as the chains of a table are. */
const within = (m: Matrix): Matrix => {
  const data = new Float64Array(m.data.length + 10);
  data.set(m.data, 5);
  return { ...m, data: data.subarray(5, 5 + m.data.length) };
};

const jobs: readonly ClusterJob[] = [
  { matrix: planted(1), config },
  { matrix: single(planted(2)), config, options: { weights: [1, 1, 1, 0.5, 1, 0, 1, 1, 1, 1] } },
  {
    matrix: within(planted(3)),
    config: { ...config, whiten: "shrinkage" },
    options: { halves: [planted(3), planted(4)] },
  },
  { matrix: gaussianMatrix(120, 300, 5), axes: 12, config },
  { matrix: planted(6), config: { null: "none" }, options: { profiles: false } },
];

test("the same as clusterTokens, bit for bit, for any number of threads", async () => {
  const expected = [];
  for (const { matrix, axes, config, options } of jobs)
    expected.push(
      await clusterTokens(axes ? principalScores(matrix, axes) : matrix, config, { ...options, threads: 1 }),
    );
  assert.ok(expected[0].clusters.length > 0 && expected[1].clusters.length > 0, "there is something to compare");
  for (const threads of [1, 2, 3, undefined]) {
    assert.equal(await clusterMany(jobs, { threads }), expected, `${threads} threads`);
  }
});

test("large matrices go one after another on this thread, with all threads inside", async () => {
  const begun: number[] = [];
  const two = jobs.slice(0, 2);
  let held = 0;
  const lazy = two.map((job) => () => {
    assert.is(held++, 0, "one is held at a time");
    return job;
  });
  const found = await clusterEach(1e6, lazy, { threads: 2, begun: (job) => begun.push(job), progress: () => held-- });
  // How neighbors were found names the number of threads.
  const results = (all: TokenClustering[]) => all.map(({ neighbors, ...rest }) => rest);
  assert.equal(results(found), results(await clusterMany(two, { threads: 1 })));
  assert.equal(begun, [0, 1]);
});

test("a matrix that cannot be clustered is refused as clusterTokens refuses it", async () => {
  const data = new Float64Array(200).fill(1);
  data[7] = Number.NaN;
  const wrong: ClusterJob = { matrix: { rows: 20, cols: 10, data } };
  for (const threads of [1, 2]) {
    await refused(clusterMany([jobs[0], wrong, jobs[1]], { threads }), /cluster: .*(NaN|finite)/i);
    const error = await clusterMany([{ matrix: planted(1), config: { k: 500 } }, wrong], { threads }).catch((e) => e);
    assert.instance(error, SpectroscopeError);
    assert.match(error.line, /k = 500 neighbors asked of 150 rows; give k below 150/);
  }
});

test.run();
