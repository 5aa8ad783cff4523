/** Opening a device, and what it does with errors that no error scope caught. */
import * as assert from "uvu/assert";
import { testDevice } from "../../harness/test/device";
import { suite } from "../../harness/test/suite";
import { SpectroscopeError } from "../../kernels/errors";
import { openGpu } from "./open-device";

const test = suite("runtime/node", { gpu: true });

/** What a promise is refused with. */
async function refusal(promise: Promise<unknown>): Promise<SpectroscopeError> {
  try {
    await promise;
  } catch (error) {
    assert.instance(error, SpectroscopeError);
    return error as SpectroscopeError;
  }
  throw new Error("nothing was refused");
}

test("no adapter is exit code 3 with the remedy, for none and for a name that is not there", async () => {
  for (const adapter of ["none", "no-such-gpu"]) {
    const error = await refusal(openGpu({ adapter }));
    assert.is(error.code, "no-adapter");
    assert.is(error.exitCode, 3);
    assert.match(error.line, adapter);
    assert.match(error.line, "npm run adapter");
  }
});

test("a software adapter says so in its banner", async () => {
  const { facts, banner } = await testDevice();
  assert.is(banner !== undefined, facts.software);
  if (banner) assert.match(banner, facts.name);
});

test("a GPU error is thrown by the next wait and by every one after it, not swallowed", async () => {
  const device = await openGpu();
  device.check();
  await device.wait(Promise.resolve(1));
  // Storage and map usage exclude each other: a validation error that nobody asked for.
  device.gpu.createBuffer({ size: 16, usage: 0x1 | 0x80 });
  for (let i = 0; i < 2; i++) {
    const error = await refusal(device.wait(device.gpu.queue.onSubmittedWorkDone()));
    assert.is(error.code, "gpu");
    assert.match(error.line, "GPU error: ");
  }
  assert.throws(() => device.check(), /GPU error/);
  device.close();
  device.close();
});

test("an error inside `within` is thrown there, once, and the device goes on", async () => {
  const device = await openGpu();
  const error = await refusal(
    device.within("a test", async () => device.gpu.createBuffer({ size: 16, usage: 0x1 | 0x80 })),
  );
  assert.match(error.line, "GPU error: ");
  device.check();
  assert.is(await device.within("a test", async () => 7), 7);
  const own = await refusal(
    device.within("a test", async () => {
      throw new SpectroscopeError("of its own");
    }),
  );
  assert.match(own.line, "of its own");
  const both = await refusal(
    device.within("a test", async () => {
      device.gpu.createBuffer({ size: 16, usage: 0x1 | 0x80 });
      throw new SpectroscopeError("of its own");
    }),
  );
  assert.match(both.line, "of its own", "what the work says is nearer to what is wrong");
  device.check();
  device.close();
});

test.run();
