import type { Device } from "../plan/device";
import type { Tuning } from "./tuning";

/** An open WebGPU device. */
export interface WebGpuDevice extends Device {
  readonly gpu: GPUDevice;
  /** Which variants to take, for the plans that are bound after it is set; absent: what suits the adapter. */
  tuning?: Tuning;
  /** Waits for a promise of the device's; throws when the device was lost. */
  wait<T>(promise: Promise<T>): Promise<T>;
  /** Throws the first uncaptured GPU error, if there was one. */
  check(): void;
}

/** Whether a device is one of WebGPU's: for what works below plans, on buffers and passes. */
export function isWebGpu(device: Device): device is WebGpuDevice {
  return "gpu" in device;
}
