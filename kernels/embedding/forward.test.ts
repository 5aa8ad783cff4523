import * as assert from "uvu/assert";
import { caseInputs, runCase, testKernel } from "../../harness/test/kernel";
import { checkStrides } from "../../harness/test/strides";
import { suite } from "../../harness/test/suite";
import type { Arrays, Case } from "../kernel";
import { forward } from "./forward";

const test = suite("kernels/embedding/forward", { gpu: true });
testKernel(test, forward);

const alone = { Ga: 1, Ra: 1, Da: 1 };
const whole = { first: 0, use_add: 0 };
const add = new Float64Array(1);
const variantsOf = (D: number) => (D % 4 === 0 ? ["plain", "plain4"] : ["plain"]);

test("ids shared by all groups give what a copy for each group gives", async () => {
  const G = 3;
  const R = 17;
  for (const D of [5, 8]) {
    const c: Case = { name: "own ids", dims: { G, R, V: 6, D, ...alone }, params: whole };
    const shared = (caseInputs(forward, c, 3).ids as Uint32Array).slice(0, R);
    const { table } = caseInputs(forward, c, 3);
    const own: Arrays = { table, ids: Uint32Array.from({ length: G * R }, (_, i) => shared[i % R]), add };
    for (const variant of variantsOf(D)) {
      const expected = await runCase(forward, c, own, variant);
      const got = await runCase(forward, { ...c, shared: ["ids"] }, { table, ids: shared, add }, variant);
      assert.equal(Array.from(got.y), Array.from(expected.y), variant);
    }
  }
});

test("without an addend rows are copied to the bit, and ids of no row give zeros", async () => {
  for (const D of [3, 4]) {
    const table = Float64Array.from({ length: 2 * D }, (_, i) => Math.fround(1 / (3 + i)));
    const row = (v: number) => Array.from(table.subarray(v * D, (v + 1) * D));
    const none = Array.from({ length: D }, () => 0);
    const ids = Uint32Array.from([7, 8, 6, 9, 0, 0xffffffff]);
    const dims = { G: 1, R: 6, V: 2, D, ...alone };
    for (const variant of variantsOf(D)) {
      const c: Case = { name: "others", dims, params: { first: 7, use_add: 0 } };
      const { y } = await runCase(forward, c, { table, ids, add }, variant);
      assert.equal(Array.from(y), [...row(0), ...row(1), ...none, ...none, ...none, ...none], variant);
    }
  }
});

test("a table in parts, one row and uneven ones among them, gathers what the whole one does, to the bit", async () => {
  const [G, R, V] = [2, 50, 37];
  for (const D of [5, 16]) {
    const c: Case = { name: "whole", dims: { G, R, V, D, ...alone }, params: whole };
    const { table } = caseInputs(forward, c, 5);
    const ids = Uint32Array.from({ length: G * R }, (_, i) => (i * 7) % V);
    const part = (from: number, to: number) =>
      Float64Array.from({ length: G * (to - from) * D }, (_, i) => {
        const g = Math.floor(i / ((to - from) * D));
        return table[(g * V + from) * D + (i % ((to - from) * D))];
      });
    for (const variant of variantsOf(D)) {
      const expected = await runCase(forward, c, { table, ids, add }, variant);
      let sum: Float64Array | undefined;
      const edges = [0, 1, 18, 19, V];
      for (const [i, to] of edges.slice(1).entries()) {
        const first = edges[i];
        const dims = { G, R, V: to - first, D, ...(sum ? { Ga: G, Ra: R, Da: D } : alone) };
        const params = { first, use_add: sum ? 1 : 0 };
        const inputs: Arrays = { table: part(first, to), ids, add: sum ?? add };
        const { y } = await runCase(forward, { name: `rows ${first} to ${to}`, dims, params }, inputs, variant);
        sum = Float64Array.from(y);
      }
      assert.equal(Array.from(sum!), Array.from(expected.y), variant);
    }
  }
});

test("groups that do not lie densely", async () => {
  for (const D of [5, 32]) {
    const dims = { G: 3, R: 9, V: 7, D, Ga: 3, Ra: 9, Da: D };
    await checkStrides(forward, { name: "strides", dims, params: { first: 3, use_add: 1 } });
  }
});

test.run();
