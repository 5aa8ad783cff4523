import * as assert from "uvu/assert";
import { caseInputs, fullPrecision, runCase, testKernel } from "../../harness/test/kernel";
import { checkStrides } from "../../harness/test/strides";
import { suite } from "../../harness/test/suite";
import type { Arrays, Kernel } from "../kernel";
import { forward } from "./forward";
import { merge } from "./merge";
import * as reference from "./reference";

const test = suite("kernels/loss/merge", { gpu: true });
testKernel(test, merge);

test("targets spread over a block of rows", async () => {
  await checkStrides(merge as Kernel, { name: "spread", dims: { G: 3, R: 9 }, params: { first: 5 } });
});

/** Joins rows given as [losses_a, lse_a, losses_b, lse_b, target]; the second part begins at 10. */
async function join(rows: readonly (readonly number[])[]) {
  const column = (i: number) => Float64Array.from(rows, (row) => row[i]);
  const inputs: Arrays = {
    losses_a: column(0),
    lse_a: column(1),
    losses_b: column(2),
    lse_b: column(3),
    targets: Uint32Array.from(rows, (row) => row[4]),
  };
  const c = { name: "rows", dims: { G: 1, R: rows.length }, params: { first: 10 } };
  return runCase(merge as Kernel, c, inputs, "plain");
}

test("equal parts add log 2, a part that is nothing adds nothing, and a target in it costs the difference", async () => {
  const { losses, lse } = await join([
    [1, 5, 2, 5, 0],
    [1, 5, 2, 5, 10],
    [1, 30000, 2, -30000, 9],
    [1, 30000, 2, -30000, 11],
    [1, -30000, 2, 30000, 9],
    [1, -30000, 2, 30000, 0xffffffff],
  ]);
  assert.ok(Math.abs(losses[0] - (1 + Math.LN2)) < 1.2e-7 && Math.abs(losses[1] - (2 + Math.LN2)) < 2.4e-7);
  assert.ok(Math.abs(lse[0] - (5 + Math.LN2)) < 4.8e-7 && lse[1] === lse[0]);
  assert.equal(Array.from(losses.subarray(2)), [1, 60002, 60001, 2]);
  assert.equal(Array.from(lse.subarray(2)), [30000, 30000, 30000, 30000]);
});

test("a loss near 0 stays good to its own size", async () => {
  const gaps = [3, 8, 12, 16, 20, 40];
  const { losses } = await join(gaps.map((gap) => [0, 50, 50, 50 - gap, 0]));
  gaps.forEach((gap, i) => {
    const want = Math.log1p(Math.exp(-gap));
    // WGSL allows exp(x) an error of 3 + 2 |x| units in the last place.
    assert.ok(Math.abs(losses[i] / want - 1) < (5 + 2 * gap) * 1.2e-7, `gap ${gap}: ${losses[i]} instead of ${want}`);
  });
});

test("a vocabulary in parts, one entry and uneven ones among them, has the losses of the whole one", async (t) => {
  const [G, R, V] = [2, 21, 90];
  const edges = [0, 1, 20, 21, 70, V];
  for (const D of [5, 8]) {
    const whole = { name: "whole", dims: { G, R, V, D }, params: { first: 0 } };
    const inputs = caseInputs(forward as Kernel, whole, 6);
    const expected = reference.forward(inputs, whole.dims, whole.params, new Set());
    for (const [variant, { accepts }] of fullPrecision(forward as Kernel)) {
      if (accepts && !accepts(whole.dims, whole.params)) continue;
      let joined: { losses: Float64Array; lse: Float64Array } | undefined;
      for (const [i, to] of edges.slice(1).entries()) {
        const first = edges[i];
        const w = Float64Array.from({ length: G * (to - first) * D }, (_, at) => {
          const g = Math.floor(at / ((to - first) * D));
          return inputs.w[(g * V + first) * D + (at % ((to - first) * D))];
        });
        const c = { name: `${first} to ${to}`, dims: { G, R, V: to - first, D }, params: { first } };
        const out = await runCase(forward as Kernel, c, { ...inputs, w }, variant);
        const b = { losses: Float64Array.from(out.losses), lse: Float64Array.from(out.lse) };
        assert.ok(b.losses.every(Number.isFinite) && b.lse.every(Number.isFinite), `${variant}, ${c.name}: finite`);
        if (!joined) {
          joined = b;
          continue;
        }
        const { losses: losses_a, lse: lse_a } = joined;
        const pair = { losses_a, lse_a, losses_b: b.losses, lse_b: b.lse, targets: inputs.targets };
        const sum = await runCase(merge as Kernel, { name: "join", dims: { G, R }, params: { first } }, pair, "plain");
        joined = { losses: Float64Array.from(sum.losses), lse: Float64Array.from(sum.lse) };
      }
      for (const name of ["losses", "lse"] as const) {
        const worst = joined![name].reduce((most, value, i) => Math.max(most, Math.abs(value - expected[name][i])), 0);
        t.note(`${variant}, D ${D}: ${name} off by ${worst.toExponential(1)}`);
        // Logits of size 10 rounded to 1e-6, and four joins that each round twice.
        assert.ok(worst < 6e-6, `${variant}, D ${D}: ${name} off by ${worst}`);
      }
    }
  }
});

test.run();
