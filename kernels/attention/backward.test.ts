import { testKernel } from "../../harness/test/kernel";
import { suite } from "../../harness/test/suite";
import { backward } from "./backward";

const test = suite("kernels/attention/backward", { gpu: true });
testKernel(test, backward);
test.run();
