/** WebGPU's buffer usage flags; fixed by its specification, so that no global need exist in Node. */
export const Usage = {
  MAP_READ: 0x1,
  COPY_SRC: 0x4,
  COPY_DST: 0x8,
  UNIFORM: 0x40,
  STORAGE: 0x80,
  QUERY_RESOLVE: 0x200,
} as const;

/** Bytes of an offset at which any storage or uniform binding may start: the largest value WebGPU allows an adapter. */
export const ALIGNMENT = 256;

/** The same in four-byte elements. */
export const ALIGNED_ELEMENTS = ALIGNMENT / 4;

/** Rounds `n` up to a multiple of `to`. */
export function roundUp(n: number, to: number): number {
  return Math.ceil(n / to) * to;
}

/** Element arrays the GPU holds. */
export type HostArray = Float32Array | Uint32Array;

/** Writes host data; copies first what lies in shared memory, which crashes Dawn's `writeBuffer`. */
export function upload(device: GPUDevice, buffer: GPUBuffer, data: HostArray, offsetBytes = 0): void {
  const source = data.buffer instanceof ArrayBuffer ? data : data.slice();
  device.queue.writeBuffer(buffer, offsetBytes, source as HostArray & ArrayBufferView<ArrayBuffer>);
}
