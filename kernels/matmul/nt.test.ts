import { testKernel } from "../../harness/test/kernel";
import { suite } from "../../harness/test/suite";
import { checkStrides } from "../common/strides.check";
import { nt } from "./nt";

const test = suite("kernels/matmul/nt", { gpu: true });
testKernel(test, nt);

test("groups may lie apart", async () => {
  for (const name of ["ragged", "medium"]) await checkStrides(nt, nt.cases.find((c) => c.name === name)!);
});

test.run();
