/** An array of a Zarr store: whole, chunk by chunk, and parts along an axis; `zarr.ts` makes and opens them. */
import * as zarrita from "zarrita";
import { SpectroscopeError } from "../../kernels/errors";
import type { JsonObject } from "../formats/json";
import { elementCount } from "../formats/npy";
import { copyBox, gridIndices } from "./box";
import type { ZarrFiles } from "./zarr-files";
import {
  checkValues,
  chunkBytes,
  chunkValues,
  hasNoValue,
  type ZarrInput,
  type ZarrType,
  type ZarrValues,
  zarrTypes,
} from "./zarr-values";

type Key = zarrita.AbsolutePath;

/** Settings of the codec that every chunk goes through, devinterp's. */
export const ZSTD = { level: 0, checksum: false };

function fail(message: string, hint?: string): never {
  throw new SpectroscopeError(message, { code: "bad-input", hint });
}

/** Our error for what zarrita threw while it read `path`. */
export function readError(path: string, error: unknown): SpectroscopeError {
  if (error instanceof SpectroscopeError) return error;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const text = cause instanceof Error ? cause.message : String(cause);
  return new SpectroscopeError(`${path}: damaged or no Zarr v3: ${text}`, {
    code: "bad-input",
    hint: "delete the store to have it computed again",
    cause: error,
  });
}

async function compress(bytes: Uint8Array): Promise<Uint8Array> {
  const Zstd = await zarrita.registry.get("zstd")?.();
  if (!Zstd) return fail("zarrita has no zstd codec", "install the pinned dependencies");
  const codec = Zstd.fromConfig(ZSTD, { dataType: "uint8", shape: [bytes.length], codecs: [], fillValue: 0 });
  return codec.encode(bytes);
}

/** Part of an array along one axis. */
export interface AxisRange {
  readonly axis: number;
  readonly from: number;
  /** Past the last. */
  readonly to: number;
}

export class ZarrArray<T extends ZarrType = ZarrType> {
  readonly shape: readonly number[];
  readonly chunks: readonly number[];
  readonly dims: readonly string[];

  constructor(
    private readonly node: zarrita.Array<zarrita.DataType, ZarrFiles>,
    readonly dtype: T,
  ) {
    this.shape = node.shape;
    this.chunks = node.chunks;
    this.dims = node.dimensionNames ?? [];
  }

  /** For people and errors. */
  get name(): string {
    return this.node.store.nameOf(this.node.path);
  }

  get attributes(): JsonObject {
    return (this.node.attrs ?? {}) as JsonObject;
  }

  /** Number of chunks along each axis. */
  get grid(): number[] {
    return this.shape.map((size, axis) => Math.ceil(size / this.chunks[axis]));
  }

  private keyOf(index: readonly number[]): Key {
    return `${this.node.path}/${["c", ...index].join("/")}` as Key;
  }

  private extentOf(index: readonly number[]): number[] {
    return index.map((at, axis) => Math.min(this.chunks[axis], this.shape[axis] - at * this.chunks[axis]));
  }

  private async store(index: readonly number[], values: ZarrValues[T]): Promise<void> {
    await this.node.store.set(this.keyOf(index), await compress(chunkBytes(this.dtype, values)));
  }

  private checked(data: ZarrInput<T>, shape: readonly number[]): ZarrValues[T] {
    if (data.length !== elementCount(shape)) {
      fail(`${this.name}: ${data.length} elements given for shape [${shape}], which has ${elementCount(shape)}`);
    }
    checkValues(this.dtype, data, this.name);
    const values = zarrTypes[this.dtype].make(0);
    if (values.constructor === data.constructor) return data as unknown as ZarrValues[T];
    const make = values.constructor as unknown as { from(data: ZarrInput<T>): ZarrValues[T] };
    return make.from(data);
  }

  private chunkOf(data: ZarrValues[T], shape: readonly number[], start: readonly number[], extent: readonly number[]) {
    const chunk = zarrTypes[this.dtype].make(elementCount(this.chunks)) as ZarrValues[T];
    const origin = this.chunks.map(() => 0);
    copyBox<ZarrValues[T]>({ data, shape, start }, { data: chunk, shape: this.chunks, start: origin }, extent);
    return chunk;
  }

  /** Writes the whole array, row-major. @throws SpectroscopeError for another number of elements or values that do not fit */
  async write(data: ZarrInput<T>): Promise<void> {
    const values = this.checked(data, this.shape);
    for (const index of gridIndices(this.grid)) {
      const start = index.map((at, axis) => at * this.chunks[axis]);
      await this.store(index, this.chunkOf(values, this.shape, start, this.extentOf(index)));
    }
  }

  /** Writes one chunk: what it has of the array, row-major, without what lies beyond the array's edge. */
  async writeChunk(index: readonly number[], data: ZarrInput<T>): Promise<void> {
    this.checkIndex(index);
    const extent = this.extentOf(index);
    const values = this.checked(data, extent);
    const origin = extent.map(() => 0);
    await this.store(index, this.chunkOf(values, extent, origin, extent));
  }

  private checkIndex(index: readonly number[]): void {
    const { grid } = this;
    const inside = (at: number, axis: number) => Number.isInteger(at) && at >= 0 && at < grid[axis];
    if (index.length !== grid.length || !index.every(inside)) {
      fail(`${this.name}: no chunk [${index}] in a grid of [${grid}] chunks`);
    }
  }

  hasChunk(index: readonly number[]): Promise<boolean> {
    return this.node.store.has(this.keyOf(index));
  }

  /**
   * Reads the array, or a part along one axis, row-major; chunks one after the other. Floats never written are NaN.
   * @throws SpectroscopeError for a damaged chunk, and for a missing one of integers or strings
   */
  async read(range?: AxisRange): Promise<ZarrValues[T]> {
    const first = this.shape.map((_, axis) => (axis === range?.axis ? range.from : 0));
    const past = this.shape.map((size, axis) => (axis === range?.axis ? range.to : size));
    if (
      range &&
      !(
        range.axis < this.shape.length &&
        range.from >= 0 &&
        range.to <= this.shape[range.axis] &&
        range.from <= range.to
      )
    ) {
      fail(`${this.name}: no range ${range.from} to ${range.to} along axis ${range.axis} of shape [${this.shape}]`);
    }
    const shape = past.map((end, axis) => end - first[axis]);
    const out = zarrTypes[this.dtype].make(elementCount(shape)) as ZarrValues[T];
    const low = first.map((start, axis) => Math.floor(start / this.chunks[axis]));
    const counts = past.map((end, axis) => (shape[axis] ? Math.ceil(end / this.chunks[axis]) - low[axis] : 0));
    for (const at of gridIndices(counts)) {
      const index = at.map((i, axis) => low[axis] + i);
      const origin = index.map((i, axis) => i * this.chunks[axis]);
      const start = first.map((from, axis) => Math.max(from, origin[axis]));
      const end = past.map((to, axis) => Math.min(to, origin[axis] + this.chunks[axis]));
      copyBox<ZarrValues[T]>(
        { data: await this.chunk(index), shape: this.chunks, start: start.map((s, axis) => s - origin[axis]) },
        { data: out, shape, start: start.map((s, axis) => s - first[axis]) },
        end.map((e, axis) => e - start[axis]),
      );
    }
    return out;
  }

  /** A whole chunk, with what fills it up at the edge. */
  private async chunk(index: readonly number[]): Promise<ZarrValues[T]> {
    const key = this.keyOf(index);
    const path = this.node.store.nameOf(key);
    if (!hasNoValue(this.dtype) && !(await this.node.store.has(key))) {
      fail(`${path}: this chunk of ${this.node.dtype} is missing`, "delete the store to have it computed again");
    }
    try {
      const { data } = await this.node.getChunk([...index]);
      if (data.length !== elementCount(this.chunks))
        throw new Error(`${data.length} elements in a chunk of [${this.chunks}]`);
      return chunkValues(this.dtype, data as ArrayLike<unknown>);
    } catch (error) {
      throw readError(path, error);
    }
  }
}
