import { describeError } from "../../../kernels/errors";
import { loadDawn } from "../../../runtime/device/dawn";
import { openDevice, REMEDY } from "../../../runtime/device/device";
import { projectRoot } from "../../../runtime/device/root";
import { ADAPTER, command, JSON_FLAG, output } from "../command";

/** What adapter would be used, what was tried, and the remedy when there is none (exit 3). */
export const devices = command(
  {
    name: "devices",
    summary: "Show the WebGPU adapter that would be used and what was tried to find one.",
    options: { adapter: ADAPTER, json: JSON_FLAG },
  },
  async ({ values }) => {
    let attempts: readonly { place: string; found: boolean }[] = [];
    try {
      attempts = loadDawn(projectRoot()).attempts;
      const device = await openDevice({ adapter: values.adapter });
      const { facts, banner } = device;
      device.close();
      if (values.json) output(JSON.stringify({ adapter: facts, attempts }));
      else {
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
      const { line, exitCode } = describeError(error);
      if (values.json) output(JSON.stringify({ adapter: null, attempts, error: line, remedy: REMEDY }));
      else {
        process.stderr.write(`spectroscope: ${line}\n`);
        for (const { place, found } of attempts) process.stderr.write(`  ${found ? "found  " : "missing"} ${place}\n`);
      }
      return exitCode;
    }
  },
);
