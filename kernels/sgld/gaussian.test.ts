import { testKernel } from "../../harness/test/kernel";
import { suite } from "../../harness/test/suite";
import { gaussian } from "./gaussian";

const test = suite("kernels/sgld/gaussian", { gpu: true });
testKernel(test, gaussian);
test.run();
