import { SpectroscopeError } from "../../kernels/errors";
import { type Dims, isStrided, type Kernel, type Params, shapeOf } from "../../kernels/kernel";
import type { Device } from "../../runtime/plan/device";
import type { HostArray } from "../../runtime/plan/memory";
import { tensor, type View } from "../../runtime/plan/plan";
import { isWebGpu } from "../../runtime/webgpu/device";

/** One kernel on host arrays. */
export interface RunSpec {
  readonly dims: Dims;
  readonly params?: Params;
  /** Every `read` and `update` binding. */
  readonly inputs: Readonly<Record<string, HostArray>>;
  /** Strided bindings given without their group axis. */
  readonly shared?: readonly string[];
  readonly variant?: string;
}

/** Elements kept behind every tensor to see that nothing is written past an output's end. */
const TAIL = 64;
const SENTINEL = 0x7ead_beef;

/** The only variant on the processor. */
export const WASM = "wasm";

/** What a kernel can be run with on a device; those that the adapter or the sizes forbid are among them. */
export function variantNames(device: Device, kernel: Kernel): string[] {
  if (isWebGpu(device)) return Object.keys(kernel.variants);
  return kernel.wasm ? [WASM] : [];
}

/** The kernel with one of its variants only, which then is taken whatever it suits. */
function only(kernel: Kernel, name: string): Kernel {
  if (!Object.hasOwn(kernel.variants, name))
    throw new SpectroscopeError(`kernel ${kernel.name}: variant ${name} does not exist`, { code: "bad-input" });
  const { precision: _, ...variant } = kernel.variants[name];
  return { ...kernel, variants: { [name]: { ...variant, suits: "any" } } };
}

/**
 * Runs one kernel once and returns its `write` and `update` bindings. Every output is followed by a guard; a write past
 * the end, a validation error or an out-of-memory error throws. Meant for tests and goldens.
 */
export async function runKernel(device: Device, kernel: Kernel, spec: RunSpec): Promise<Record<string, HostArray>> {
  const { dims, params, variant } = spec;
  const memory = device.openMemory();
  const tensors: Record<string, View> = {};
  const guards: Record<string, View> = {};
  const outputs: string[] = [];
  try {
    return await device.within(`kernel ${kernel.name}`, async () => {
      for (const [name, binding] of Object.entries(kernel.bindings)) {
        const shape = shapeOf(binding, dims, isStrided(binding) && (spec.shared?.includes(name) ?? false));
        const elements = shape.reduce((a, b) => a * b, 1);
        const { slot } = tensor(name, [elements + TAIL], "kept", binding.type);
        tensors[name] = { slot, shape, offset: 0 };
        guards[name] = { slot, shape: [TAIL], offset: elements };
        const guard = new Uint32Array(slot.size).fill(SENTINEL);
        memory.write(tensors[name], slot.type === "u32" ? guard : new Float32Array(guard.buffer));
        if (binding.access !== "write") memory.write(tensors[name], inputOf(kernel, spec, name, elements));
        if (binding.access !== "read") outputs.push(name);
      }
      const wanted = variant && isWebGpu(device) ? only(kernel, variant) : kernel;
      const call = { label: kernel.name, kernel: wanted, tensors, dims, ...(params ? { params } : {}) };
      const bound = await memory.bind({ name: kernel.name, calls: [call] });
      await bound.run();
      bound.destroy();
      const read = await memory.read([...outputs.map((name) => tensors[name]), ...outputs.map((name) => guards[name])]);
      outputs.forEach((name, i) => {
        const behind = read[outputs.length + i];
        checkTail(kernel, name, new Uint32Array(behind.buffer, behind.byteOffset, behind.length));
      });
      return Object.fromEntries(outputs.map((name, i) => [name, read[i]]));
    });
  } finally {
    memory.destroy();
  }
}

/** The host's array of a binding. @throws SpectroscopeError when there is none, or of another size */
function inputOf(kernel: Kernel, { inputs }: RunSpec, name: string, elements: number): HostArray {
  const data = inputs[name];
  if (data?.length === elements) return data;
  throw new SpectroscopeError(
    `kernel ${kernel.name}, binding ${name}: expected ${elements} elements, got ${data?.length ?? "none"}`,
    { code: "bad-input" },
  );
}

/** @throws SpectroscopeError when the guard behind an output was written */
function checkTail(kernel: Kernel, name: string, behind: Uint32Array): void {
  if (behind.some((word) => word !== SENTINEL)) {
    throw new SpectroscopeError(`kernel ${kernel.name}, binding ${name}: wrote past its end`, { code: "gpu" });
  }
}
