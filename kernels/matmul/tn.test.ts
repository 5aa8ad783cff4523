import { testKernel } from "../../harness/test/kernel";
import { suite } from "../../harness/test/suite";
import { checkStrides } from "../common/strides.check";
import { tn } from "./tn";

const test = suite("kernels/matmul/tn", { gpu: true });
testKernel(test, tn);

test("groups may lie apart", async () => {
  for (const name of ["ragged", "medium"]) await checkStrides(tn, tn.cases.find((c) => c.name === name)!);
});

test.run();
