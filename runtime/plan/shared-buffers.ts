import { ALIGNMENT, roundUp } from "./alignment";
import type { Plan, Slot } from "./plan";

/** Bytes of the buffer that holds a slot. */
export function bufferBytes(slot: Slot): number {
  return roundUp(Math.max(slot.size * 4, 16), ALIGNMENT);
}

/**
 * Buffers that the local slots of plans share by their lifetimes. Plans run one after another and never at once, so all
 * share one set. WebGPU forbids one buffer to be read and written in one dispatch, so no one buffer will do.
 */
export class SharedBuffers<B extends { readonly size: number }> {
  private readonly entries: { readonly buffer: B; free: boolean }[] = [];

  constructor(private readonly create: (bytes: number) => B) {}

  get buffers(): B[] {
    return this.entries.map(({ buffer }) => buffer);
  }

  /** Gives every local slot of a plan its buffer. */
  place(plan: Plan): Map<Slot, B> {
    const lastUse = new Map<Slot, number>();
    plan.calls.forEach((call, index) => {
      for (const view of Object.values(call.tensors)) lastUse.set(view.slot, index);
    });
    for (const entry of this.entries) entry.free = true;
    const placed = new Map<Slot, { buffer: B; free: boolean }>();
    plan.calls.forEach((call, index) => {
      for (const { slot } of Object.values(call.tensors)) {
        if (slot.life === "local" && !placed.has(slot)) placed.set(slot, this.take(bufferBytes(slot)));
      }
      for (const { slot } of Object.values(call.tensors)) {
        const entry = placed.get(slot);
        if (entry && lastUse.get(slot) === index) entry.free = true;
      }
    });
    return new Map([...placed].map(([slot, { buffer }]) => [slot, buffer]));
  }

  clear(): void {
    this.entries.length = 0;
  }

  /** The smallest free buffer that holds `bytes` and is not more than twice as large, or a new one. */
  private take(bytes: number): { buffer: B; free: boolean } {
    let best: { buffer: B; free: boolean } | undefined;
    for (const entry of this.entries) {
      const fits = entry.free && entry.buffer.size >= bytes && entry.buffer.size <= 2 * bytes;
      if (fits && (!best || entry.buffer.size < best.buffer.size)) best = entry;
    }
    if (!best) {
      best = { buffer: this.create(bytes), free: true };
      this.entries.push(best);
    }
    best.free = false;
    return best;
  }
}
