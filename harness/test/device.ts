import { type GpuDevice, openGpu } from "../../runtime/node/open-device";
import { openWasm, type WasmDevice } from "../../runtime/processor/device";

let device: Promise<GpuDevice> | undefined;

/** The test process's device, opened at first use with the adapter of SPECTROSCOPE_ADAPTER (default auto). */
export function testDevice(): Promise<GpuDevice> {
  device ??= openGpu();
  return device;
}

let processor: Promise<WasmDevice> | undefined;

/** The processor as a device, for what has to hold there too. */
export function wasmDevice(): Promise<WasmDevice> {
  processor ??= openWasm();
  return processor;
}
