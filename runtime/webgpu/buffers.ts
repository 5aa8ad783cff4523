import type { HostArray } from "../plan/memory";

/** WebGPU's buffer usage flags; fixed by its specification, so that no global need exist in Node. */
export const Usage = {
  MAP_READ: 0x1,
  COPY_SRC: 0x4,
  COPY_DST: 0x8,
  UNIFORM: 0x40,
  STORAGE: 0x80,
  QUERY_RESOLVE: 0x200,
} as const;

/** Writes host data; copies first what lies in shared memory, which crashes Dawn's `writeBuffer`. */
export function upload(device: GPUDevice, buffer: GPUBuffer, data: HostArray, offsetBytes = 0): void {
  const source = data.buffer instanceof ArrayBuffer ? data : data.slice();
  device.queue.writeBuffer(buffer, offsetBytes, source as HostArray & ArrayBufferView<ArrayBuffer>);
}
