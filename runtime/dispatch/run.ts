import { SpectroscopeError } from "../../kernels/errors";
import { type Dims, isStrided, type Kernel, type Params, shapeOf } from "../../kernels/kernel";
import type { Device } from "../device/device";
import { type HostArray, roundUp, Usage, upload } from "./buffers";
import { type GpuTensor, prepare } from "./call";
import { readTensors } from "./readback";

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
const TAIL = 64;
const SENTINEL = 0x7ead_beef;

/**
 * Runs one kernel once and returns its `write` and `update` bindings. Every output is surrounded by a guard; a write past
 * the end, a validation error or an out-of-memory error throws. Meant for tests, goldens and small host jobs.
 */
export async function runKernel(device: Device, kernel: Kernel, spec: RunSpec): Promise<Record<string, HostArray>> {
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
      const data = spec.inputs[name];
      if (!data || data.length !== elements) {
        throw new SpectroscopeError(
          `kernel ${kernel.name}, binding ${name}: expected ${elements} elements, got ${data?.length ?? "none"}`,
          { code: "bad-input" },
        );
      }
      upload(gpu, buffer, data);
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
    const behind = tails[i].subarray(results[i].length);
    if (behind.some((word) => word !== SENTINEL)) {
      throw new SpectroscopeError(`kernel ${kernel.name}, binding ${name}: wrote past its end`, { code: "gpu" });
    }
  });
  return Object.fromEntries(outputs.map((name, i) => [name, results[i]]));
}

function whole(buffer: GPUBuffer): GpuTensor {
  return { buffer, type: "u32", shape: [buffer.size / 4], offset: 0 };
}
