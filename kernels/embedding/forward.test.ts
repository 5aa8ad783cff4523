import * as assert from "uvu/assert";
import { caseInputs, runCase, testKernel } from "../../harness/test/kernel";
import { checkStrides } from "../../harness/test/strides";
import { suite } from "../../harness/test/suite";
import type { Arrays, Case } from "../kernel";
import { forward } from "./forward";

const test = suite("kernels/embedding/forward", { gpu: true });
testKernel(test, forward);

test("ids shared by all groups give what a copy for each group gives", async () => {
  const G = 3;
  const R = 17;
  for (const D of [5, 8]) {
    const c: Case = { name: "own ids", dims: { G, R, V: 6, D } };
    const shared = (caseInputs(forward, c, 3).ids as Uint32Array).slice(0, R);
    const { table } = caseInputs(forward, c, 3);
    const own: Arrays = { table, ids: Uint32Array.from({ length: G * R }, (_, i) => shared[i % R]) };
    for (const variant of D === 8 ? ["plain", "plain4"] : ["plain"]) {
      const expected = await runCase(forward, c, own, variant);
      const got = await runCase(forward, { ...c, shared: ["ids"] }, { table, ids: shared }, variant);
      assert.equal(Array.from(got.y), Array.from(expected.y), variant);
    }
  }
});

test("an id past the end reads the last row and nothing else", async () => {
  const table = Float64Array.from({ length: 8 }, (_, i) => i);
  const ids = Uint32Array.from([0, 2, 0xffffffff]);
  const { y } = await runCase(forward, { name: "past", dims: { G: 1, R: 3, V: 2, D: 4 } }, { table, ids }, "plain4");
  assert.equal(Array.from(y), [0, 1, 2, 3, 4, 5, 6, 7, 4, 5, 6, 7]);
});

test("groups that do not lie densely", async () => {
  for (const D of [5, 32]) await checkStrides(forward, { name: "strides", dims: { G: 3, R: 9, V: 7, D } });
});

test.run();
