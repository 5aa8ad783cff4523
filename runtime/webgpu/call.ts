import { SpectroscopeError } from "../../kernels/errors";
import {
  type Binding,
  type Dims,
  isStrided,
  type Kernel,
  type Params,
  sizeOf,
  uniformFields,
} from "../../kernels/kernel";
import type { GpuDevice } from "../node/open-device";
import { ALIGNMENT, roundUp, Usage } from "./buffers";
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

function product(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

/**
 * Agrees every letter across the bindings of a call. Errors name kernel, binding, expected and got.
 */
export function unify(
  kernel: Kernel,
  shapes: Readonly<Record<string, { shape: readonly number[]; type: string }>>,
  given: Dims = {},
): { dims: Dims; shared: ReadonlySet<string> } {
  const dims: Record<string, number> = { ...given };
  const shared = new Set<string>();
  const wrong = (binding: string, why: string) =>
    new SpectroscopeError(`kernel ${kernel.name}, binding ${binding}: ${why}`, { code: "bad-input" });
  const entries = Object.entries(kernel.bindings).map(([name, binding]) => {
    const tensor = shapes[name];
    if (!tensor) throw wrong(name, "no tensor given");
    if (tensor.type !== binding.type) throw wrong(name, `expected ${binding.type}, got ${tensor.type}`);
    let letters = binding.dims;
    if (isStrided(binding) && tensor.shape.length === letters.length - 1) {
      if (binding.access !== "read") throw wrong(name, "an output cannot be shared by all groups");
      shared.add(name);
      letters = letters.slice(1);
    }
    if (tensor.shape.length !== letters.length) {
      throw wrong(name, `expected ${letters.length} axes (${letters.join(", ")}), got [${tensor.shape.join(", ")}]`);
    }
    return { name, letters: letters.map((letter) => letter.replace("?", "")), shape: tensor.shape };
  });
  for (const { name, letters, shape } of entries) {
    letters.forEach((letter, axis) => {
      if (/[*\d]/.test(letter)) return;
      if (dims[letter] === undefined) dims[letter] = shape[axis];
      else if (dims[letter] !== shape[axis]) {
        throw wrong(name, `axis ${axis} (${letter}): expected ${dims[letter]}, got ${shape[axis]}`);
      }
    });
  }
  if (dims.G === undefined && kernel.dims.includes("G")) dims.G = 1;
  for (const { name, letters, shape } of entries) {
    letters.forEach((letter, axis) => {
      const size = sizeOf(letter, dims);
      if (size !== shape[axis]) throw wrong(name, `axis ${axis} (${letter}): expected ${size}, got ${shape[axis]}`);
    });
  }
  const unknown = kernel.dims.find((letter) => dims[letter] === undefined);
  if (unknown)
    throw new SpectroscopeError(`kernel ${kernel.name}: size ${unknown} is not known`, { code: "bad-input" });
  return { dims, shared };
}

/** Size of a kernel's uniform block. */
export function uniformBytes(kernel: Kernel): number {
  return roundUp(Math.max(4, uniformFields(kernel).length * 4), 16);
}

/** Packs the uniform block. */
export function packUniforms(kernel: Kernel, dims: Dims, strides: Dims, params: Params): ArrayBuffer {
  const fields = uniformFields(kernel);
  const block = new DataView(new ArrayBuffer(uniformBytes(kernel)));
  fields.forEach(({ name, type }, index) => {
    const value = dims[name] ?? strides[name] ?? params[name];
    if (value === undefined || !Number.isFinite(value)) {
      throw new SpectroscopeError(`kernel ${kernel.name}: parameter ${name} is ${value}`, { code: "bad-input" });
    }
    if (type === "u32") block.setUint32(index * 4, value, true);
    else block.setFloat32(index * 4, value, true);
  });
  return block.buffer as ArrayBuffer;
}

/** Elements from one group to the next, and from the first to behind the last, of a tensor as a kernel binds it. */
export function extentOf(
  binding: Binding,
  tensor: { readonly shape: readonly number[]; readonly groupStride?: number },
  shared: boolean,
): { stride: number; elements: number } {
  if (!isStrided(binding) || shared) return { stride: 0, elements: product(tensor.shape) };
  const dense = product(tensor.shape.slice(1));
  const stride = tensor.groupStride ?? dense;
  return { stride, elements: stride * (tensor.shape[0] - 1) + dense };
}

/** Checks a call, compiles its variant and makes its bind group. */
export async function prepare(device: GpuDevice, spec: CallSpec): Promise<PreparedCall> {
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
