import type { Params } from "../../kernels/kernel";
import type { BoundPlan, HostArray, Memory } from "../plan/memory";
import type { Plan, Slot, View } from "../plan/plan";
import { bufferBytes, SharedBuffers } from "../plan/shared-buffers";
import type { Region } from "./arena";
import { HostCall } from "./call";
import type { Machine } from "./machine";

/** Bytes behind every slot that vector loads of a ragged end may read. */
const SLACK = 64;

/** Memory of a run on the host: a part of the WebAssembly memory that all its runs share. */
export class ProcessorMemory implements Memory {
  private readonly kept = new Map<Slot, Region>();
  private readonly shared = new SharedBuffers<Region>((bytes) => this.take("a plan's intermediate values", bytes));

  constructor(private readonly machine: Machine) {}

  get bytes(): number {
    return [...this.kept.values(), ...this.shared.buffers].reduce((total, { size }) => total + size, 0);
  }

  write(view: View, data: HostArray): void {
    this.array(view, data.length).set(data);
  }

  async read(views: readonly View[]): Promise<HostArray[]> {
    await this.machine.turnIfDue();
    return views.map((view) =>
      this.array(
        view,
        view.shape.reduce((a, b) => a * b, 1),
      ).slice(),
    );
  }

  async bind(plan: Plan): Promise<BoundPlan> {
    const placed = this.shared.place(plan);
    const address = ({ slot, offset }: View) => (placed.get(slot) ?? this.region(slot)).at + 4 * offset;
    const calls = plan.calls.map((call) => new HostCall(this.machine, call, address));
    const bound: BoundPlan = {
      plan,
      setParams(label: string, params: Params) {
        plan.calls.forEach((call, index) => {
          if (call.label === label) calls[index].setParams(params);
        });
      },
      submit() {
        for (const call of calls) call.run();
      },
      run: async () => {
        bound.submit();
        await this.machine.turnIfDue();
      },
      destroy() {
        for (const call of calls) call.destroy();
      },
    };
    return bound;
  }

  release(slot: Slot): void {
    const region = this.kept.get(slot);
    if (region) this.machine.arena.give(region);
    this.kept.delete(slot);
  }

  releaseShared(): void {
    for (const region of this.shared.buffers) this.machine.arena.give(region);
    this.shared.clear();
  }

  settle(): Promise<void> {
    return this.machine.turn();
  }

  destroy(): void {
    this.releaseShared();
    for (const slot of [...this.kept.keys()]) this.release(slot);
  }

  private region(slot: Slot): Region {
    let region = this.kept.get(slot);
    if (!region) {
      region = this.take(slot.name, bufferBytes(slot));
      this.kept.set(slot, region);
    }
    return region;
  }

  private array({ slot, offset }: View, length: number): HostArray {
    const { at } = this.region(slot);
    const { buffer } = this.machine.team.memory;
    return new (slot.type === "f32" ? Float32Array : Uint32Array)(buffer, at + 4 * offset, length);
  }

  /** Zero, as a buffer of WebGPU is. */
  private take(what: string, bytes: number): Region {
    const region = this.machine.arena.take(bytes + SLACK, what);
    new Uint8Array(this.machine.team.memory.buffer, region.at, region.size).fill(0);
    return region;
  }
}
