import { type Arrays, isStrided } from "../../kernels/kernel";
import type { HostArray, Memory } from "../../runtime/plan/memory";
import type { Plan, Slot, View } from "../../runtime/plan/plan";
import { extentOf, unify } from "../../runtime/plan/shapes";
import type { FixedTensors } from "../../runtime/transformer/fixed";

type Numbers = Float64Array | Uint32Array;

/** Slots of plans on the host, f32 ones in f64. */
export class HostMemory {
  private readonly slots = new Map<Slot, Numbers>();

  /** Writes a view from its first element on, as `Memory` does. */
  write(view: View, data: ArrayLike<number>): void {
    this.of(view.slot).set(data, view.offset);
  }

  /** The constants of a model's plans that are not here yet. */
  async place(fixed: FixedTensors): Promise<void> {
    const writer = { write: (view: View, data: HostArray) => this.write(view, data), settle: async () => {} };
    await fixed.flush(writer as unknown as Memory);
  }

  /** Elements of a view from its first on, groups with their gaps where they have some. */
  at(view: View, elements: number): Numbers {
    return this.of(view.slot).subarray(view.offset, view.offset + elements);
  }

  private of(slot: Slot): Numbers {
    let array = this.slots.get(slot);
    if (!array) {
      array = slot.type === "f32" ? new Float64Array(slot.size) : new Uint32Array(slot.size);
      this.slots.set(slot, array);
    }
    return array;
  }
}

/**
 * Runs a plan by the f64 references of its kernels: what the plan means, without a device. Slow, and for tests: the
 * same plan says how far a device's run of it is from the truth, and gives losses whose digits bear differences and
 * integrals.
 */
export function runOnHost(plan: Plan, memory: HostMemory): void {
  for (const { label, kernel, tensors, dims: given, params } of plan.calls) {
    const shapes = Object.fromEntries(
      Object.entries(tensors).map(([name, { shape, slot }]) => [name, { shape, type: slot.type }]),
    );
    const { dims, shared } = unify(kernel, shapes, given);
    const bindings = Object.entries(kernel.bindings).map(([name, binding]) => {
      const view = tensors[name];
      const { stride, elements } = extentOf(binding, view, shared.has(name));
      const groups = isStrided(binding) && !shared.has(name) ? view.shape[0] : 1;
      const size = view.shape.reduce((a, b) => a * b, 1) / groups;
      return { name, binding, whole: memory.at(view, elements), groups, size, stride };
    });
    const inputs: Arrays = {};
    for (const { name, binding, whole, groups, size, stride } of bindings) {
      if (binding.access === "write") continue;
      const dense = binding.type === "f32" ? new Float64Array(groups * size) : new Uint32Array(groups * size);
      for (let g = 0; g < groups; g++) dense.set(whole.subarray(g * stride, g * stride + size), g * size);
      inputs[name] = dense;
    }
    const outputs = kernel.reference(inputs, dims, params ?? {}, shared);
    for (const { name, binding, whole, groups, size, stride } of bindings) {
      if (binding.access === "read") continue;
      const dense = outputs[name];
      if (dense?.length !== groups * size) throw new Error(`${label}, ${kernel.name}: reference gives no ${name}`);
      for (let g = 0; g < groups; g++) whole.set(dense.subarray(g * size, (g + 1) * size), g * stride);
    }
  }
}
