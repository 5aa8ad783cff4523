import { SpectroscopeError } from "../../kernels/errors";
import type { Device } from "../device/device";
import { ALIGNMENT, type HostArray, roundUp, Usage, upload } from "./buffers";
import type { GpuTensor } from "./call";
import type { Plan, Slot, View } from "./plan";

/**
 * Device memory of a run: one buffer for every kept slot, and a pool that local slots share by their lifetimes.
 * WebGPU forbids one buffer to be read and written in one dispatch, so an arena is a set of buffers and not one.
 */
export class Memory {
  private readonly kept = new Map<Slot, GPUBuffer>();
  private readonly pool: { buffer: GPUBuffer; free: boolean }[] = [];

  constructor(readonly device: Device) {}

  /** Bytes held now. */
  get bytes(): number {
    let total = 0;
    for (const buffer of this.kept.values()) total += buffer.size;
    for (const { buffer } of this.pool) total += buffer.size;
    return total;
  }

  /** The buffer of a kept slot, made at first use and then zero. */
  bufferOf(slot: Slot): GPUBuffer {
    let buffer = this.kept.get(slot);
    if (!buffer) {
      buffer = this.create(slot.name, slot.size * 4);
      this.kept.set(slot, buffer);
    }
    return buffer;
  }

  /** A kept view as the dispatcher wants it. */
  tensor(view: View): GpuTensor {
    return place(view, this.bufferOf(view.slot));
  }

  /** Writes a kept view whole, from its first element on. */
  write(view: View, data: HostArray): void {
    upload(this.device.gpu, this.bufferOf(view.slot), data, view.offset * 4);
  }

  /** Frees a kept slot. */
  release(slot: Slot): void {
    this.kept.get(slot)?.destroy();
    this.kept.delete(slot);
  }

  /** Frees everything. */
  destroy(): void {
    for (const buffer of this.kept.values()) buffer.destroy();
    for (const { buffer } of this.pool) buffer.destroy();
    this.kept.clear();
    this.pool.length = 0;
  }

  /**
   * Gives every slot of a plan its buffer. Plans run one after another and never at once, so all plans share the pool.
   */
  placePlan(plan: Plan): (view: View) => GpuTensor {
    const lastUse = new Map<Slot, number>();
    plan.calls.forEach((call, index) => {
      for (const view of Object.values(call.tensors)) lastUse.set(view.slot, index);
    });
    for (const entry of this.pool) entry.free = true;
    const placed = new Map<Slot, { buffer: GPUBuffer; free: boolean }>();
    plan.calls.forEach((call, index) => {
      for (const { slot } of Object.values(call.tensors)) {
        if (slot.life === "local" && !placed.has(slot)) placed.set(slot, this.take(slot.size * 4));
      }
      for (const { slot } of Object.values(call.tensors)) {
        const entry = placed.get(slot);
        if (entry && lastUse.get(slot) === index) entry.free = true;
      }
    });
    return (view) => place(view, placed.get(view.slot)?.buffer ?? this.bufferOf(view.slot));
  }

  /** The smallest free pool buffer that holds `bytes` and is not more than twice as large, or a new one. */
  private take(bytes: number): { buffer: GPUBuffer; free: boolean } {
    let best: { buffer: GPUBuffer; free: boolean } | undefined;
    for (const entry of this.pool) {
      const fits = entry.free && entry.buffer.size >= bytes && entry.buffer.size <= 2 * roundUp(bytes, ALIGNMENT);
      if (fits && (!best || entry.buffer.size < best.buffer.size)) best = entry;
    }
    if (!best) {
      best = { buffer: this.create("pool", bytes), free: true };
      this.pool.push(best);
    }
    best.free = false;
    return best;
  }

  private create(label: string, bytes: number): GPUBuffer {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.device.gpu.limits;
    if (bytes > Math.min(maxBufferSize, maxStorageBufferBindingSize)) {
      throw new SpectroscopeError(
        `${label} needs a buffer of ${bytes} bytes, ${this.device.facts.name} gives ${Math.min(maxBufferSize, maxStorageBufferBindingSize)}`,
        { code: "gpu", hint: "use fewer chains, fewer or shorter sequences, or a smaller component" },
      );
    }
    const usage = Usage.STORAGE | Usage.COPY_SRC | Usage.COPY_DST;
    return this.device.gpu.createBuffer({ label, size: roundUp(Math.max(bytes, 16), ALIGNMENT), usage });
  }
}

function place(view: View, buffer: GPUBuffer): GpuTensor {
  return {
    buffer,
    type: view.slot.type,
    shape: view.shape,
    offset: view.offset * 4,
    ...(view.groupStride === undefined ? {} : { groupStride: view.groupStride }),
  };
}
