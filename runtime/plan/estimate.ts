import type { Kernel } from "../../kernels/kernel";
import type { Call, Plan, Slot } from "./plan";
import { extentOf, unify } from "./shapes";
import { bufferBytes, SharedBuffers } from "./shared-buffers";

/** What plans need of a device, known without one. */
export interface Estimate {
  /** Kept buffers, in the order of their first use. */
  readonly kept: readonly { readonly slot: Slot; readonly bytes: number }[];
  /** Buffers that local slots share, in bytes. */
  readonly shared: readonly number[];
  /** All of them, in bytes. */
  readonly total: number;
  /** The largest buffer and the largest binding, in bytes: the limits to ask an adapter for. */
  readonly maxBufferSize: number;
  readonly maxStorageBufferBindingSize: number;
}

/** Adds up what plans that run one after another in one memory need. */
export function estimatePlans(plans: readonly Plan[]): Estimate {
  const kept = new Map<Slot, number>();
  const shared = new SharedBuffers((size) => ({ size }));
  let binding = 0;
  for (const plan of plans) {
    shared.place(plan);
    for (const call of plan.calls) {
      binding = Math.max(binding, largestBinding(call.kernel, call));
      for (const { slot } of Object.values(call.tensors)) if (slot.life === "kept") kept.set(slot, bufferBytes(slot));
    }
  }
  const sizes = [...kept.values(), ...shared.buffers.map(({ size }) => size)];
  return {
    kept: [...kept].map(([slot, bytes]) => ({ slot, bytes })),
    shared: shared.buffers.map(({ size }) => size),
    total: sizes.reduce((a, b) => a + b, 0),
    maxBufferSize: sizes.reduce((a, b) => Math.max(a, b), 0),
    maxStorageBufferBindingSize: binding,
  };
}

/** What a computation takes at least. */
export interface Work {
  readonly flops: number;
  /** To and from memory. */
  readonly bytes: number;
}

/** `times` runs of something. */
export function scaleWork({ flops, bytes }: Work, times: number): Work {
  return { flops: times * flops, bytes: times * bytes };
}

/** One after another. */
export function addWork(...parts: readonly Work[]): Work {
  const total = (of: (work: Work) => number) => parts.reduce((sum, part) => sum + of(part), 0);
  return { flops: total(({ flops }) => flops), bytes: total(({ bytes }) => bytes) };
}

/**
 * Minimum necessary FLOPs and bytes of one run of a plan, by its kernels' own counts, without running or binding it. Bytes are
 * counted call by call: what one writes and the next reads counts twice, wherever it stays in between.
 */
export function planWork({ calls }: Plan): Work {
  return addWork(
    ...calls.map(({ kernel, tensors, dims, params }) => kernel.work(sizesOf(kernel, tensors, dims).dims, params ?? {})),
  );
}

/** The letters of a call. */
function sizesOf(kernel: Kernel, tensors: Call["tensors"], dims: Call["dims"]) {
  const shapes = Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, slot }]) => [name, { shape, type: slot.type }]),
  );
  return unify(kernel, shapes, dims);
}

function largestBinding(kernel: Kernel, { tensors, dims }: Call): number {
  const { shared } = sizesOf(kernel, tensors, dims);
  let most = 0;
  for (const [name, binding] of Object.entries(kernel.bindings)) {
    const { elements } = extentOf(binding, tensors[name], shared.has(name));
    most = Math.max(most, Math.max(4, Math.ceil(elements / 4) * 4) * 4);
  }
  return most;
}
