import * as assert from "uvu/assert";
import { runCase, testKernel } from "../../harness/test/kernel";
import { suite } from "../../harness/test/suite";
import { sumRows } from "./sum_rows";

const test = suite("kernels/reduce/sum_rows", { gpu: true });
testKernel(test, sumRows);

test("the mean of 40,000 losses near 11 keeps seven digits, where a plain f32 sum would lose two", async (t) => {
  const R = 40000;
  const x = Float64Array.from({ length: R }, (_, i) => Math.fround(11 + Math.sin(i)));
  const exact = x.reduce((a, b) => a + b, 0) / R;
  for (const variant of Object.keys(sumRows.variants)) {
    const c = { name: "losses", dims: { G: 1, R }, params: { scale: 1 / R } };
    const { out } = await runCase(sumRows, c, { x }, variant);
    t.note(`${variant}: error ${Math.abs(out[0] - exact).toExponential(1)}`);
    assert.ok(Math.abs(out[0] - exact) < 1e-5, `${variant}: ${out[0]}, expected ${exact}`);
  }
});

test("whole numbers add up exactly", async () => {
  const x = Float64Array.from({ length: 2 * 1000 }, (_, i) => (i % 1000) + 1);
  for (const variant of Object.keys(sumRows.variants)) {
    const { out } = await runCase(
      sumRows,
      { name: "exact", dims: { G: 2, R: 1000 }, params: { scale: 2 } },
      { x },
      variant,
    );
    assert.equal(Array.from(out), [1001000, 1001000], variant);
  }
});

test.run();
