import { roundUp } from "../plan/alignment";
import type { HostArray } from "../plan/memory";
import { Usage } from "./buffers";
import type { GpuTensor } from "./call";
import type { WebGpuDevice } from "./gpu";

/** Copies dense tensors back to the host in one submit; the order of the result is that of the argument. */
export async function readTensors(device: WebGpuDevice, tensors: readonly GpuTensor[]): Promise<HostArray[]> {
  const sizes = tensors.map((tensor) => tensor.shape.reduce((a, b) => a * b, 1) * 4);
  const offsets: number[] = [];
  let total = 0;
  for (const size of sizes) {
    offsets.push(total);
    total += roundUp(size, 8);
  }
  const staging = device.gpu.createBuffer({ size: Math.max(8, total), usage: Usage.MAP_READ | Usage.COPY_DST });
  const encoder = device.gpu.createCommandEncoder();
  tensors.forEach((tensor, i) => {
    encoder.copyBufferToBuffer(tensor.buffer, tensor.offset, staging, offsets[i], sizes[i]);
  });
  device.gpu.queue.submit([encoder.finish()]);
  try {
    await device.wait(staging.mapAsync(1));
    const mapped = staging.getMappedRange();
    return tensors.map((tensor, i) => {
      const copy = mapped.slice(offsets[i], offsets[i] + sizes[i]);
      return tensor.type === "f32" ? new Float32Array(copy) : new Uint32Array(copy);
    });
  } finally {
    staging.destroy();
  }
}
