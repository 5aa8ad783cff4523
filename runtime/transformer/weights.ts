import { SpectroscopeError } from "../../kernels/errors";

/** Named tensors that are read by range: a checkpoint on disk, gradients on a device, weights in memory. */

/** Named f32 tensors, row-major. */
export interface TensorSource {
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** Elements `from` up to, not including, `to` of a tensor, [to - from]. Errors: those of the source. */
  read(name: string, from: number, to: number): Promise<Float32Array>;
}

/** A model's parameters by Hugging Face name; every value that is read is finite. */
export type Weights = TensorSource;

/** A tensor in memory, row-major. */
export interface HostTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Elements read at once: 4 MiB of f32, so that host memory stays small whatever the tensor's size. */
export const PIECE_ELEMENTS = 1 << 20;

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** Tensors in memory as a source. @throws SpectroscopeError when a shape does not fit its data */
export function memoryTensors(tensors: ReadonlyMap<string, HostTensor>): TensorSource {
  for (const [name, { shape, data }] of tensors) {
    if (sizeOf(shape) === data.length) continue;
    throw new SpectroscopeError(
      `tensor ${JSON.stringify(name)}: shape [${shape.join(", ")}] needs ${sizeOf(shape)} elements, data has ${data.length}`,
      { code: "bad-input" },
    );
  }
  return {
    shapes: new Map([...tensors].map(([name, { shape }]) => [name, shape])),
    read: async (name, from, to) => tensors.get(name)!.data.subarray(from, to),
  };
}

/** A tensor's pieces in turn, none larger than 4 MiB. */
export async function* pieces(
  source: TensorSource,
  name: string,
): AsyncGenerator<{ readonly from: number; readonly data: Float32Array }> {
  const size = sizeOf(source.shapes.get(name)!);
  for (let from = 0; from < size; from += PIECE_ELEMENTS) {
    yield { from, data: await source.read(name, from, Math.min(size, from + PIECE_ELEMENTS)) };
  }
}

/** Every tensor of a source in memory. */
export async function readAll(source: TensorSource): Promise<Map<string, { shape: number[]; data: Float32Array }>> {
  const result = new Map<string, { shape: number[]; data: Float32Array }>();
  for (const [name, shape] of source.shapes) {
    const data = new Float32Array(sizeOf(shape));
    for await (const piece of pieces(source, name)) data.set(piece.data, piece.from);
    result.set(name, { shape: [...shape], data });
  }
  return result;
}
