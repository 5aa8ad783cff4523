import { type Device, openDevice } from "../../runtime/device/device";

let device: Promise<Device> | undefined;

/** The test process's device, opened at first use with the adapter of SPECTROSCOPE_ADAPTER (default auto). */
export function testDevice(): Promise<Device> {
  device ??= openDevice();
  return device;
}
