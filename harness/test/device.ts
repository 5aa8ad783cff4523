import { openGpu } from "../../runtime/node/open-device";
import { openProcessor, type ProcessorDevice } from "../../runtime/processor/device";
import type { WebGpuDevice } from "../../runtime/webgpu/device";

let device: Promise<WebGpuDevice> | undefined;

/** The test process's device, opened at first use with the adapter of SPECTROSCOPE_ADAPTER (default auto). */
export function testDevice(): Promise<WebGpuDevice> {
  device ??= openGpu();
  return device;
}

let processor: Promise<ProcessorDevice> | undefined;

/** The processor as a device, for what has to hold there too. */
export function wasmDevice(): Promise<ProcessorDevice> {
  processor ??= openProcessor();
  return processor;
}
