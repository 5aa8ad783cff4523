import { testKernel } from "../../harness/test/kernel";
import { checkStrides } from "../../harness/test/strides";
import { suite } from "../../harness/test/suite";
import type { Kernel } from "../kernel";
import { gaussian } from "./gaussian";

const test = suite("kernels/sgld/gaussian", { gpu: true });
testKernel(test, gaussian);

test("centers that lie in a block of all parameters", async () => {
  const spread = gaussian.cases.find((c) => c.name === "center per chain");
  await checkStrides(gaussian as Kernel, { name: "spread", dims: { G: 3, P: 24 }, params: spread?.params });
  await checkStrides(gaussian as Kernel, { name: "odd", dims: { G: 2, P: 13 }, params: spread?.params });
});
test.run();
