import { SpectroscopeError } from "../../kernels/errors";
import { type Dims, isStrided, type Kernel, type Params } from "../../kernels/kernel";
import { ALIGNMENT, roundUp } from "../plan/alignment";
import { extentOf, packUniforms, unify } from "../plan/shapes";
import { Usage } from "./buffers";
import type { WebGpuDevice } from "./gpu";
import { pipelineFor } from "./pipelines";
import { chooseVariant } from "./variants";

/** A shaped view of a GPU buffer. */
export interface GpuTensor {
  readonly buffer: GPUBuffer;
  readonly type: "f32" | "u32";
  readonly shape: readonly number[];
  /** First element's place in the buffer, in bytes; a multiple of 256. */
  readonly offset: number;
  /** For a tensor with a group axis that is not dense: elements from one group to the next. */
  readonly groupStride?: number;
}

/** A kernel call, ready to be encoded any number of times. */
export interface PreparedCall {
  readonly kernel: Kernel;
  readonly variant: string;
  readonly dims: Dims;
  readonly params: Params;
  encode(pass: GPUComputePassEncoder): void;
  /** Changes uniform parameters for the encodings submitted after this. */
  setParams(params: Params): void;
  /** Frees the uniform buffer. */
  destroy(): void;
}

/** What to call: tensors by binding. */
export interface CallSpec {
  readonly kernel: Kernel;
  readonly tensors: Readonly<Record<string, GpuTensor>>;
  /** Sizes that no binding shows. */
  readonly dims?: Dims;
  readonly params?: Params;
  readonly variant?: string;
}

/** Checks a call, compiles its variant and makes its bind group. */
export async function prepare(device: WebGpuDevice, spec: CallSpec): Promise<PreparedCall> {
  const { kernel, tensors } = spec;
  const { dims, shared } = unify(kernel, tensors, spec.dims);
  const variant = chooseVariant(kernel, device.facts, dims, spec.params ?? {}, spec.variant, device.tuning);
  const { pipeline, layout } = await pipelineFor(device, kernel, variant);
  const strides: Record<string, number> = {};
  const entries: GPUBindGroupEntry[] = Object.entries(kernel.bindings).map(([name, binding], index) => {
    const tensor = tensors[name];
    const { stride, elements } = extentOf(binding, tensor, shared.has(name));
    if (isStrided(binding)) strides[`stride_${name}`] = stride;
    if (stride % 4 !== 0 && tensor.groupStride !== undefined) {
      throw new SpectroscopeError(
        `kernel ${kernel.name}, binding ${name}: groups lie ${stride} elements apart, which is no multiple of 4`,
        { code: "bad-input", hint: "parameter blocks pad every tensor to 64 elements" },
      );
    }
    if (tensor.offset % ALIGNMENT !== 0 || tensor.offset + elements * 4 > tensor.buffer.size) {
      const place = `elements ${tensor.offset / 4} to ${tensor.offset / 4 + elements}`;
      throw new SpectroscopeError(
        `kernel ${kernel.name}, binding ${name}: ${place} do not lie aligned in a buffer of ${tensor.buffer.size / 4}`,
        { code: "bad-input" },
      );
    }
    const { maxStorageBufferBindingSize: most } = device.gpu.limits;
    if (elements * 4 > most) {
      throw new SpectroscopeError(
        `kernel ${kernel.name}, binding ${name}: ${elements * 4} bytes, ${device.facts.name} binds ${most}`,
        { code: "gpu", hint: "use fewer chains, fewer or shorter sequences, or a smaller component" },
      );
    }
    // A vec4 array needs whole 16-byte elements: bind up to the next one when the buffer has it.
    const size = Math.min(roundUp(Math.max(4, elements * 4), 16), tensor.buffer.size - tensor.offset);
    return { binding: index, resource: { buffer: tensor.buffer, offset: tensor.offset, size } };
  });
  let params: Params = spec.params ?? {};
  const block = packUniforms(kernel, dims, strides, params);
  const uniform = device.gpu.createBuffer({
    size: block.byteLength,
    usage: Usage.UNIFORM | Usage.COPY_DST,
    label: `${kernel.name} params`,
  });
  device.gpu.queue.writeBuffer(uniform, 0, block);
  entries.push({ binding: entries.length, resource: { buffer: uniform } });
  const bindGroup = device.gpu.createBindGroup({ layout, entries, label: kernel.name });
  const grid = kernel.variants[variant].grid(dims, params);
  if (grid.some((n) => n < 1 || n > device.facts.limits.maxComputeWorkgroupsPerDimension)) {
    throw new SpectroscopeError(`kernel ${kernel.name}#${variant}: grid ${grid.join(" x ")} is out of range`, {
      code: "gpu",
    });
  }
  return {
    kernel,
    variant,
    dims,
    get params() {
      return params;
    },
    encode(pass) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(grid[0], grid[1], grid[2]);
    },
    setParams(changed) {
      params = { ...params, ...changed };
      device.gpu.queue.writeBuffer(uniform, 0, packUniforms(kernel, dims, strides, params));
    },
    destroy: () => uniform.destroy(),
  };
}
