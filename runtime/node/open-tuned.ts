import { kernels } from "../../kernels/registry";
import type { Device } from "../plan/device";
import { isWebGpu } from "../webgpu/device";
import { parseOverrides } from "../webgpu/tuning";
import { type DeviceOptions, openDevice } from "./open-device";
import { measuredWith, readTuning, tuningFolder, tuningPath } from "./tuning-file";

/** In `SPECTROSCOPE_VARIANTS`: what suits the adapter, whatever was measured. */
const DEFAULT = "default";

/**
 * Gives a device what its user wants of variants: SPECTROSCOPE_VARIANTS ("matmul/nt=plain4,loss/*=tiled"; "default" leaves the
 * measured ones out), and what `spectroscope tune` measured on this adapter. To be called before plans are bound.
 * @throws SpectroscopeError (usage, exit 2): a kernel or variant that does not exist
 */
export async function useTuning(
  device: Device,
  say: (line: string) => void,
  variables: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const text = variables.SPECTROSCOPE_VARIANTS?.trim() ?? "";
  const overrides = text === DEFAULT ? [] : parseOverrides(text, kernels);
  if (!isWebGpu(device)) {
    if (overrides.length > 0)
      say("SPECTROSCOPE_VARIANTS says nothing here: the processor has one variant of each kernel");
    return;
  }
  const measured = measuredWith(device.facts, kernels);
  const kept = text !== DEFAULT && tuningFolder(variables) !== undefined;
  const table = kept ? await readTuning(tuningPath(measured, variables), measured, say) : undefined;
  if (table) say(`variants as measured on this adapter (tuning ${table.id})`);
  if (overrides.length > 0) say(`variants as SPECTROSCOPE_VARIANTS says: ${text}`);
  if (table || overrides.length > 0) device.tuning = { overrides, ...(table ? { table } : {}) };
}

/** Opens a device with the variants that its user wants. Errors: those of `openDevice` and `useTuning`. */
export async function openTuned(options: DeviceOptions, say: (line: string) => void): Promise<Device> {
  const device = await openDevice(options);
  try {
    await useTuning(device, say);
    return device;
  } catch (error) {
    device.close();
    throw error;
  }
}
