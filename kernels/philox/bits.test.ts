import { testKernel } from "../../harness/test/kernel";
import { suite } from "../../harness/test/suite";
import { bits } from "./bits";

const test = suite("kernels/philox/bits", { gpu: true });
testKernel(test, bits);
test.run();
