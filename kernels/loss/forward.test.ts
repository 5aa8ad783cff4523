import * as assert from "uvu/assert";
import { fullPrecision, runCase, testKernel } from "../../harness/test/kernel";
import { checkStrides } from "../../harness/test/strides";
import { suite } from "../../harness/test/suite";
import type { Arrays, Kernel } from "../kernel";
import { forward } from "./forward";

const test = suite("kernels/loss/forward", { gpu: true });
testKernel(test, forward);

test("operands spread over a block of parameters", async () => {
  await checkStrides(forward as Kernel, {
    name: "spread",
    dims: { G: 2, R: 9, V: 18, D: 8 },
    params: { scale: 0.5, first: 2 },
  });
  await checkStrides(forward as Kernel, {
    name: "odd",
    dims: { G: 3, R: 5, V: 7, D: 5 },
    params: { scale: 0.5, first: 2 },
  });
});

/** Runs one group of losses in every variant that takes the sizes here. */
async function losses(
  inputs: Arrays,
  R: number,
  V: number,
  D: number,
  check: (losses: number[], variant: string) => void,
) {
  for (const [name, variant] of fullPrecision(forward as Kernel)) {
    if (variant.accepts && !variant.accepts({ D }, {})) continue;
    const out = await runCase(
      forward as Kernel,
      { name: "own", dims: { G: 1, R, V, D }, params: { first: 0 } },
      inputs,
      name,
    );
    check(Array.from(out.losses), name);
  }
}

test("zero rows give log V exactly enough", async () => {
  const [R, V, D] = [3, 37, 8];
  const inputs = {
    x: new Float64Array(R * D),
    w: Float64Array.from({ length: V * D }, (_, i) => Math.sin(i)),
    targets: Uint32Array.of(0, 36, 20),
  };
  await losses(inputs, R, V, D, (got, variant) => {
    for (const loss of got) assert.ok(Math.abs(loss - Math.log(V)) < 5e-7, `${variant}: ${loss}`);
  });
});

test("huge logits: a target that dominates costs 0, one that is dominated costs the difference", async () => {
  const [R, V, D] = [4, 21, 4];
  const w = new Float64Array(V * D);
  w[7 * D] = 1;
  w[9 * D] = -1;
  const x = new Float64Array(R * D);
  x[0] = x[D] = 30000;
  x[2 * D] = x[3 * D] = -30000;
  const inputs = { x, w, targets: Uint32Array.of(7, 9, 7, 9) };
  await losses(inputs, R, V, D, (got, variant) => assert.equal(got, [0, 60000, 60000, 0], variant));
});

test.run();
