import type { Params } from "../../kernels/kernel";
import { type PreparedCall, prepare, unify } from "./call";
import type { Memory } from "./memory";
import type { Plan } from "./plan";

/** Minimum necessary FLOPs of one run of a plan, without running or binding it. */
export function planFlops(plan: Plan): number {
  let flops = 0;
  for (const { kernel, tensors, dims, params } of plan.calls) {
    const shapes = Object.fromEntries(
      Object.entries(tensors).map(([name, view]) => [name, { shape: view.shape, type: view.slot.type }]),
    );
    flops += kernel.work(unify(kernel, shapes, dims).dims, params ?? {}).flops;
  }
  return flops;
}

/**
 * FLOPs after which a plan goes on in another submit. A watchdog ends a submit that takes seconds; this is a tenth of a second at
 * half a TFLOP/s.
 */
const SUBMIT_FLOPS = 50e9;

/** A plan bound to device memory: encode it as often as wanted. */
export class BoundPlan {
  private constructor(
    readonly plan: Plan,
    private readonly memory: Memory,
    private readonly calls: readonly PreparedCall[],
  ) {}

  /** Places slots, compiles kernels, makes bind groups. */
  static async bind(plan: Plan, memory: Memory): Promise<BoundPlan> {
    const locate = memory.placePlan(plan);
    const calls: PreparedCall[] = [];
    for (const call of plan.calls) {
      const tensors = Object.fromEntries(Object.entries(call.tensors).map(([name, view]) => [name, locate(view)]));
      calls.push(await prepare(memory.device, { kernel: call.kernel, tensors, dims: call.dims, params: call.params }));
    }
    return new BoundPlan(plan, memory, calls);
  }

  /** Changes uniform parameters of every call with this label, for the runs submitted after this. */
  setParams(label: string, params: Params): void {
    this.plan.calls.forEach((call, index) => {
      if (call.label === label) this.calls[index].setParams(params);
    });
  }

  /** Submits one run; does not wait. */
  submit(): void {
    const { gpu } = this.memory.device;
    const label = this.plan.name;
    for (let next = 0; next < this.calls.length; ) {
      const encoder = gpu.createCommandEncoder({ label });
      const pass = encoder.beginComputePass({ label });
      for (let flops = 0; next < this.calls.length && flops < SUBMIT_FLOPS; next++) {
        const { kernel, dims, params } = this.calls[next];
        this.calls[next].encode(pass);
        flops += kernel.work(dims, params).flops;
      }
      pass.end();
      gpu.queue.submit([encoder.finish()]);
    }
  }

  /** Submits one run and waits for it. */
  async run(): Promise<void> {
    this.submit();
    await this.memory.device.wait(this.memory.device.gpu.queue.onSubmittedWorkDone());
  }

  /** Frees the uniform buffers. */
  destroy(): void {
    for (const call of this.calls) call.destroy();
  }
}
