import { testKernel } from "../../harness/test/kernel";
import { suite } from "../../harness/test/suite";
import { forward } from "./forward";

const test = suite("kernels/attention/forward", { gpu: true });
testKernel(test, forward);
test.run();
