import * as assert from "uvu/assert";
import { testDevice } from "../../../harness/test/device";
import { plantClusters } from "../../../harness/test/planted";
import { suite } from "../../../harness/test/suite";
import { waitFor } from "../../node/wait";
import type { Matrix } from "../../statistics/matrix";
import { webgpuDevice } from "../../webgpu/device";
import { nearestNeighbors } from "../knn";
import { makeRandom } from "../random";
import { gpuNeighbors } from "./gpu";

const test = suite("runtime/cluster/neighbors/gpu", { gpu: true });

const matrix = (rows: number, cols: number, value: (i: number) => number): Matrix => ({
  rows,
  cols,
  data: Float64Array.from({ length: rows * cols }, (_, at) => value(Math.floor(at / cols))),
});

async function check(points: Matrix, k: number): Promise<void> {
  const want = nearestNeighbors(points, k);
  for (const variant of ["plain", "tiled"]) {
    // Tiled kernels are slow on software adapters: equality there, never time.
    if (variant === "tiled" && points.rows > 500) continue;
    const { gpu } = await testDevice();
    const device = webgpuDevice(gpu, { wait: waitFor, tuning: { overrides: [{ kernel: "knn/forward", variant }] } });
    const got = await gpuNeighbors(device, points, k);
    device.close();
    const at = got.findIndex((id, i) => id !== want[i]);
    assert.is(at, -1, `${points.rows} x ${points.cols}, k ${k}, ${variant}: ${got[at]} and not ${want[at]} at ${at}`);
  }
}

test("the definition's ids: Gaussian points, all sizes of lists", async () => {
  const { normal } = makeRandom(1);
  for (const [rows, cols, k] of [
    [2, 1, 1],
    [40, 3, 39],
    [300, 17, 15],
    [2000, 8, 15],
  ])
    await check(matrix(rows, cols, normal), k);
});

test("tiny points that f32 cannot tell apart go to the host as others do", async () => {
  const size = 2 ** -60;
  // From point 0 all others are as far to f32; by f64 the last is the nearest.
  const points: Matrix = {
    rows: 501,
    cols: 2,
    data: Float64Array.from({ length: 1002 }, (_, at) => {
      const i = at >> 1;
      return i === 0 ? 0 : size * (1 + 1e-10 * (501 - i)) * (at % 2 ? Math.sin : Math.cos)(i / 80);
    }),
  };
  await check(points, 10);
});

test("what f32 cannot tell apart goes to the host: ties, tight clusters, tiny and far values", async () => {
  const { normal, uniform } = makeRandom(2);
  await check(
    matrix(400, 2, () => Math.floor(3 * uniform())),
    10,
  );
  await check(
    matrix(400, 3, (i) => 1e6 * (i % 4) + 1e-6 * normal()),
    10,
  );
  await check(
    matrix(300, 3, () => 1e-160 * normal()),
    10,
  );
  await check(
    matrix(300, 3, (i) => (i === 5 ? 1e12 : normal())),
    10,
  );
  await check(plantClusters({ seed: 3, sizes: [40, 80], body: 300, dims: 24, centers: 1.6, spread: 0.01 }), 45);
});

test.run();
