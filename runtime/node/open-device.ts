import { SpectroscopeError } from "../../kernels/errors";
import type { AdapterFacts, Device } from "../plan/device";
import { openProcessor } from "../processor/device";
import { type WebGpuDevice, webgpuDevice } from "../webgpu/device";
import { factsOf } from "../webgpu/facts";
import { loadDawn } from "./dawn";
import { projectRoot } from "./root";
import { driverVariable, systemLoader } from "./software";
import { useNodeThreads } from "./threads";
import { waitFor } from "./wait";

useNodeThreads();

/** What to open. */
export interface DeviceOptions {
  /**
   * `auto`: a hardware GPU, else the processor. `gpu`: WebGPU, hardware first. `software`: a WebGPU adapter that computes
   * on the processor. `wasm`: the processor without WebGPU, ten times as fast. `none`: refuse. Otherwise part of an
   * adapter's name.
   */
  readonly adapter?: string;
  /** Limits to ask for, from what the adapter is; without this, its own for sizes of buffers and workgroups. */
  readonly limits?: (adapter: AdapterFacts) => Readonly<Record<string, number>>;
}

/** Asked for where the adapter has them; the last is Dawn's own, which WebGPU's types do not know. */
const FEATURES = ["timestamp-query", "subgroups", "shader-f16", "chromium-experimental-subgroup-matrix"];
const LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
] as const;

/** How to get an adapter, for the error of exit code 3. */
const REMEDY =
  "most commands need no GPU: leave --adapter out, or give wasm. For WebGPU without one: `npm run adapter` (no root) or " +
  "`apt-get install chromium`; with one: its Vulkan driver; `npx spectroscope devices --adapter gpu` shows what was tried";

/** The remedy, after what is in its way: a variable that names drivers hides all others. */
export function remedy(variables: NodeJS.ProcessEnv = process.env): string {
  const set = driverVariable(variables);
  if (!set) return REMEDY;
  return `${set.name} is set (${set.value}), so the Vulkan loader looks nowhere else: unset it, or name the wanted driver in it; ${REMEDY}`;
}

/** What a device is asked to be. */
const wantedOf = ({ adapter }: DeviceOptions) => adapter ?? process.env.SPECTROSCOPE_ADAPTER ?? "auto";

/** Whether Dawn can find a hardware GPU here: on Linux only through a Vulkan loader of the system's. */
const hardwarePossible = () => process.platform !== "linux" || systemLoader() !== undefined;

/**
 * Opens a device. Errors: code `no-adapter` (exit 3) with the remedy where a GPU was asked for and there is none.
 */
export async function openDevice(options: DeviceOptions = {}): Promise<Device> {
  const wanted = wantedOf(options);
  if (!["auto", "wasm"].includes(wanted)) return openGpu(options);
  if (wanted === "auto" && hardwarePossible()) {
    const device = await openGpu({ ...options, adapter: "gpu" }).catch((error) => {
      if (error instanceof SpectroscopeError && error.code === "no-adapter") return undefined;
      throw error;
    });
    if (device && !device.facts.software) return device;
    device?.close();
  }
  const device = await openProcessor();
  checkedLimits(options, device.facts);
  return device;
}

/** Opens a WebGPU device, hardware before software. Errors: as `openDevice`. */
export async function openGpu(options: DeviceOptions = {}): Promise<WebGpuDevice> {
  const wanted = wantedOf(options);
  if (wanted === "none" || wanted === "wasm") {
    throw new SpectroscopeError(`adapter ${wanted}: no GPU adapter may be used`, { code: "no-adapter", hint: REMEDY });
  }
  const dawn = loadDawn(projectRoot());
  const named = !["auto", "gpu", "software"].includes(wanted);
  const gpu = dawn.gpu(named ? [`adapter=${wanted}`] : []);
  const adapter = await waitFor(
    gpu.requestAdapter(
      wanted === "software" ? { forceFallbackAdapter: true } : { powerPreference: "high-performance" },
    ),
    // Dawn throws, instead of giving null, when no adapter has the wanted name.
  ).catch(() => null);
  const software = adapter ? factsOf(adapter).software : false;
  if (!adapter || (wanted === "software" && !software)) {
    const what = wanted === "auto" || wanted === "gpu" ? "no WebGPU adapter" : `no WebGPU adapter for "${wanted}"`;
    throw new SpectroscopeError(`${what} on this machine`, { code: "no-adapter", hint: remedy() });
  }
  const facts = factsOf(adapter, dawn.driver?.origin);
  const requiredLimits: Record<string, number> = {};
  for (const key of LIMITS) requiredLimits[key] = facts.limits[key];
  Object.assign(requiredLimits, checkedLimits(options, facts));
  const own = await waitFor(
    adapter.requestDevice({
      requiredFeatures: FEATURES.filter((feature) => adapter.features.has(feature)) as GPUFeatureName[],
      requiredLimits,
    }),
  );
  return webgpuDevice(own, { facts, wait: waitFor, owned: true });
}

/** The limits that are asked for. @throws SpectroscopeError for one that the adapter does not give */
function checkedLimits({ limits }: DeviceOptions, facts: AdapterFacts): Readonly<Record<string, number>> {
  const wanted = limits?.(facts) ?? {};
  for (const [key, value] of Object.entries(wanted)) {
    if (value <= facts.limits[key]) continue;
    throw new SpectroscopeError(`this needs ${key} ${value}, ${facts.name} gives ${facts.limits[key]}`, {
      code: "gpu",
      hint: "use fewer or shorter sequences, a smaller model or another adapter",
    });
  }
  return wanted;
}
