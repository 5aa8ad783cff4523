import * as assert from "uvu/assert";
import { testDevice } from "../../harness/test/device";
import { caseInputs, runCase, testKernel } from "../../harness/test/kernel";
import { checkStrides } from "../../harness/test/strides";
import { suite } from "../../harness/test/suite";
import { refusal } from "../../runtime/webgpu/variants";
import type { Case, Dims } from "../kernel";
import { nt } from "./nt";

const test = suite("kernels/matmul/nt", { gpu: true });
testKernel(test, nt);

/** Variants that this adapter has the features for. */
async function ableVariants(dims: Dims): Promise<string[]> {
  const { facts } = await testDevice();
  const able = (name: string) => !/needs/.test(refusal(nt.variants[name], facts, dims, {}) ?? "");
  return Object.keys(nt.variants).filter(able);
}

test("groups may lie apart", async () => {
  for (const name of ["ragged", "medium"]) await checkStrides(nt, nt.cases.find((c) => c.name === name)!);
});

test("whole numbers give exact sums, whatever the variant", async () => {
  const dims = { G: 1, M: 70, N: 40, K: 52, Nb: 40, Mr: 70, Nr: 40 };
  const c: Case = { name: "integers", dims, params: { use_bias: 1, use_residual: 1 } };
  const inputs = caseInputs(nt, c, 9);
  for (const array of Object.values(inputs))
    array.set(array.map((value: number) => Math.round(9 * value)) as Float64Array);
  const { y } = nt.reference(inputs, dims, c.params ?? {}, new Set());
  for (const variant of await ableVariants(dims)) {
    assert.equal(Array.from((await runCase(nt, c, inputs, variant)).y), Array.from(y), variant);
  }
});

test("a bias that does not fit is refused", async () => {
  const dims = { G: 1, M: 2, N: 4, K: 4, Nb: 1, Mr: 1, Nr: 1 };
  const c: Case = { name: "short bias", dims, params: { use_bias: 1, use_residual: 0 } };
  const inputs = caseInputs(nt, c, 9);
  for (const variant of await ableVariants(dims)) {
    const error = await runCase(nt, c, inputs, variant).then(
      () => undefined,
      (e: Error) => e,
    );
    assert.match(error?.message ?? "", /does not take these sizes/);
  }
});

test.run();
