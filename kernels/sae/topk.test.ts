import * as assert from "uvu/assert";
import { runCase, testKernel } from "../../harness/test/kernel";
import { WASM } from "../../harness/test/run-kernel";
import { suite } from "../../harness/test/suite";
import { topk } from "./topk";

const test = suite("kernels/sae/topk", { gpu: true });
testKernel(test, topk);

const everywhere = [...Object.keys(topk.variants), WASM];

test("scores that are all the same, rising and falling: features by index, the first ones or the last", async () => {
  const [F, K] = [600, 40];
  const scores = { same: () => 7, rising: (f: number) => f, falling: (f: number) => -f };
  const first = { same: 0, rising: F - 1, falling: 0 };
  for (const [name, of] of Object.entries(scores)) {
    const c = { name, dims: { T: 1, F, K }, params: { first: 5, fresh: 1 } };
    const inputs = {
      scores: Float64Array.from({ length: F }, (_, f) => of(f)),
      values: new Float64Array(K).fill(1e9),
      indices: new Uint32Array(K),
    };
    const step = name === "rising" ? -1 : 1;
    for (const variant of everywhere) {
      const { indices } = await runCase(topk, c, inputs, variant);
      const want = Array.from({ length: K }, (_, k) => 5 + first[name as keyof typeof first] + step * k);
      assert.equal(Array.from(indices), want, `${name}, ${variant}`);
    }
  }
});

test("huge and tiny scores of either sign keep their order", async () => {
  const scores = Float64Array.of(-1e-38, 2.9e38, 1e-38, -2.9e38, 0, 1e-45, 3.4e38, -1e-45).map(Math.fround);
  const c = { name: "extremes", dims: { T: 1, F: 8, K: 7 }, params: { first: 0, fresh: 1 } };
  for (const variant of everywhere) {
    const { indices } = await runCase(
      topk,
      c,
      { scores, values: new Float64Array(7), indices: new Uint32Array(7) },
      variant,
    );
    const found = Array.from(indices);
    assert.equal(found.slice(0, 2), [6, 1], variant);
    // Adapters may take numbers below 1.2e-38 for 0; all are above the one that is left out.
    assert.is(found.includes(3), false, variant);
  }
});

test.run();
