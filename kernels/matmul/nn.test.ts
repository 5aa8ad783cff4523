import { testKernel } from "../../harness/test/kernel";
import { checkStrides } from "../../harness/test/strides";
import { suite } from "../../harness/test/suite";
import { nn } from "./nn";

const test = suite("kernels/matmul/nn", { gpu: true });
testKernel(test, nn);

test("groups may lie apart", async () => {
  for (const name of ["ragged", "medium"]) await checkStrides(nn, nn.cases.find((c) => c.name === name)!);
});

test.run();
