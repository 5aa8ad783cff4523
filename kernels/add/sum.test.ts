import { testKernel } from "../../harness/test/kernel";
import { checkStrides } from "../../harness/test/strides";
import { suite } from "../../harness/test/suite";
import { sum } from "./sum";

const test = suite("kernels/add/sum", { gpu: true });
testKernel(test, sum);

test("groups that do not lie densely", async () => {
  for (const D of [5, 8]) await checkStrides(sum, { name: "strides", dims: { G: 3, R: 3, D } });
});

test.run();
