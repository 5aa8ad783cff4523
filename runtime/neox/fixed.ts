import { rotaryTable } from "../../kernels/rotary/table";
import type { HostArray } from "../dispatch/buffers";
import type { Memory } from "../dispatch/memory";
import { type Slot, tensor, type View } from "../dispatch/plan";
import type { Weights } from "./block";

/** Constants of a model's plans: the trained weights, matrices derived from them, rotary tables. Made once, shared by all. */
export class FixedTensors {
  private readonly views = new Map<string, View>();
  private readonly slots = new Set<Slot>();
  private readonly waiting: { view: View; data: () => HostArray }[] = [];
  private readonly derived = new Set<string>();

  constructor(readonly weights: Weights) {}

  /** A trained parameter, whole. */
  parameter(name: string): View {
    const { shape, data } = this.weights.get(name)!;
    return this.constant(name, shape, () => data);
  }

  /** A trained matrix with some of its columns set to 0: a layer's output without the heads or neurons that move. */
  withoutColumns(name: string, [from, to]: readonly [number, number]): View {
    const { shape, data } = this.weights.get(name)!;
    const key = `${name} without columns ${from} to ${to}`;
    this.derived.add(key);
    return this.constant(key, shape, () => {
      const copy = data.slice();
      for (let row = 0; row < shape[0]; row++) copy.fill(0, row * shape[1] + from, row * shape[1] + to);
      return copy;
    });
  }

  /** What stands in for a binding that a call does not use. */
  none(axes: number): View {
    const shape = Array.from({ length: axes }, () => 1);
    return { ...this.constant("none", [1], () => new Float32Array(4)), shape };
  }

  /** The rotary table of `positions`, [T, ndims]. */
  rotary(positions: number, ndims: number, base: number): View {
    const key = `rotary ${positions} ${ndims} ${base}`;
    return this.constant(key, [positions, ndims], () => rotaryTable(positions, ndims, base));
  }

  private constant(key: string, shape: readonly number[], data: () => HostArray): View {
    let view = this.views.get(key);
    if (!view) {
      view = tensor(key, shape, "kept");
      this.views.set(key, view);
      this.slots.add(view.slot);
      this.waiting.push({ view, data });
    }
    return view;
  }

  /** Frees the matrices made for one component. */
  releaseDerived(memory: Memory): void {
    for (const key of this.derived) {
      const view = this.views.get(key);
      if (!view) continue;
      memory.release(view.slot);
      this.views.delete(key);
      this.slots.delete(view.slot);
    }
    this.derived.clear();
  }

  /** Whether a slot is one of these constants. */
  holds(slot: Slot): boolean {
    return this.slots.has(slot);
  }

  /** Writes what is new since the last time. */
  flush(memory: Memory): void {
    for (const { view, data } of this.waiting) memory.write(view, data());
    this.waiting.length = 0;
  }
}
