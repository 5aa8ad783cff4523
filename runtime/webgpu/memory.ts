import { SpectroscopeError } from "../../kernels/errors";
import type { BoundPlan, HostArray, Memory } from "../plan/memory";
import type { Plan, Slot, View } from "../plan/plan";
import { bufferBytes, SharedBuffers } from "../plan/shared-buffers";
import { Usage, upload } from "./buffers";
import type { GpuTensor } from "./call";
import { BoundGpuPlan } from "./executor";
import type { WebGpuDevice } from "./gpu";
import { readTensors } from "./readback";

/** Device memory of a run: one buffer for every kept slot, and buffers that local slots share. */
export class GpuMemory implements Memory {
  private readonly kept = new Map<Slot, GPUBuffer>();
  private readonly shared = new SharedBuffers<GPUBuffer>((bytes) => this.create("pool", bytes));

  constructor(private readonly device: WebGpuDevice) {}

  get bytes(): number {
    return [...this.kept.values(), ...this.shared.buffers].reduce((total, { size }) => total + size, 0);
  }

  /** The buffer of a kept slot, made at first use and then zero. */
  bufferOf(slot: Slot): GPUBuffer {
    let buffer = this.kept.get(slot);
    if (!buffer) {
      buffer = this.create(slot.name, bufferBytes(slot));
      this.kept.set(slot, buffer);
    }
    return buffer;
  }

  /** A kept view as the dispatcher wants it. */
  tensor(view: View): GpuTensor {
    return place(view, this.bufferOf(view.slot));
  }

  write(view: View, data: HostArray): void {
    upload(this.device.gpu, this.bufferOf(view.slot), data, view.offset * 4);
  }

  read(views: readonly View[]): Promise<HostArray[]> {
    return readTensors(
      this.device,
      views.map((view) => this.tensor(view)),
    );
  }

  async bind(plan: Plan): Promise<BoundPlan> {
    return BoundGpuPlan.bind(plan, this.device, this.placePlan(plan));
  }

  async settle(): Promise<void> {
    this.device.gpu.queue.submit([]);
    await this.device.wait(this.device.gpu.queue.onSubmittedWorkDone());
  }

  release(slot: Slot): void {
    this.kept.get(slot)?.destroy();
    this.kept.delete(slot);
  }

  destroy(): void {
    for (const buffer of [...this.kept.values(), ...this.shared.buffers]) buffer.destroy();
    this.kept.clear();
    this.shared.clear();
  }

  releaseShared(): void {
    for (const buffer of this.shared.buffers) buffer.destroy();
    this.shared.clear();
  }

  /** Gives every slot of a plan its buffer. */
  placePlan(plan: Plan): (view: View) => GpuTensor {
    const placed = this.shared.place(plan);
    return (view) => place(view, placed.get(view.slot) ?? this.bufferOf(view.slot));
  }

  private create(label: string, bytes: number): GPUBuffer {
    const { maxBufferSize } = this.device.gpu.limits;
    if (bytes > maxBufferSize) {
      throw new SpectroscopeError(
        `${label} needs a buffer of ${bytes} bytes, ${this.device.facts.name} gives ${maxBufferSize}`,
        { code: "gpu", hint: "use fewer chains, fewer or shorter sequences, or a smaller component" },
      );
    }
    const usage = Usage.STORAGE | Usage.COPY_SRC | Usage.COPY_DST;
    return this.device.gpu.createBuffer({ label, size: bytes, usage });
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
