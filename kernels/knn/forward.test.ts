import * as assert from "uvu/assert";
import { runCase, testKernel } from "../../harness/test/kernel";
import { seededRandom } from "../../harness/test/random";
import { suite } from "../../harness/test/suite";
import { forward } from "./forward";
import { forward as reference, squaredDistance } from "./reference";

const test = suite("kernels/knn/forward", { gpu: true });
testKernel(test, forward);

for (const variant of ["plain", "tiled"])
  test(`real coordinates, ${variant}: distances to 1e-6, indices wherever f32 can tell the distances apart`, async (t) => {
    const random = seededRandom(5);
    const dims = { N: 300, D: 30, Q: 300, Kn: 15 };
    const params = { first: 0 };
    const { N, D, Kn } = dims;
    const x = Float64Array.from(Float32Array.from({ length: N * D }, () => random.normal()));
    // Two copies of a point: neighbors at distance 0, with ties to everyone else.
    for (let d = 0; d < D; d++) x[17 * D + d] = x[5 * D + d];
    const want = reference({ x }, dims, params);
    const got = await runCase(forward, { name: "real", dims, params }, { x }, variant);
    let swapped = 0;
    for (let i = 0; i < N; i++) {
      for (let n = 0; n < Kn; n++) {
        const at = i * Kn + n;
        assert.ok(Math.abs(got.distances[at] - want.distances[at]) <= 1e-6 * want.distances[at], `distance ${i}, ${n}`);
        if (got.indices[at] === want.indices[at]) continue;
        swapped++;
        const distance = squaredDistance(x, D, i, got.indices[at]);
        assert.ok(
          Math.abs(distance - want.distances[at]) <= 1e-6 * distance,
          `neighbor ${n} of ${i}: ${got.indices[at]}`,
        );
      }
    }
    t.note(`${swapped} of ${N * Kn} neighbors swapped with one that f32 cannot tell apart`);
    assert.is(got.indices[5 * Kn], 17);
    assert.is(got.indices[17 * Kn], 5);
  });

test("points that are all the same: neighbors by index", async () => {
  const c = { name: "same", dims: { N: 9, D: 2, Q: 9, Kn: 4 }, params: { first: 0 } };
  for (const variant of ["plain", "tiled"]) {
    const { indices } = await runCase(forward, c, { x: new Float64Array(18).fill(3) }, variant);
    assert.equal(Array.from(indices.subarray(0, 4)), [1, 2, 3, 4]);
    assert.equal(Array.from(indices.subarray(8, 12)), [0, 1, 3, 4]);
  }
});

test.run();
