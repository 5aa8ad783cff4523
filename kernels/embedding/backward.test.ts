import * as assert from "uvu/assert";
import { caseInputs, runCase, testKernel } from "../../harness/test/kernel";
import { checkStrides } from "../../harness/test/strides";
import { suite } from "../../harness/test/suite";
import type { Case } from "../kernel";
import { backward } from "./backward";
import * as reference from "./reference";

const test = suite("kernels/embedding/backward", { gpu: true });
testKernel(test, backward);

const nobody: ReadonlySet<string> = new Set();

test("the reference is the transpose of the forward reference: <dy, gather(t)> = <scatter(dy), t>", () => {
  const dims = { G: 2, R: 40, V: 9, D: 5 };
  const { ids, dy } = caseInputs(backward, { name: "transpose", dims }, 8);
  const table = Float64Array.from({ length: 2 * 9 * 5 }, (_, i) => Math.sin(i));
  const { y } = reference.forward({ table, ids }, dims, {}, nobody);
  const { dtable } = reference.backward({ ids, dy }, dims, {}, nobody);
  const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((sum, v, i) => sum + v * b[i], 0);
  assert.ok(Math.abs(dot(dy, y) - dot(dtable, table)) < 1e-10);
});

test("rows that no id names are 0, whatever was there; one row may take every gradient", async () => {
  const R = 700;
  for (const [D, variants] of [
    [16, ["plain", "plain4", "rows"]],
    [7, ["plain"]],
  ] as const) {
    const c: Case = { name: "one row", dims: { G: 2, R, V: 4, D }, shared: ["ids"] };
    const ids = new Uint32Array(R).fill(2);
    const dy = Float64Array.from({ length: 2 * R * D }, (_, i) => (i < R * D ? 1 : 0.5));
    for (const variant of variants) {
      const { dtable } = await runCase(backward, c, { ids, dy }, variant);
      dtable.forEach((value, i) => {
        const named = Math.floor(i / D) % 4 === 2;
        assert.is(value, named ? (i < 4 * D ? R : R / 2) : 0, `${variant}, element ${i}`);
      });
    }
  }
});

test("all variants give the same bits", async () => {
  const c: Case = { name: "bits", dims: { G: 2, R: 200, V: 5, D: 32 } };
  const inputs = caseInputs(backward, c, 21);
  const plain = await runCase(backward, c, inputs, "plain");
  for (const variant of ["plain4", "rows"]) {
    const other = await runCase(backward, c, inputs, variant);
    assert.equal(Array.from(other.dtable), Array.from(plain.dtable), variant);
  }
});

test("groups that do not lie densely", async () => {
  for (const D of [5, 32]) await checkStrides(backward, { name: "strides", dims: { G: 3, R: 9, V: 7, D } });
});

test.run();
