import { describeError } from "../../../kernels/errors";
import { openDevice, remedy } from "../../../runtime/node/open-device";
import { projectRoot } from "../../../runtime/node/root";
import { type Attempt, driverVariable, findSoftwareDriver } from "../../../runtime/node/software";
import { isWebGpu } from "../../../runtime/webgpu/device";
import { ADAPTER, command, JSON_FLAG, output } from "../command";
import { writeNote } from "../streams";

/** What would be computed on, what was tried to find a GPU, and the remedy when there is none of the kind asked for (exit 3). */
export const devices = command(
  {
    name: "devices",
    summary: "Show what would be computed on, a GPU or the processor, and what was tried to find a GPU.",
    options: { adapter: ADAPTER, json: JSON_FLAG },
  },
  async ({ values }) => {
    let attempts: readonly Attempt[] = [];
    try {
      const device = await openDevice({ adapter: values.adapter });
      const { facts, banner } = device;
      const gpu = isWebGpu(device);
      device.close();
      attempts = searched(gpu);
      if (values.json) output(JSON.stringify({ adapter: facts, attempts }));
      else if (!gpu) {
        output(banner ?? facts.name);
        output("no GPU is used; WebGPU without one, for tests: `npm run adapter`, then --adapter software");
      } else {
        output(banner ?? `hardware adapter: ${facts.name}`);
        output(`vendor ${facts.vendor || "?"}, architecture ${facts.architecture || "?"}, ${facts.description}`);
        if (facts.driver) output(`driver: ${facts.driver}`);
        output(`features: ${facts.features.join(", ")}`);
        const { maxBufferSize, maxStorageBufferBindingSize, maxComputeWorkgroupStorageSize } = facts.limits;
        output(
          `limits: buffer ${maxBufferSize}, binding ${maxStorageBufferBindingSize}, workgroup memory ${maxComputeWorkgroupStorageSize} bytes`,
        );
      }
      return 0;
    } catch (error) {
      attempts = searched(true);
      const { line, exitCode } = describeError(error);
      if (values.json) output(JSON.stringify({ adapter: null, attempts, error: line, remedy: remedy() }));
      else {
        writeNote(`spectroscope: ${line}\n`);
        const hidden = driverVariable() ? "hidden " : "found  ";
        for (const { place, found } of attempts) writeNote(`  ${found ? hidden : "missing"} ${place}\n`);
      }
      return exitCode;
    }
  },
);

/** Where a software driver was looked for; nowhere where none was needed. */
function searched(wanted: boolean): readonly Attempt[] {
  return wanted && process.platform === "linux" ? findSoftwareDriver(projectRoot()).attempts : [];
}
