import { SpectroscopeError } from "../../kernels/errors";
import { openWasm, type WasmDevice } from "../processor/device";
import { type AdapterFacts, factsOf } from "../webgpu/facts";
import type { Tuning } from "../webgpu/tuning";
import { loadDawn } from "./dawn";
import { projectRoot } from "./root";
import { systemLoader } from "./software";
import { waitFor } from "./wait";

/** What to open. */
export interface DeviceOptions {
  /**
   * `auto`: a hardware GPU, else the processor. `gpu`: WebGPU, hardware first. `software`: a WebGPU adapter that computes
   * on the processor. `wasm`: the processor without WebGPU, ten times as fast. `none`: refuse. Otherwise part of an
   * adapter's name.
   */
  readonly adapter?: string;
  /** A device of the caller's: used as it is and never destroyed. */
  readonly device?: GPUDevice;
  /** Limits to ask for, from what the adapter is; without this, its own for sizes of buffers and workgroups. */
  readonly limits?: (adapter: AdapterFacts) => Readonly<Record<string, number>>;
}

/** What every open device is, wherever it computes. */
export interface DeviceBase {
  readonly facts: AdapterFacts;
  /** The largest tensor that a kernel can be given, bytes. */
  readonly bindingBytes: number;
  /** A line for people when the adapter is not real hardware. */
  readonly banner?: string;
  /** Waits for a promise of the device's; throws when the device was lost. */
  wait<T>(promise: Promise<T>): Promise<T>;
  /** Throws the first uncaptured GPU error, if there was one. */
  check(): void;
  /** Does work that allocates; a device that runs out of memory is told of in one error that says for what. */
  within<T>(what: string, work: () => Promise<T>): Promise<T>;
  close(): void;
}

/** An open WebGPU device. */
export interface GpuDevice extends DeviceBase {
  readonly kind: "gpu";
  readonly gpu: GPUDevice;
  /** Which variants to take, for the plans that are bound after it is set; absent: what suits the adapter. */
  tuning?: Tuning;
}

/** What plans run on: a GPU, or the processor. */
export type Device = GpuDevice | WasmDevice;

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
export const REMEDY =
  "most commands need no GPU: leave --adapter out, or give wasm. For WebGPU without one: `npm run adapter` (no root) or " +
  "`apt-get install chromium`; with one: its Vulkan driver; `npx spectroscope devices --adapter gpu` shows what was tried";

/** What a device is asked to be. */
const wantedOf = ({ adapter }: DeviceOptions) => adapter ?? process.env.SPECTROSCOPE_ADAPTER ?? "auto";

/** Whether Dawn can find a hardware GPU here: on Linux only through a Vulkan loader of the system's. */
const hardwarePossible = () => process.platform !== "linux" || systemLoader() !== undefined;

/**
 * Opens a device. Errors: code `no-adapter` (exit 3) with the remedy where a GPU was asked for and there is none.
 */
export async function openDevice(options: DeviceOptions = {}): Promise<Device> {
  const wanted = wantedOf(options);
  if (options.device || !["auto", "wasm"].includes(wanted)) return openGpu(options);
  if (wanted === "auto" && hardwarePossible()) {
    const device = await openGpu({ ...options, adapter: "gpu" }).catch((error) => {
      if (error instanceof SpectroscopeError && error.code === "no-adapter") return undefined;
      throw error;
    });
    if (device && !device.facts.software) return device;
    device?.close();
  }
  const device = await openWasm();
  checkedLimits(options, device.facts);
  return device;
}

/** Opens a WebGPU device, hardware before software. Errors: as `openDevice`. */
export async function openGpu(options: DeviceOptions = {}): Promise<GpuDevice> {
  if (options.device) return wrap(options.device, factsOf(callerAdapter(options.device)), false);
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
    throw new SpectroscopeError(`${what} on this machine`, { code: "no-adapter", hint: REMEDY });
  }
  const facts = factsOf(adapter, dawn.driver?.origin);
  const requiredLimits: Record<string, number> = {};
  for (const key of LIMITS) requiredLimits[key] = facts.limits[key];
  Object.assign(requiredLimits, checkedLimits(options, facts));
  const device = await waitFor(
    adapter.requestDevice({
      requiredFeatures: FEATURES.filter((feature) => adapter.features.has(feature)) as GPUFeatureName[],
      requiredLimits,
    }),
  );
  return wrap(device, facts, true);
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

function callerAdapter(device: GPUDevice): GPUAdapter {
  return { info: device.adapterInfo, features: device.features, limits: device.limits } as unknown as GPUAdapter;
}

function gpuError(message: string): SpectroscopeError {
  return new SpectroscopeError(`GPU error: ${message.split("\n")[0]}`, {
    code: "gpu",
    hint: "nothing was written after it; run `npx spectroscope verify` on this adapter",
  });
}

function wrap(gpu: GPUDevice, adapter: AdapterFacts, owned: boolean): GpuDevice {
  let failure: SpectroscopeError | undefined;
  let closed = false;
  const onError = (event: GPUUncapturedErrorEvent) => {
    failure ??= gpuError(event.error.message);
  };
  gpu.addEventListener("uncapturederror", onError as EventListener);
  gpu.lost.then((info) => {
    if (!closed) failure ??= new SpectroscopeError(`GPU device lost: ${info.message || info.reason}`, { code: "gpu" });
  });
  const check = () => {
    if (failure) throw failure;
  };
  return {
    kind: "gpu",
    gpu,
    facts: adapter,
    bindingBytes: gpu.limits.maxStorageBufferBindingSize,
    ...(adapter.software
      ? {
          banner: `software adapter: ${adapter.name}; right answers at a few GFLOP/s: --adapter wasm is ten times as fast`,
        }
      : {}),
    async wait(promise) {
      const value = await waitFor(promise);
      check();
      return value;
    },
    check,
    async within(what, work) {
      gpu.pushErrorScope("validation");
      gpu.pushErrorScope("out-of-memory");
      let result: { value: Awaited<ReturnType<typeof work>> } | undefined;
      let thrown: unknown;
      try {
        result = { value: await work() };
      } catch (error) {
        thrown = error;
      }
      const memory = await waitFor(gpu.popErrorScope());
      const invalid = await waitFor(gpu.popErrorScope());
      if (memory) {
        throw new SpectroscopeError(`${adapter.name} has no memory for ${what}`, {
          code: "gpu",
          hint: "--dry-run tells how much it takes: use fewer or shorter rows, a smaller model or another adapter",
        });
      }
      if (thrown !== undefined) throw thrown;
      if (invalid) throw gpuError(invalid.message);
      return (result as NonNullable<typeof result>).value;
    },
    close() {
      if (closed) return;
      closed = true;
      gpu.removeEventListener("uncapturederror", onError as EventListener);
      if (owned) gpu.destroy();
    },
  };
}
