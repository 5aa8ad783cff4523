import { testKernel } from "../../harness/test/kernel";
import { checkStrides } from "../../harness/test/strides";
import { suite } from "../../harness/test/suite";
import { biasBackward } from "./bias_backward";

const test = suite("kernels/matmul/bias_backward", { gpu: true });
testKernel(test, biasBackward);

test("groups may lie apart", async () => {
  for (const name of ["ragged", "long"])
    await checkStrides(biasBackward, biasBackward.cases.find((c) => c.name === name)!);
});

test.run();
