/** Every kind of update on the GPU. */
import { testDevice } from "../../harness/test/device";
import { suite } from "../../harness/test/suite";
import { holdUpdates } from "../../harness/test/updates";

const test = suite("runtime/sampler/updates", { gpu: true });
holdUpdates(test, testDevice);
test.run();
