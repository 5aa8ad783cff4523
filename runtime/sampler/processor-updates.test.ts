/** Every kind of update on the processor: quick. */
import { wasmDevice } from "../../harness/test/device";
import { suite } from "../../harness/test/suite";
import { holdUpdates } from "../../harness/test/updates";

const test = suite("runtime/sampler/processor-updates");
holdUpdates(test, wasmDevice);
test.run();
