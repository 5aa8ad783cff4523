import type { Params } from "../../kernels/kernel";
import type { BoundPlan } from "../plan/memory";
import type { Plan, View } from "../plan/plan";
import { type GpuTensor, type PreparedCall, prepare } from "./call";
import type { WebGpuDevice } from "./gpu";

/**
 * FLOPs after which a plan goes on in another submit. A watchdog ends a submit that takes seconds; this is a tenth of a second at
 * half a TFLOP/s.
 */
const SUBMIT_FLOPS = 50e9;

/** Calls in order, in lists of bounded work. */
function cutSubmits(calls: readonly PreparedCall[]): PreparedCall[][] {
  const submits: PreparedCall[][] = [];
  let flops = SUBMIT_FLOPS;
  for (const call of calls) {
    if (flops >= SUBMIT_FLOPS) {
      submits.push([]);
      flops = 0;
    }
    submits[submits.length - 1].push(call);
    flops += call.kernel.work(call.dims, call.params).flops;
  }
  return submits;
}

/** A plan bound to buffers of a GPU. */
export class BoundGpuPlan implements BoundPlan {
  private readonly submits: readonly (readonly PreparedCall[])[];

  private constructor(
    readonly plan: Plan,
    private readonly device: WebGpuDevice,
    private readonly calls: readonly PreparedCall[],
  ) {
    this.submits = cutSubmits(calls);
  }

  /** Compiles kernels and makes bind groups; `locate` says where a view's slot was placed. */
  static async bind(plan: Plan, device: WebGpuDevice, locate: (view: View) => GpuTensor): Promise<BoundGpuPlan> {
    const calls: PreparedCall[] = [];
    for (const call of plan.calls) {
      const tensors = Object.fromEntries(Object.entries(call.tensors).map(([name, view]) => [name, locate(view)]));
      calls.push(await prepare(device, { kernel: call.kernel, tensors, dims: call.dims, params: call.params }));
    }
    return new BoundGpuPlan(plan, device, calls);
  }

  setParams(label: string, params: Params): void {
    this.plan.calls.forEach((call, index) => {
      if (call.label === label) this.calls[index].setParams(params);
    });
  }

  submit(): void {
    const { gpu } = this.device;
    const label = this.plan.name;
    for (const calls of this.submits) {
      const encoder = gpu.createCommandEncoder({ label });
      const pass = encoder.beginComputePass({ label });
      for (const call of calls) call.encode(pass);
      pass.end();
      gpu.queue.submit([encoder.finish()]);
    }
  }

  async run(): Promise<void> {
    this.submit();
    await this.device.wait(this.device.gpu.queue.onSubmittedWorkDone());
  }

  destroy(): void {
    for (const call of this.calls) call.destroy();
  }
}
