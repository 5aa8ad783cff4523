import { Usage } from "../../runtime/webgpu/buffers";
import type { WebGpuDevice } from "../../runtime/webgpu/device";
import copySource from "./roof_copy.wgsl";
import fmaSource from "./roof_fma.wgsl";
import { time } from "./timing";

/** FLOPs of an invocation of roof_fma.wgsl: 32 rounds of 32 vec4 multiply-adds. */
const FMA_FLOPS = 32 * 32 * 4 * 2;

/** What this adapter reached in the simplest kernels: the line that others are held against. */
export interface Roof {
  readonly gflops: number;
  readonly gbps: number;
}

/** Measures the arithmetic and the memory roof of an adapter. */
export async function measureRoof(device: WebGpuDevice, budgetMs: number): Promise<Roof> {
  const { gpu } = device;
  const pipelineOf = (code: string) =>
    device.wait(
      gpu.createComputePipelineAsync({
        layout: "auto",
        compute: { module: gpu.createShaderModule({ code }), entryPoint: "main" },
      }),
    );
  // Large enough to fill a GPU and to leave its caches; small enough for a software adapter.
  const groups = device.facts.software ? 512 : 65535;
  const bytes = groups * 64 * 16;
  const buffers = [0, 1].map(() => gpu.createBuffer({ size: bytes, usage: Usage.STORAGE }));
  const run = async (code: string, bound: GPUBuffer[]) => {
    const pipeline = await pipelineOf(code);
    const bindGroup = gpu.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: bound.map((buffer, binding) => ({ binding, resource: { buffer } })),
    });
    return time(
      device,
      (pass) => {
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, bindGroup);
        pass.dispatchWorkgroups(groups);
      },
      budgetMs,
    );
  };
  const fma = await run(fmaSource, [buffers[0]]);
  const copy = await run(copySource, buffers);
  for (const buffer of buffers) buffer.destroy();
  // The fastest sample: a roof is what the adapter can do, not what it did while others used it.
  return { gflops: (groups * 64 * FMA_FLOPS) / fma.min / 1e6, gbps: (2 * bytes) / copy.min / 1e6 };
}
