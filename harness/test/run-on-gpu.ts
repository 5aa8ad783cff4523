import { SpectroscopeError } from "../../kernels/errors";
import { type Dims, isStrided, type Kernel, type Params, shapeOf } from "../../kernels/kernel";
import type { Device, GpuDevice } from "../../runtime/node/open-device";
import { type HostArray, roundUp, Usage, upload } from "../../runtime/webgpu/buffers";
import { type GpuTensor, prepare } from "../../runtime/webgpu/call";
import { readTensors } from "../../runtime/webgpu/readback";
import { runOnWasm } from "./run-on-processor";

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

/** Elements kept behind every output to see that nothing is written past its end. */
export const TAIL = 64;
export const SENTINEL = 0x7ead_beef;

/** The only variant on the processor. */
export const WASM = "wasm";

/** What a kernel can be run with on a device; those that the adapter or the sizes forbid are among them. */
export function variantNames(device: Device, kernel: Kernel): string[] {
  if (device.kind === "gpu") return Object.keys(kernel.variants);
  return kernel.wasm ? [WASM] : [];
}

/**
 * Runs one kernel once and returns its `write` and `update` bindings. Every output is surrounded by a guard; a write past
 * the end, a validation error or an out-of-memory error throws. Meant for tests, goldens and small host jobs.
 */
export function runKernel(device: Device, kernel: Kernel, spec: RunSpec): Promise<Record<string, HostArray>> {
  return device.kind === "gpu" ? runOnGpu(device, kernel, spec) : runOnWasm(device, kernel, spec);
}

async function runOnGpu(device: GpuDevice, kernel: Kernel, spec: RunSpec): Promise<Record<string, HostArray>> {
  const { gpu } = device;
  gpu.pushErrorScope("out-of-memory");
  gpu.pushErrorScope("validation");
  const tensors: Record<string, GpuTensor> = {};
  const outputs: string[] = [];
  for (const [name, binding] of Object.entries(kernel.bindings)) {
    const shared = isStrided(binding) && (spec.shared?.includes(name) ?? false);
    const shape = shapeOf(binding, spec.dims, shared);
    const elements = shape.reduce((a, b) => a * b, 1);
    const bytes = roundUp(elements * 4, 16) + TAIL * 4;
    const buffer = gpu.createBuffer({
      size: bytes,
      usage: Usage.STORAGE | Usage.COPY_SRC | Usage.COPY_DST,
      label: name,
    });
    upload(gpu, buffer, new Uint32Array(bytes / 4).fill(SENTINEL));
    if (binding.access !== "write") {
      upload(gpu, buffer, inputOf(kernel, spec, name, elements));
    }
    if (binding.access !== "read") outputs.push(name);
    tensors[name] = { buffer, type: binding.type, shape, offset: 0 };
  }
  let error: GPUError | null = null;
  let results: HostArray[] = [];
  let tails: HostArray[] = [];
  try {
    const call = await prepare(device, {
      kernel,
      tensors,
      dims: spec.dims,
      params: spec.params,
      variant: spec.variant,
    });
    const encoder = gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    call.encode(pass);
    pass.end();
    gpu.queue.submit([encoder.finish()]);
    results = await readTensors(
      device,
      outputs.map((name) => tensors[name]),
    );
    tails = await readTensors(
      device,
      outputs.map((name) => whole(tensors[name].buffer)),
    );
  } finally {
    error = (await device.wait(gpu.popErrorScope())) ?? error;
    error = (await device.wait(gpu.popErrorScope())) ?? error;
    for (const tensor of Object.values(tensors)) tensor.buffer.destroy();
  }
  if (error) throw new SpectroscopeError(`kernel ${kernel.name}: ${error.message.split("\n")[0]}`, { code: "gpu" });
  outputs.forEach((name, i) => {
    checkTail(kernel, name, tails[i].subarray(results[i].length));
  });
  return Object.fromEntries(outputs.map((name, i) => [name, results[i]]));
}

/** The host's array of a binding. @throws SpectroscopeError when there is none, or of another size */
export function inputOf(kernel: Kernel, { inputs }: RunSpec, name: string, elements: number): HostArray {
  const data = inputs[name];
  if (data?.length === elements) return data;
  throw new SpectroscopeError(
    `kernel ${kernel.name}, binding ${name}: expected ${elements} elements, got ${data?.length ?? "none"}`,
    { code: "bad-input" },
  );
}

/** @throws SpectroscopeError when the guard behind an output was written */
export function checkTail(kernel: Kernel, name: string, behind: HostArray): void {
  if (behind.some((word) => word !== SENTINEL)) {
    throw new SpectroscopeError(`kernel ${kernel.name}, binding ${name}: wrote past its end`, { code: "gpu" });
  }
}

function whole(buffer: GPUBuffer): GpuTensor {
  return { buffer, type: "u32", shape: [buffer.size / 4], offset: 0 };
}
