import { Usage } from "../../runtime/webgpu/buffers";
import type { WebGpuDevice } from "../../runtime/webgpu/device";
import { type Spread, spreadOf } from "./spread";

/** Times of one piece of work, milliseconds: on the GPU by timestamps, or by the wall where the adapter has none. */
export interface Timing extends Spread {
  /** Wall time around submit and completion, median. */
  readonly wall: number;
  readonly timestamps: boolean;
}

/**
 * Times work encoded into a compute pass: one warm-up, then samples until `budgetMs` is used (3 to 50), each of as many
 * repeats as make a sample of at least 2 ms.
 */
export async function time(
  device: WebGpuDevice,
  encode: (pass: GPUComputePassEncoder) => void,
  budgetMs: number,
): Promise<Timing> {
  const { gpu } = device;
  const timestamps = device.facts.features.includes("timestamp-query");
  const querySet = timestamps ? gpu.createQuerySet({ type: "timestamp", count: 2 }) : undefined;
  const resolved = gpu.createBuffer({ size: 16, usage: Usage.QUERY_RESOLVE | Usage.COPY_SRC });
  const staging = gpu.createBuffer({ size: 16, usage: Usage.MAP_READ | Usage.COPY_DST });
  const sample = async (repeats: number): Promise<{ gpuMs: number; wallMs: number }> => {
    const encoder = gpu.createCommandEncoder();
    const pass = encoder.beginComputePass(
      querySet ? { timestampWrites: { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 } } : {},
    );
    for (let i = 0; i < repeats; i++) encode(pass);
    pass.end();
    if (querySet) {
      encoder.resolveQuerySet(querySet, 0, 2, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, staging, 0, 16);
    }
    const start = performance.now();
    gpu.queue.submit([encoder.finish()]);
    await device.wait(gpu.queue.onSubmittedWorkDone());
    const wallMs = (performance.now() - start) / repeats;
    if (!querySet) return { gpuMs: wallMs, wallMs };
    await device.wait(staging.mapAsync(1));
    const [from, to] = new BigUint64Array(staging.getMappedRange().slice(0));
    staging.unmap();
    return { gpuMs: Number(to - from) / 1e6 / repeats, wallMs };
  };
  const warm = await sample(1);
  const repeats = Math.max(1, Math.min(100, Math.ceil(2 / Math.max(warm.wallMs, 0.001))));
  const samples: { gpuMs: number; wallMs: number }[] = [];
  const start = performance.now();
  while (samples.length < 3 || (samples.length < 50 && performance.now() - start < budgetMs))
    samples.push(await sample(repeats));
  querySet?.destroy();
  resolved.destroy();
  staging.destroy();
  return {
    ...spreadOf(samples.map(({ gpuMs }) => gpuMs)),
    wall: spreadOf(samples.map(({ wallMs }) => wallMs)).median,
    timestamps,
  };
}
