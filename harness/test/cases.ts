import { type Arrays, type Case, type Kernel, type Params, shapeOf } from "../../kernels/kernel";
import type { HostArray } from "../../runtime/plan/memory";
import { seededRandom } from "./random";

/** Rounds to what the GPU holds, so that reference and kernel start from the same numbers. */
export function toHost(array: Float64Array | Uint32Array): HostArray {
  return array instanceof Uint32Array ? array : Float32Array.from(array);
}

/** Inputs of a case, f32-exact: the kernel's own generator where it has one, standard normals elsewhere. */
export function caseInputs(kernel: Kernel, c: Case, seed: number): Arrays {
  const random = seededRandom(seed);
  const params: Params = c.params ?? {};
  const inputs: Arrays = { ...kernel.generate?.(c.dims, params, random) };
  for (const [name, binding] of Object.entries(kernel.bindings)) {
    if (binding.access === "write") continue;
    const size = shapeOf(binding, c.dims, c.shared?.includes(name)).reduce((a, b) => a * b, 1);
    if (!inputs[name]) {
      if (binding.type === "u32") throw new Error(`kernel ${kernel.name} needs generate() for ${name}`);
      inputs[name] = Float64Array.from({ length: size }, () => random.normal());
    }
    const array = inputs[name];
    if (array.length !== size) throw new Error(`${kernel.name} ${c.name}: generate() gave ${name} the wrong size`);
    if (array instanceof Float64Array) inputs[name] = Float64Array.from(Float32Array.from(array));
  }
  return inputs;
}
