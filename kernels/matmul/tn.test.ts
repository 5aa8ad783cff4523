import * as assert from "uvu/assert";
import { caseInputs, testKernel } from "../../harness/test/kernel";
import { checkStrides } from "../../harness/test/strides";
import { suite } from "../../harness/test/suite";
import { nn } from "./nn";
import { nt } from "./nt";
import { tn } from "./tn";

const test = suite("kernels/matmul/tn", { gpu: true });
testKernel(test, tn);

test("groups may lie apart", async () => {
  for (const name of ["ragged", "medium"]) await checkStrides(tn, tn.cases.find((c) => c.name === name)!);
});

test("the references are each other's gradients: <dy, x w^T> = <dx, x> = <dw, w>", () => {
  const dims = { G: 2, M: 5, N: 4, K: 3, Nb: 1, Mr: 1, Nr: 1, Ga: 1, Ma: 1, Ka: 1 };
  const params = { use_bias: 0, use_residual: 0, use_add: 0 };
  const none: ReadonlySet<string> = new Set();
  const { x, w } = caseInputs(nt, { name: "", dims, params }, 1);
  const { dy } = caseInputs(tn, { name: "", dims }, 2);
  const one = new Float64Array(1);
  const { y } = nt.reference({ x, w, bias: one, residual: one }, dims, params, none);
  const { dx } = nn.reference({ dy, w, add: one }, dims, params, none);
  const { dw } = tn.reference({ dy, x }, dims, {}, none);
  const inner = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Array.from(a).reduce((sum, value, i) => sum + value * b[i], 0);
  assert.ok(Math.abs(inner(dy, y) - inner(dx, x)) < 1e-12);
  assert.ok(Math.abs(inner(dy, y) - inner(dw, w)) < 1e-12);
});

test.run();
