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
  const params = { first: 3 };
  const { ids, dy } = caseInputs(backward, { name: "transpose", dims, params }, 8);
  const table = Float64Array.from({ length: 2 * 9 * 5 }, (_, i) => Math.sin(i));
  const { y } = reference.forward({ table, ids }, dims, { ...params, use_add: 0 }, nobody);
  const { dtable } = reference.backward({ ids, dy }, dims, params, nobody);
  const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((sum, v, i) => sum + v * b[i], 0);
  assert.ok(Math.abs(dot(dy, y) - dot(dtable, table)) < 1e-10);
});

test("rows that no id names are 0, whatever was there; one row may take every gradient", async () => {
  const R = 700;
  for (const [D, variants] of [
    [16, ["plain", "plain4", "rows"]],
    [7, ["plain"]],
  ] as const) {
    const c: Case = { name: "one row", dims: { G: 2, R, V: 4, D }, params: { first: 5 }, shared: ["ids"] };
    const ids = new Uint32Array(R).fill(7);
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
  const c: Case = { name: "bits", dims: { G: 2, R: 200, V: 5, D: 32 }, params: { first: 0 } };
  const inputs = caseInputs(backward, c, 21);
  const plain = await runCase(backward, c, inputs, "plain");
  for (const variant of ["plain4", "rows"]) {
    const other = await runCase(backward, c, inputs, variant);
    assert.equal(Array.from(other.dtable), Array.from(plain.dtable), variant);
  }
});

test("a table in parts, one row and uneven ones among them, gets the gradient of the whole one, to the bit", async () => {
  const [G, R, V] = [2, 90, 37];
  for (const D of [5, 16]) {
    const dims = { G, R, V, D };
    const { ids, dy } = caseInputs(backward, { name: "whole", dims, params: { first: 0 } }, 11);
    for (const variant of D === 16 ? ["plain", "plain4", "rows"] : ["plain"]) {
      const whole = await runCase(backward, { name: "whole", dims, params: { first: 0 } }, { ids, dy }, variant);
      const edges = [0, 1, 18, 19, V];
      for (const [i, to] of edges.slice(1).entries()) {
        const first = edges[i];
        const c = { name: `rows ${first} to ${to}`, dims: { ...dims, V: to - first }, params: { first } };
        const { dtable } = await runCase(backward, c, { ids, dy }, variant);
        for (let g = 0; g < G; g++) {
          assert.equal(
            Array.from(dtable.subarray(g * (to - first) * D, (g + 1) * (to - first) * D)),
            Array.from(whole.dtable.subarray((g * V + first) * D, (g * V + to) * D)),
            `${variant}, ${c.name}`,
          );
        }
      }
    }
  }
});

test("groups that do not lie densely", async () => {
  for (const D of [5, 32])
    await checkStrides(backward, { name: "strides", dims: { G: 3, R: 9, V: 7, D }, params: { first: 2 } });
});

test.run();
