import { isStrided, type Kernel, shapeOf } from "../../kernels/kernel";
import { tensor, type View } from "../../runtime/plan/plan";
import type { WasmDevice } from "../../runtime/processor/device";
import { WasmMemory } from "../../runtime/processor/memory";
import type { HostArray } from "../../runtime/webgpu/buffers";
import { checkTail, inputOf, type RunSpec, SENTINEL, TAIL } from "./run-on-gpu";

/** Runs one kernel once on the processor, with a guard behind every tensor. */
export async function runOnWasm(device: WasmDevice, kernel: Kernel, spec: RunSpec): Promise<Record<string, HostArray>> {
  const memory = new WasmMemory(device);
  const tensors: Record<string, View> = {};
  const guards: Record<string, View> = {};
  const outputs: string[] = [];
  try {
    for (const [name, binding] of Object.entries(kernel.bindings)) {
      const shape = shapeOf(binding, spec.dims, isStrided(binding) && (spec.shared?.includes(name) ?? false));
      const elements = shape.reduce((a, b) => a * b, 1);
      const { slot } = tensor(name, [elements + TAIL], "kept", binding.type);
      tensors[name] = { slot, shape, offset: 0 };
      guards[name] = { slot, shape: [TAIL], offset: elements };
      const guard = new Uint32Array(slot.size).fill(SENTINEL);
      memory.write(tensors[name], slot.type === "u32" ? guard : new Float32Array(guard.buffer));
      if (binding.access !== "write") memory.write(tensors[name], inputOf(kernel, spec, name, elements));
      if (binding.access !== "read") outputs.push(name);
    }
    const { dims, params } = spec;
    const call = { label: kernel.name, kernel, tensors, dims, ...(params ? { params } : {}) };
    const bound = await memory.bind({ name: kernel.name, calls: [call] });
    await bound.run();
    bound.destroy();
    const results = await memory.read(outputs.map((name) => tensors[name]));
    const tails = await memory.read(outputs.map((name) => guards[name]));
    outputs.forEach((name, i) => {
      checkTail(kernel, name, new Uint32Array(tails[i].buffer));
    });
    return Object.fromEntries(outputs.map((name, i) => [name, results[i]]));
  } finally {
    memory.destroy();
  }
}
