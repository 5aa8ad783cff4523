import Benchmark from "benchmark";
import { SpectroscopeError } from "../../kernels/errors";
import { graphFromEdges } from "../../kernels/graph/csr";
import { GraphKernel } from "../../kernels/graph/graph";
import { nearestNeighbors } from "../../runtime/cluster/knn";
import { symmetrize } from "../../runtime/cluster/symmetrize";
import { seededRandom } from "../test/random";
import { blockModel } from "./clustering/block-model";
import { blockModelOptions } from "./clustering/catalogue";
import { type Spread, spreadOf } from "./spread";

/** One job of the host; times in milliseconds. */
export interface HostRow extends Spread {
  readonly row: "host";
  readonly name: string;
}

/** benchmark.js prints 0 ops/sec and goes on when a run aborts: that is an error here. */
function measure(name: string, body: () => void): HostRow {
  const bench = new Benchmark(name, body, { maxTime: 1 });
  bench.run();
  const { error, stats, aborted } = bench as Benchmark & { error?: Error; aborted?: boolean };
  if (error || aborted || !(stats.mean > 0)) {
    throw new SpectroscopeError(`bench ${name} aborted: ${error?.message ?? "no samples"}`, {
      code: "internal",
      cause: error,
    });
  }
  return { row: "host", name, ...spreadOf(stats.sample.map((seconds) => seconds * 1000)) };
}

/** The graph kernels on a kNN graph of 2,000 random points in 16 dimensions and on a block model of 10,000 nodes. */
export function hostBenches(): HostRow[] {
  const random = seededRandom(1);
  const points = { rows: 2000, cols: 16, data: Float64Array.from({ length: 32000 }, () => random.normal()) };
  const neighbors = nearestNeighbors(points, 12);
  const graph = symmetrize(neighbors, points.rows, "mutual");
  const kernel = new GraphKernel(graph);
  const { n, ends } = blockModel(blockModelOptions(10_000));
  const blocks = new GraphKernel(graphFromEdges(n, ends));
  return [
    measure("graph/push (wasm, one seed, 2,000 nodes)", () => void kernel.push(0, 0.1, 1e-4)),
    measure("graph/push + sweep (wasm, one seed, 10,000 nodes)", () => {
      blocks.push(0, 0.1, 1e-5);
      blocks.sweep("global", 0, 1, Infinity);
    }),
    measure("host kNN (2,000 x 16, k 12)", () => void nearestNeighbors(points, 12)),
  ];
}
