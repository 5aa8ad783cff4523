/** Anybody's `GPUDevice` as a device: Node's, a page's, a test's. */
import { SpectroscopeError } from "../../kernels/errors";
import type { AdapterFacts } from "../plan/device";
import { factsOf } from "./facts";
import type { WebGpuDevice } from "./gpu";
import { GpuMemory } from "./memory";
import { type Tuning, tuningFingerprint } from "./tuning";

export { isWebGpu, type WebGpuDevice } from "./gpu";

export interface WebGpuOptions {
  /** How a promise of the device's is waited for, where that takes more than `await`; see `runtime/node/wait`. */
  readonly wait?: <T>(promise: Promise<T>) => Promise<T>;
  readonly tuning?: Tuning;
  /** What is known of the adapter; by default what the device tells, which is less. */
  readonly facts?: AdapterFacts;
  /** Whether `close` destroys the GPU's device: for who made it for this alone. By default it stays open. */
  readonly owned?: boolean;
}

/** Bytes of all that runs at once beyond which a GPU has enough to do with fewer components. */
const MOST_BESIDE = 2 ** 28;

/**
 * On a GPU the dispatches of a small model are too small to fill it: as many components as fit. A GPU that is a processor is full
 * with one component, and its caches are the emptier the more there are.
 */
export function roomBeside({ software, limits }: AdapterFacts, bindingBytes: number): number {
  return software ? 0 : Math.min(MOST_BESIDE, limits.maxBufferSize / 4, bindingBytes);
}

function gpuError(message: string): SpectroscopeError {
  return new SpectroscopeError(`GPU error: ${message.split("\n")[0]}`, {
    code: "gpu",
    hint: "nothing was written after it; run `npx spectroscope verify` on this adapter",
  });
}

/** A driver was reset, or another took the adapter away: nothing of it is left, but what was written is. */
function lostError(message: string, cause?: unknown): SpectroscopeError {
  return new SpectroscopeError(`GPU device lost: ${message.split("\n")[0]}`, {
    code: "gpu",
    hint: "run the same command again; a run goes on from its last checkpoint",
    cause,
  });
}

/** What a device tells of its adapter. */
function factsOfDevice({ adapterInfo: info, features, limits }: GPUDevice): AdapterFacts {
  return factsOf({ info, features, limits } as unknown as GPUAdapter);
}

/** Opens a `GPUDevice` of the caller's, which is used as it is. Errors that no scope caught are thrown by the next wait. */
export function webgpuDevice(gpu: GPUDevice, options: WebGpuOptions = {}): WebGpuDevice {
  const { wait: waitFor = (promise) => promise, facts = factsOfDevice(gpu), owned = false } = options;
  const bindingBytes = gpu.limits.maxStorageBufferBindingSize;
  let failure: SpectroscopeError | undefined;
  let closed = false;
  const onError = (event: GPUUncapturedErrorEvent) => {
    failure ??= gpuError(event.error.message);
  };
  gpu.addEventListener("uncapturederror", onError as EventListener);
  gpu.lost.then((info) => {
    if (!closed) failure ??= lostError(info.message || info.reason);
  });
  const check = () => {
    if (failure) throw failure;
  };
  /** What a promise of a device that is gone is rejected with says nothing. */
  const refusal = (cause: unknown): unknown => {
    if (cause instanceof SpectroscopeError) return cause;
    if (owned && closed) {
      const hint = "close a device when all that runs on it is done";
      return new SpectroscopeError("the GPU was closed and is asked to compute", { code: "closed", hint, cause });
    }
    const { message, name } = cause as Error;
    return failure ?? lostError(message || name, cause);
  };
  const device: WebGpuDevice = {
    gpu,
    facts,
    bindingBytes,
    tuning: options.tuning,
    get variants() {
      return tuningFingerprint(device.tuning);
    },
    roomBeside: roomBeside(facts, bindingBytes),
    ...(facts.software
      ? {
          banner: `software adapter: ${facts.name}; right answers at a few GFLOP/s: --adapter wasm is ten times as fast`,
        }
      : {}),
    openMemory: () => new GpuMemory(device),
    async wait(promise) {
      const value = await waitFor(promise).catch((error) => {
        throw refusal(error);
      });
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
      const scope = () => waitFor(gpu.popErrorScope()).catch((error) => Promise.reject(refusal(error)));
      const [memory, invalid] = [await scope(), await scope()];
      if (memory) {
        throw new SpectroscopeError(`${facts.name} has no memory for ${what}`, {
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
  return device;
}
