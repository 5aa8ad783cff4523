/** Sizes of a call's tensors, and what follows from them: the same for every device. */
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
import { roundUp } from "./alignment";

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
